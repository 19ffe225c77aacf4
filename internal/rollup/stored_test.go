package rollup

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// The settings change at random, now and then a snapshot is taken; whatever is
// read, the journal comes to what a snapshot at each restart would have come to.
func TestMixedJournal(t *testing.T) {
	changes := []func(*setup){
		func(s *setup) { s.Metrics["aws.s3.server.requests"] = by("aws.s3.operation") },
		func(s *setup) { s.Metrics["aws.s3.server.io"] = by("aws.s3.operation", direction) },
		func(s *setup) { s.Metrics["aws.s3.server.io"] = by("aws.s3.operation") },
		func(s *setup) { delete(s.Metrics, "aws.s3.server.io") },
		func(s *setup) { delete(s.Metrics, "aws.s3.server.request.duration") },
		func(s *setup) { s.setExponential(!s.isExponential()) },
		func(s *setup) { s.CardinalityLimit = 3 },
		func(s *setup) { s.CardinalityLimit = 100 },
		func(s *setup) { s.setDelta(!s.isDelta()); s.setEvent(false) },
		func(s *setup) { s.setDelta(true); s.setEvent(!s.isEvent()) },
		func(s *setup) { *s = testSettings() },
		func(s *setup) { s.SeriesIdleTimeout = 2 * s.Interval },
	}
	operations := []string{"REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.HEAD.OBJECT", "REST.COPY.OBJECT", "S3.EXPIRE.OBJECT"}
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		l := newProcess(t, testSettings())
		l.requestsOf([]int{1, 1000}[seed%2])
		for range 60 {
			switch rng.IntN(8) {
			case 0:
				l.now = l.now.Add(time.Second)
				snapshot, stored := l.state.AppendState(nil), l.state.stored
				l.restart(changes[rng.IntN(len(changes))])
				l.inspector = newInspector(t, l.settings)
				l.midway = true
				if stored { // else nothing of the process before is in the journal
					other := l.settings.state(l.now)
					require.NoError(t, other.Restore(snapshot))
					require.True(t, bytes.Equal(stateOf(other), stateOf(l.state)), "seed %d", seed)
				}
			case 1:
				l.snap()
			case 2, 3, 4:
				l.emit(time.Duration(1+rng.IntN(90)) * time.Second)
				switch rng.IntN(3) {
				case 0:
					l.accept()
				case 1:
					for range min(rng.IntN(5), len(l.sending)) {
						l.acceptOne()
					}
				}
			default:
				for range rng.IntN(4) {
					l.add(with(func(r *accesslog.Record) {
						r.Operation = operations[rng.IntN(len(operations))]
						r.TotalTime = rng.Int64N(5000) - 1
						r.Status = []int32{200, 404}[rng.IntN(2)]
					}))
				}
				l.commit()
			}
		}
	}
}

// stateOf returns the stored form, but for the ends of idle intervals, which are
// not worth a commit.
func stateOf(s *State) []byte {
	since := s.since
	defer func() { s.since = since }()
	s.since = 0
	return s.AppendState(nil)
}

// At any time what is stored brings the state back as it is.
func TestStoredStateIsTheState(t *testing.T) {
	for name, change := range map[string]func(*setup){
		"cumulative":  func(*setup) {},
		"delta":       func(s *setup) { s.Temporality = TemporalityDelta },
		"event":       func(s *setup) { s.Temporality, s.Timestamps = TemporalityDelta, TimestampsEvent },
		"exponential": func(s *setup) { s.Histogram = HistogramExponential },
		"few series":  func(s *setup) { s.CardinalityLimit = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			s := testSettings()
			change(&s)
			l := newProcess(t, s)
			l.requestsOf(1000)
			rng := rand.New(rand.NewPCG(1, 1))
			for i := range 200 {
				l.add(with(func(r *accesslog.Record) {
					r.Bucket = fmt.Sprint("b", rng.IntN(8))
					r.Time += rng.Int64N(7200)
					r.TotalTime = rng.Int64N(1 << rng.IntN(40))
				}))
				l.commit()
				if i%10 == 9 {
					l.emit(time.Minute)
				}
				switch {
				case i%30 == 29:
					l.accept()
				case len(l.sending) > 3:
					l.acceptOne()
				}
				byJournal, bySnapshot := s.state(l.now), s.state(l.now)
				for _, change := range l.journal {
					require.NoError(t, byJournal.Replay(change))
				}
				require.NoError(t, bySnapshot.Restore(l.state.AppendState(nil)))
				state := stateOf(l.state)
				require.True(t, bytes.Equal(state, stateOf(byJournal)))
				require.True(t, bytes.Equal(state, stateOf(bySnapshot)))
				assert.Equal(t, l.state.Series(), bySnapshot.Series())
				assert.Equal(t, l.state.points, bySnapshot.points)
				assert.Equal(t, l.state.points, byJournal.points)
			}
		})
	}
}
