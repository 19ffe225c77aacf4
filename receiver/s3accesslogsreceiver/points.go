package s3accesslogsreceiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// points is a payload of the data points of a request: sums and histograms, the only
// ones that rollup makes. As with records, the metrics are never changed.
type points struct {
	*emission
	metrics pmetric.Metrics
	count   int
	list    []point // by item; made on demand
}

// point is a data point and where it is in the metrics.
type point struct {
	resource, scope int
	metric          pmetric.Metric
	data            dataPoint
}

// dataPoint is common to the points of all kinds.
type dataPoint interface {
	Attributes() pcommon.Map
	StartTimestamp() pcommon.Timestamp
	Timestamp() pcommon.Timestamp
}

func (p *points) items() int { return p.count }

func (p *points) size(item int) int {
	const envelope = 6 // tag and length
	size := &pmetric.ProtoMarshaler{}
	switch data := p.all()[item].data.(type) {
	case pmetric.NumberDataPoint:
		return envelope + size.NumberDataPointSize(data)
	case pmetric.HistogramDataPoint:
		return envelope + size.HistogramDataPointSize(data)
	case pmetric.ExponentialHistogramDataPoint:
		return envelope + size.ExponentialHistogramDataPointSize(data)
	}
	return 0
}

// all returns the points by item.
func (p *points) all() []point {
	if p.list == nil {
		p.list = listPoints(p.metrics)
	}
	return p.list
}

func listPoints(metrics pmetric.Metrics) (list []point) {
	for i, rm := range metrics.ResourceMetrics().All() {
		for j, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				switch m.Type() {
				case pmetric.MetricTypeSum:
					for _, data := range m.Sum().DataPoints().All() {
						list = append(list, point{i, j, m, data})
					}
				case pmetric.MetricTypeHistogram:
					for _, data := range m.Histogram().DataPoints().All() {
						list = append(list, point{i, j, m, data})
					}
				case pmetric.MetricTypeExponentialHistogram:
					for _, data := range m.ExponentialHistogram().DataPoints().All() {
						list = append(list, point{i, j, m, data})
					}
				}
			}
		}
	}
	return list
}

func (p *points) offer(ctx context.Context, items []int) (left []int, err error) {
	next := *p.next.Load()
	offer := p.metrics
	switch {
	case len(items) < p.count:
		offer = p.part(items)
	case next.Capabilities().MutatesData:
		// A processor must not change the same points again after a refusal.
		offer = pmetric.NewMetrics()
		p.metrics.CopyTo(offer)
	}
	ctx = p.obsreport.StartMetricsOp(ctx)
	err = next.ConsumeMetrics(ctx, offer)
	p.obsreport.EndMetricsOp(ctx, metadata.Type.String(), len(items), err)

	var partial consumererror.Metrics
	if errors.As(err, &partial) {
		return p.left(items, partial.Data()), err
	}
	return items, err
}

// part returns a copy of items.
func (p *points) part(items []int) pmetric.Metrics {
	part := pmetric.NewMetrics()
	var sm pmetric.ScopeMetrics
	var to pmetric.Metric
	last := point{resource: -1}
	for _, item := range items {
		q := p.all()[item]
		if q.resource != last.resource || q.scope != last.scope {
			from := p.metrics.ResourceMetrics().At(q.resource)
			rm := part.ResourceMetrics().AppendEmpty()
			from.Resource().CopyTo(rm.Resource())
			rm.SetSchemaUrl(from.SchemaUrl())
			sm = rm.ScopeMetrics().AppendEmpty()
			from.ScopeMetrics().At(q.scope).Scope().CopyTo(sm.Scope())
			sm.SetSchemaUrl(from.ScopeMetrics().At(q.scope).SchemaUrl())
			last.metric = pmetric.Metric{}
		}
		if q.metric != last.metric {
			to = sm.Metrics().AppendEmpty()
			describe(q.metric, to)
		}
		q.copyTo(to)
		last = q
	}
	return part
}

// describe copies a metric without its points.
func describe(from, to pmetric.Metric) {
	to.SetName(from.Name())
	to.SetDescription(from.Description())
	to.SetUnit(from.Unit())
	from.Metadata().CopyTo(to.Metadata())
	switch from.Type() {
	case pmetric.MetricTypeSum:
		sum := to.SetEmptySum()
		sum.SetAggregationTemporality(from.Sum().AggregationTemporality())
		sum.SetIsMonotonic(from.Sum().IsMonotonic())
	case pmetric.MetricTypeHistogram:
		to.SetEmptyHistogram().SetAggregationTemporality(from.Histogram().AggregationTemporality())
	default:
		to.SetEmptyExponentialHistogram().SetAggregationTemporality(from.ExponentialHistogram().AggregationTemporality())
	}
}

// copyTo appends a copy of the point to a metric of its kind.
func (q *point) copyTo(to pmetric.Metric) {
	switch data := q.data.(type) {
	case pmetric.NumberDataPoint:
		data.CopyTo(to.Sum().DataPoints().AppendEmpty())
	case pmetric.HistogramDataPoint:
		data.CopyTo(to.Histogram().DataPoints().AppendEmpty())
	case pmetric.ExponentialHistogramDataPoint:
		data.CopyTo(to.ExponentialHistogram().DataPoints().AppendEmpty())
	}
}

// left returns the items that were not accepted, as a partial error has them. If its
// points were changed on the way and cannot be matched, all are left.
func (p *points) left(items []int, failed pmetric.Metrics) (left []int) {
	var keys []string
	for _, q := range listPoints(failed) {
		keys = append(keys, q.key())
	}
	if len(keys) != failed.DataPointCount() {
		return items // some have become of a kind that rollup does not make
	}
	return itemsOf(keys, items, func(item int) string { return p.all()[item].key() })
}

// key identifies a point by metric, time span and attributes.
func (q *point) key() string {
	return fmt.Sprint(q.metric.Name(), " ", q.data.StartTimestamp(), " ", q.data.Timestamp(), " ", q.attributes())
}

func (q *point) attributes() string {
	var all []string
	for name, value := range q.data.Attributes().All() {
		all = append(all, fmt.Sprintf("%s=%q", name, value.AsString()))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// dropped logs a dropped point with its value.
func (p *points) dropped(item int, err error) {
	q := p.all()[item]
	value := zap.Skip()
	switch data := q.data.(type) {
	case pmetric.NumberDataPoint:
		value = zap.Int64("value", data.IntValue())
	case pmetric.HistogramDataPoint:
		value = zap.Uint64("count", data.Count())
	case pmetric.ExponentialHistogramDataPoint:
		value = zap.Uint64("count", data.Count())
	}
	p.log.Warn("the pipeline refuses a data point while it takes others, it is dropped",
		zap.String("metric", q.metric.Name()), zap.String("attributes", q.attributes()), value, zap.String("error", errorText(err)))
}

func (p *points) givenUp(items []int, err error) {
	p.log.Error("the pipeline refused metrics permanently, they are dropped",
		zap.Int("points", len(items)), zap.String("error", errorText(err)))
}
