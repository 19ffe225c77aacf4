package rollup

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// What exponential buckets must be, computed in another way.
func TestExponentialBuckets(t *testing.T) {
	s := testSettings()
	s.Histogram = HistogramExponential
	only(&s, "aws.s3.server.request.duration")
	durations := []int64{0, 0, 1, 7, 8, 9, 125, 250, 1000, 2000, 3_600_000, 1_000_000_000_000_000}
	for n := 2; n <= len(durations); n++ {
		l := newProcess(t, s)
		for _, ms := range durations[:n] {
			l.add(with(func(r *accesslog.Record) { r.TotalTime = ms }))
			l.commit()
		}
		requests := l.emit(s.Interval)
		p := metricsOf(requests[0]).At(0).ExponentialHistogram().DataPoints().At(1)
		assert.Equal(t, uint64(n), p.Count())
		assert.Equal(t, uint64(2), p.ZeroCount())
		for _, ms := range durations[2:n] {
			assert.Positive(t, countOf(p, float64(ms)/1000), "%d ms at scale %d", ms, p.Scale())
		}
	}
}

// countOf returns the count of the bucket of a value. Source of the bounds: the
// OpenTelemetry metrics data model, base^index < value <= base^(index+1).
func countOf(p pmetric.ExponentialHistogramDataPoint, seconds float64) uint64 {
	index := int(math.Ceil(math.Log2(seconds)*math.Exp2(float64(p.Scale())))) - 1
	i := index - int(p.Positive().Offset())
	if i < 0 || i >= p.Positive().BucketCounts().Len() {
		return 0
	}
	return p.Positive().BucketCounts().At(i)
}

// The scale is the finest with 160 buckets, and no order of adding or merging
// changes anything.
func TestExponentialIsTheSameInAnyOrder(t *testing.T) {
	durations := []int64{1, 3, 17, 0, 2_000, 90_000, 12, 5_000_000, 1, 4}
	var forth, back exponential
	for i := range durations {
		forth.add(durations[i], uint64(i+1))
		back.add(durations[len(durations)-1-i], uint64(len(durations)-i))
	}
	assert.Equal(t, forth, back)
	assert.Len(t, forth.counts, int(forth.last()-forth.offset)+1)
	assert.LessOrEqual(t, len(forth.counts), maxSize)
	assert.Greater(t, len(forth.counts), maxSize/2-1, "a finer scale would do")
}

func TestExemplars(t *testing.T) {
	const trace = "x-traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, exponential := range []bool{false, true} {
		s := testSettings()
		s.setExponential(exponential)
		only(&s, "aws.s3.server.request.duration")
		l := newProcess(t, s)
		l.add(get(), with(func(r *accesslog.Record) {
			r.TotalTime, r.RequestID, r.Time, r.Target = 5000, "SLOWEST", epoch.Unix()-7, "/k?"+trace
		}), with(func(r *accesslog.Record) { r.TotalTime, r.RequestID = 3000, "\xff" }))
		exemplars := exemplarsOf(l.emit(s.Interval))
		require.Equal(t, 1, exemplars.Len())
		e := exemplars.At(0)
		assert.InDelta(t, 5.0, e.DoubleValue(), 0)
		assert.Equal(t, epoch.Add(-7*time.Second).UTC(), e.Timestamp().AsTime())
		assert.Equal(t, map[string]any{"aws.request_id": "SLOWEST"}, e.FilteredAttributes().AsRaw())
		assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", e.TraceID().String())
		assert.Equal(t, "b7ad6b7169203331", e.SpanID().String())
		l.accept()

		assert.Zero(t, exemplarsOf(l.emit(s.Interval)).Len(), "each emission has its own")
		l.add(with(func(r *accesslog.Record) { r.RequestID = "\xff" }), with(func(r *accesslog.Record) {
			r.TotalTime, r.RequestID = 99_999, "an id that is longer than any of S3's is"
		}))
		exemplars = exemplarsOf(l.emit(s.Interval))
		require.Equal(t, 1, exemplars.Len())
		assert.Equal(t, map[string]any{"aws.request_id": "\uFFFD"}, exemplars.At(0).FilteredAttributes().AsRaw())
		assert.True(t, exemplars.At(0).TraceID().IsEmpty())
	}
}

// exemplarsOf returns those of the last point.
func exemplarsOf(requests []pmetric.Metrics) pmetric.ExemplarSlice {
	m := metricsOf(requests[0]).At(0)
	if m.Type() == pmetric.MetricTypeHistogram {
		points := m.Histogram().DataPoints()
		return points.At(points.Len() - 1).Exemplars()
	}
	points := m.ExponentialHistogram().DataPoints()
	return points.At(points.Len() - 1).Exemplars()
}
