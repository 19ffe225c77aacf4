package e2e

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// point is a point of any type of metric.
type point struct {
	series
	resource  string // its attributes, sorted
	instance  string // service.instance.id
	delta     bool
	start, at pcommon.Timestamp
	value     sum
	problem   string // what is wrong with it by itself
}

// id names the series among those of all resources.
func (p *point) id() string { return fmt.Sprint(p.resource, " ", p.series) }

// beginning tells whether the point is the one of value 0 that marks the
// beginning of a cumulative series.
func (p *point) beginning() bool { return !p.delta && p.start == p.at }

// eachPoint hands out the points of a request in their order.
func eachPoint(request pmetric.Metrics, see func(*point)) {
	for _, rm := range request.ResourceMetrics().All() {
		resource := rm.Resource().Attributes()
		of := point{resource: attributesText(resource, ""), instance: attribute(resource, "service.instance.id")}
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				of.metric = m.Name()
				of.eachOf(m, see)
			}
		}
	}
}

func (p point) eachOf(m pmetric.Metric, see func(*point)) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		p.delta = m.Sum().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		for _, dp := range m.Sum().DataPoints().All() {
			p.is(dp, sum{total: dp.IntValue()})
			if !m.Sum().IsMonotonic() || dp.ValueType() != pmetric.NumberDataPointValueTypeInt {
				p.problem = "it is no monotonic sum of integers"
			}
			see(&p)
		}
	case pmetric.MetricTypeHistogram:
		p.delta = m.Histogram().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		for _, dp := range m.Histogram().DataPoints().All() {
			p.is(dp, sum{count: dp.Count(), buckets: dp.BucketCounts().AsRaw()})
			p.took(dp.Sum())
			if !slices.Equal(bounds, dp.ExplicitBounds().AsRaw()) || len(p.value.buckets) != len(bounds)+1 {
				p.problem = "it has other bounds"
			}
			p.addsUp(p.value.buckets, 0)
			see(&p)
		}
	case pmetric.MetricTypeExponentialHistogram:
		p.delta = m.ExponentialHistogram().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		for _, dp := range m.ExponentialHistogram().DataPoints().All() {
			p.is(dp, sum{count: dp.Count()})
			p.took(dp.Sum())
			p.addsUp(dp.Positive().BucketCounts().AsRaw(), dp.ZeroCount())
			see(&p)
		}
	default:
		p.problem = "it is a " + m.Type().String()
		see(&p)
	}
}

// is sets what points of all types have.
func (p *point) is(dp interface {
	Attributes() pcommon.Map
	StartTimestamp() pcommon.Timestamp
	Timestamp() pcommon.Timestamp
}, value sum,
) {
	const bucket = "aws.s3.bucket"
	p.bucket, p.others = attribute(dp.Attributes(), bucket), attributesText(dp.Attributes(), bucket)
	p.start, p.at, p.value, p.problem = dp.StartTimestamp(), dp.Timestamp(), value, ""
}

// took sets the sum of durations, in seconds.
func (p *point) took(seconds float64) {
	p.value.total = int64(math.Round(seconds * 1000))
	if float64(p.value.total)/1000 != seconds {
		p.problem = fmt.Sprintf("its sum of %v s is no number of milliseconds", seconds)
	}
}

func (p *point) addsUp(buckets []uint64, count uint64) {
	for _, n := range buckets {
		count += n
	}
	if count != p.value.count {
		p.problem = fmt.Sprintf("its buckets hold %d observations of %d", count, p.value.count)
	}
}

// attribute returns the value of an attribute, "" when there is none.
func attribute(m pcommon.Map, name string) string {
	if value, there := m.Get(name); there {
		return value.AsString()
	}
	return ""
}

// attributesText is all attributes but one, sorted.
func attributesText(m pcommon.Map, but string) string {
	var list []string
	for name, value := range m.All() {
		if name != but {
			list = append(list, name+"="+value.AsString())
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}
