package rollup

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// maxMessage is gRPC's default limit of a message in bytes.
const maxMessage = 4 << 20

// inspector holds emissions, in the order of their sending, to the OpenTelemetry
// metrics data model and to what this package promises beyond it.
type inspector struct {
	t        testing.TB
	settings setup
	lives    map[string]lifetime // by series
	sent     span                // of the last emission of deltas
	midway   bool                // it did not see the start points of all series
}

// lifetime is what was seen of a series.
type lifetime struct{ start, last pcommon.Timestamp }

func newInspector(t testing.TB, settings setup) inspector {
	return inspector{t: t, settings: settings, lives: map[string]lifetime{}}
}

// check checks the requests of one emission. It may be sent again as it was.
func (in *inspector) check(requests []pmetric.Metrics) {
	seen := map[string]bool{} // points by series and time
	for _, request := range requests {
		assert.Less(in.t, (&pmetric.ProtoMarshaler{}).MetricsSize(request), maxMessage)
		require.Equal(in.t, 1, request.ResourceMetrics().Len())
		rm := request.ResourceMetrics().At(0)
		assert.Equal(in.t, map[string]any{
			"cloud.provider": "aws", "service.name": in.settings.ServiceName, "service.instance.id": in.settings.InstanceID,
		}, rm.Resource().Attributes().AsRaw())
		require.Equal(in.t, 1, rm.ScopeMetrics().Len())
		assert.Equal(in.t, in.settings.ScopeName, rm.ScopeMetrics().At(0).Scope().Name())
		names := map[string]bool{}
		for _, m := range metricsOf(request).All() {
			require.False(in.t, names[m.Name()], "%s is twice in a request", m.Name())
			names[m.Name()] = true
			in.metric(m)
			in.points(pointsOf(m), seen)
		}
	}
	require.False(in.t, in.t.Failed(), "an emission is not as it must be")
}

// metric checks what stands above the points, and each point for itself.
func (in *inspector) metric(m pmetric.Metric) {
	i := slices.IndexFunc(Metrics(), func(known Metric) bool { return known.Name == m.Name() })
	require.GreaterOrEqual(in.t, i, 0, m.Name())
	known := Metrics()[i]
	assert.Equal(in.t, known.Unit, m.Unit())
	assert.Equal(in.t, known.Description, m.Description())
	temporality := pmetric.AggregationTemporalityCumulative
	if in.settings.isDelta() {
		temporality = pmetric.AggregationTemporalityDelta
	}
	switch {
	case known.Type() == "sum":
		require.Equal(in.t, pmetric.MetricTypeSum, m.Type())
		assert.Equal(in.t, temporality, m.Sum().AggregationTemporality())
		assert.True(in.t, m.Sum().IsMonotonic())
		for _, p := range m.Sum().DataPoints().All() {
			assert.GreaterOrEqual(in.t, p.IntValue(), int64(0))
			in.attributes(known, p.Attributes())
		}
	case in.settings.isExponential():
		require.Equal(in.t, pmetric.MetricTypeExponentialHistogram, m.Type())
		assert.Equal(in.t, temporality, m.ExponentialHistogram().AggregationTemporality())
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			in.exponential(p)
			in.attributes(known, p.Attributes())
			in.exemplars(p.Exemplars())
		}
	default:
		require.Equal(in.t, pmetric.MetricTypeHistogram, m.Type())
		assert.Equal(in.t, temporality, m.Histogram().AggregationTemporality())
		for _, p := range m.Histogram().DataPoints().All() {
			in.explicit(p)
			in.attributes(known, p.Attributes())
			in.exemplars(p.Exemplars())
		}
	}
}

// points checks times and identities.
func (in *inspector) points(list []anyPoint, seen map[string]bool) {
	require.NotEmpty(in.t, list, "a metric without points")
	for i := range list {
		p := &list[i]
		at := fmt.Sprint(p.id(), " ", p.end)
		if in.settings.isEvent() {
			at += fmt.Sprint(" ", p.start)
		}
		assert.False(in.t, seen[at], "%s is twice in an emission", at)
		seen[at] = true
		switch {
		case in.settings.isDelta():
			assert.Less(in.t, p.start, p.end, at)
			in.delta(p)
		case p.isStartPoint():
			assert.Zero(in.t, p.values, at)
			require.Less(in.t, i+1, len(list), "%s has a start point and no value", at)
			assert.Equal(in.t, p.id(), list[i+1].id(), "a value follows its start point")
			assert.Equal(in.t, p.start, list[i+1].start, at)
			assert.False(in.t, list[i+1].isStartPoint(), at)
		default:
			assert.Less(in.t, p.start, p.end, at)
			before := in.lives[p.id()]
			if before.start != p.start && !in.midway {
				require.Positive(in.t, i, "%s has no start point", at)
				assert.True(in.t, list[i-1].isStartPoint() && list[i-1].id() == p.id(), "%s has no start point", at)
			}
			in.cumulative(p)
		}
	}
}

// cumulative checks a point against those before of its series: its start is the
// same or, if the series was dropped, not before any of them.
func (in *inspector) cumulative(p *anyPoint) {
	before, there := in.lives[p.id()]
	if there && before.start != p.start {
		assert.GreaterOrEqual(in.t, p.start, before.last, "%s starts anew within its former lifetime", p.id())
	}
	if there && before.start == p.start {
		assert.Greater(in.t, p.end, before.last, p.id())
	}
	in.lives[p.id()] = lifetime{p.start, p.end}
}

// delta checks that intervals follow each other.
func (in *inspector) delta(p *anyPoint) {
	if in.settings.isEvent() {
		assert.Zero(in.t, int64(p.start)%int64(in.settings.Interval))
		assert.Equal(in.t, int64(in.settings.Interval), int64(p.end-p.start))
		return
	}
	at := span{int64(p.start), int64(p.end)}
	if at != in.sent {
		assert.GreaterOrEqual(in.t, at.from, in.sent.to, "intervals overlap")
		in.sent = at
	}
}

func (in *inspector) explicit(p pmetric.HistogramDataPoint) {
	bounds, counts := p.ExplicitBounds().AsRaw(), p.BucketCounts().AsRaw()
	assert.True(in.t, slices.IsSorted(bounds))
	require.Len(in.t, counts, len(bounds)+1)
	total := uint64(0)
	for _, n := range counts {
		total += n
	}
	assert.Equal(in.t, p.Count(), total)
	assert.True(in.t, p.HasSum())
	assert.GreaterOrEqual(in.t, p.Sum(), 0.0)
}

func (in *inspector) exponential(p pmetric.ExponentialHistogramDataPoint) {
	total := p.ZeroCount()
	for _, n := range p.Positive().BucketCounts().All() {
		total += n
	}
	assert.Equal(in.t, p.Count(), total)
	assert.True(in.t, p.HasSum())
	assert.Zero(in.t, p.Negative().BucketCounts().Len())
	n := p.Positive().BucketCounts().Len()
	assert.LessOrEqual(in.t, n, 160)
	assert.LessOrEqual(in.t, p.Scale(), int32(20))
	assert.GreaterOrEqual(in.t, p.Scale(), int32(0))
	if n > 0 { // from a millisecond, which is above 2^-10 s, to 2^54 s, the most that fits
		assert.GreaterOrEqual(in.t, int(p.Positive().Offset()), -10<<p.Scale())
		assert.Less(in.t, int(p.Positive().Offset())+n-1, 54<<p.Scale())
	}
}

func (in *inspector) exemplars(list pmetric.ExemplarSlice) {
	assert.LessOrEqual(in.t, list.Len(), 1)
	for _, e := range list.All() {
		assert.GreaterOrEqual(in.t, e.DoubleValue(), 0.0)
		assert.Equal(in.t, e.TraceID().IsEmpty(), e.SpanID().IsEmpty())
		in.utf8(e.FilteredAttributes())
	}
}

// attributes are those that the settings choose, or tell of the overflow.
func (in *inspector) attributes(m Metric, attributes pcommon.Map) {
	in.utf8(attributes)
	if _, is := attributes.Get(overflowName); is {
		assert.Equal(in.t, map[string]any{overflowName: true}, attributes.AsRaw())
		return
	}
	names := map[string]bool{}
	for name := range attributes.All() {
		assert.False(in.t, names[name], "%s is twice on a point", name)
		names[name] = true
		assert.Contains(in.t, in.settings.Metrics[m.Name].Attributes, name)
	}
}

func (in *inspector) utf8(attributes pcommon.Map) {
	for name, value := range attributes.All() {
		assert.True(in.t, utf8.ValidString(value.AsString()), name)
		if value.Type() == pcommon.ValueTypeStr {
			assert.NotEmpty(in.t, value.Str(), name)
			assert.LessOrEqual(in.t, len(value.Str()), maxText, name)
		}
	}
}

// attributesText is a point's attributes in an order of their own.
func attributesText(m pcommon.Map) string {
	var list []string
	for name, value := range m.All() {
		list = append(list, name+"="+value.AsString())
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}
