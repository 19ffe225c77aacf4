package rollup

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// minute is a series within an interval.
type minute struct {
	bucket, operation string
	start             int64 // seconds
}

// A month, read in random order by several workers, with emissions when as much
// waits as may, refusals and restarts: each minute of each series has its own sum.
func TestEveryRequestCountsInItsMinute(t *testing.T) {
	const month = 30 * 24 * 3600
	s := testSettings()
	s.Temporality, s.Timestamps = TemporalityDelta, TimestampsEvent
	only(&s, "aws.s3.server.requests", "aws.s3.bucket", "aws.s3.operation")
	l := newProcess(t, s)
	rng := rand.New(rand.NewPCG(7, 7))
	counters := []*Counter{l.state.NewCounter(), l.state.NewCounter(), l.state.NewCounter()}
	want, got := map[minute]int64{}, map[minute]int64{}
	early, restarts := 0, 0
	emit := func() {
		l.state.Cut(l.now)
		l.commit()
		if early++; early%2 == 0 { // nobody knows whether it was accepted
			l.snap()
			l.restart(func(*setup) {})
			for i := range counters {
				counters[i] = l.state.NewCounter()
			}
			require.True(t, l.state.Unsettled())
			restarts++
		}
		l.sending = l.state.Emission(l.now)
		for _, request := range l.sending {
			for _, p := range metricsOf(request.Metrics).At(0).Sum().DataPoints().All() {
				bucket, _ := p.Attributes().Get("aws.s3.bucket")
				operation, _ := p.Attributes().Get("aws.s3.operation")
				got[minute{bucket.Str(), operation.Str(), p.StartTimestamp().AsTime().Unix()}] += p.IntValue()
			}
		}
		l.accept()
	}
	rounds, emissions := 700, 3
	if raceEnabled {
		rounds, emissions = 300, 2
	}
	for range rounds {
		c := counters[rng.IntN(len(counters))]
		for range 400 {
			r := with(func(r *accesslog.Record) {
				r.Time += rng.Int64N(month)
				r.Bucket = []string{"a", "b", "c", "d", "e", "f"}[rng.IntN(6)]
				r.Operation = []string{"REST.GET.OBJECT", "REST.HEAD.OBJECT"}[rng.IntN(2)]
			})
			c.Add(&r, noClient)
			want[minute{r.Bucket, r.Operation, r.Time - r.Time%60}]++
		}
		l.state.Add(c.Cut())
		l.commit()
		require.Less(t, l.state.points, maxPoints+400)
		if l.state.Full() {
			emit()
		}
	}
	emit()
	assert.Equal(t, emissions, early, "at the bound, and in the end")
	assert.Equal(t, 1, restarts)
	assert.Len(t, got, len(want))
	for at, n := range want {
		if got[at] != n {
			require.Equal(t, n, got[at], at)
		}
	}
}

// A series is one however many intervals it was created in.
func TestLimitCountsSeriesNotIntervals(t *testing.T) {
	s := testSettings()
	s.Temporality, s.Timestamps, s.CardinalityLimit = TemporalityDelta, TimestampsEvent, 2
	only(&s, "aws.s3.server.requests", "aws.s3.bucket")
	s.Overflow = func(string, int64) { assert.Fail(t, "there is room") }
	l := newProcess(t, s)
	for i := range int64(10) {
		l.add(with(func(r *accesslog.Record) { r.Time += i * 60 }))
	}
	l.add(with(func(r *accesslog.Record) { r.Bucket = "c" }))
	assert.Len(t, l.emitAccepted(), 11)
	assert.Equal(t, map[string]int{"aws.s3.server.requests": 2}, l.state.Series())
}

// The interval may be any number of seconds; a point is that long, wherever in it
// the request was.
func TestIntervals(t *testing.T) {
	for _, length := range []int64{1, 15, 60, 3600} {
		s := testSettings()
		s.Temporality, s.Timestamps, s.Interval = TemporalityDelta, TimestampsEvent, time.Duration(length)*time.Second
		only(&s, "aws.s3.server.requests")
		l := newProcess(t, s)
		first := epoch.Unix() - epoch.Unix()%length
		want := map[int64]int64{}
		for _, at := range []int64{first - 1, first, first + length - 1, first + length, 0} {
			l.add(with(func(r *accesslog.Record) { r.Time = at }))
			want[at/length*length]++
		}
		got := map[int64]int64{}
		for _, p := range l.emitAccepted() {
			got[p.start.AsTime().Unix()] = p.values.sum
			assert.Equal(t, s.Interval, p.end.AsTime().Sub(p.start.AsTime()))
		}
		assert.Equal(t, want, got)
	}
}
