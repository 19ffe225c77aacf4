package rollup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// temporalities are the settings under which a request is settled differently.
var temporalities = map[string]func(*setup){
	"cumulative": func(*setup) {},
	"delta":      func(s *setup) { s.Temporality = TemporalityDelta },
	"event":      func(s *setup) { s.Temporality, s.Timestamps = TemporalityDelta, TimestampsEvent },
	"delta, exponential": func(s *setup) {
		s.Temporality, s.Histogram = TemporalityDelta, HistogramExponential
	},
}

// startPointsIn returns the series whose start points are in requests.
func startPointsIn(requests []Request) (list []string) {
	for _, p := range allPoints(metricsIn(requests)) {
		if p.isStartPoint() {
			list = append(list, p.id())
		}
	}
	return list
}

// Whichever requests of an emission were settled before a process ended, the next one
// sends deltas of the others alone, and only their start points; also when something is
// counted meanwhile, under keys that are new or have a number again.
func TestOnlyTheRestComesAgain(t *testing.T) {
	for name, change := range temporalities {
		for _, snapshot := range []bool{false, true} {
			for settled := range 12 {
				t.Run(fmt.Sprint(name, " ", snapshot, " ", settled), func(t *testing.T) {
					s := testSettings()
					s.SeriesIdleTimeout = 2 * s.Interval
					change(&s)
					l := newProcess(t, s)
					l.requestsOf(1)
					l.add(with(func(r *accesslog.Record) { r.Bucket = "idle" }))
					l.emitAccepted()
					l.now = l.now.Add(time.Hour)
					l.emitAccepted() // this frees the first number
					for i := range int64(6) {
						l.add(with(func(r *accesslog.Record) { r.Bucket, r.Time = string(rune('b'+i%3)), r.Time+60*i }))
					}
					l.emit(time.Minute)
					require.Greater(t, len(l.sending), settled)
					rest := slices.Clone(l.sending[settled:])
					want, startPoints := sumsByPoint(rest), startPointsIn(rest)
					for range settled {
						l.add(with(func(r *accesslog.Record) { r.Bucket = fmt.Sprint("new", settled) }))
						l.commit()
						l.acceptOne()
					}
					if snapshot {
						l.snap()
					}
					l.now = l.now.Add(time.Second)
					l.restart(func(*setup) {})
					l.sending = l.state.Emission(l.now)
					l.check(metricsIn(l.sending))
					assert.Equal(t, startPoints, startPointsIn(l.sending))
					for i := range l.sending {
						assert.Equal(t, len(startPointsIn(l.sending[i:i+1])) > 0, l.sending[i].StartPoints)
					}
					if s.isDelta() {
						assert.Equal(t, want, sumsByPoint(l.sending))
					}
					l.accept()
					assert.False(t, l.state.Unsettled())
					points := l.emitAccepted()
					if settled == 0 {
						return
					}
					counted := int64(0)
					for _, p := range points {
						if p.metric == "aws.s3.server.requests" && strings.Contains(p.id(), "new") {
							counted += p.values.sum
						}
					}
					assert.EqualValues(t, settled, counted)
				})
			}
		}
	}
}

// What was settled stays so under other settings, whichever numbers groups and streams
// have there, and what was not settled is still sent.
func TestOnlyTheRestComesAgainWithOtherSettings(t *testing.T) {
	for name, change := range map[string]func(*setup){
		"a metric less":       func(s *setup) { delete(s.Metrics, "aws.s3.server.requests") },
		"another metric less": func(s *setup) { delete(s.Metrics, "aws.s3.server.io") },
		"a stream less":       func(s *setup) { delete(s.Metrics, "aws.s3.server.object.added") },
		"other attributes":    func(s *setup) { s.Metrics["aws.s3.server.requests"] = by("aws.s3.owner") },
		"a metric in its group": func(s *setup) {
			s.Metrics["aws.s3.server.requests"] = by(s.Metrics["aws.s3.server.io"].Attributes[:2]...)
		},
		"no directions":          func(s *setup) { s.Metrics["aws.s3.server.io"] = by("aws.s3.bucket", "aws.s3.operation") },
		"other histograms":       func(s *setup) { s.setExponential(!s.isExponential()) },
		"a metric more":          func(s *setup) { s.Geo = true },
		"requests of all series": func(s *setup) {},
	} {
		for _, mode := range []string{"delta", "event"} {
			for _, snapshot := range []bool{false, true} {
				t.Run(fmt.Sprint(name, " ", mode, " ", snapshot), func(t *testing.T) {
					s := testSettings()
					temporalities[mode](&s)
					l := newProcess(t, s)
					l.requestsOf(1)
					for i := range int64(4) {
						l.add(with(func(r *accesslog.Record) { r.Bucket, r.Time = string(rune('b'+i%2)), r.Time+60*i }),
							with(operation("REST.PUT.OBJECT")))
					}
					l.emit(time.Minute)
					half := len(l.sending) / 2
					settled, rest := sumsByPoint(l.sending[:half]), sumsByPoint(l.sending[half:])
					for range half {
						l.acceptOne()
					}
					if snapshot {
						l.snap()
					}
					all := maps.Clone(rest)
					l.restart(change)
					if name == "requests of all series" {
						l.requestsOf(maxRequest)
					}
					got := sumsByPoint(l.state.Emission(l.now))
					for id := range got {
						assert.NotContains(t, settled, id)
						delete(all, id)
					}
					assert.NotEmpty(t, got)
					for id := range all { // no metric is left out that has its place
						metric, _, _ := strings.Cut(id, " ")
						for other := range got {
							assert.NotEqual(t, metric, strings.Fields(other)[0], id)
						}
					}
					l.emit(time.Minute)
					l.accept()
					assert.False(t, l.state.Unsettled())
				})
			}
		}
	}
}

// A request has what is between its first point and its last one, not what others have.
func TestRequestsAreSettledInAnyOrder(t *testing.T) {
	for name, change := range temporalities {
		s := testSettings()
		change(&s)
		l := newProcess(t, s)
		l.requestsOf(1000)
		for i := range int64(12) {
			l.add(with(func(r *accesslog.Record) { r.Bucket, r.Time = string(rune('b'+i%4)), r.Time+60*i }))
		}
		l.emit(time.Minute)
		require.Greater(t, len(l.sending), 4, name)
		var rest []Request
		for i := range l.sending {
			if i%2 == 0 {
				rest = append(rest, l.sending[i])
			} else {
				l.state.Settle(&l.sending[i])
			}
		}
		l.commit()
		again := l.state.Emission(l.now)
		assert.ElementsMatch(t, startPointsIn(rest), startPointsIn(again), name)
		if s.isDelta() {
			assert.Equal(t, sumsByPoint(rest), sumsByPoint(again), name)
		}
	}
}

// A series that is created while a request with its neighbours is under way has its
// start point in the next emission.
func TestBornAmidAnEmission(t *testing.T) {
	s := testSettings()
	only(&s, "aws.s3.server.io", "aws.s3.bucket", direction)
	l := newProcess(t, s)
	put := func(bucket string) {
		l.add(with(func(r *accesslog.Record) { r.Bucket, r.Operation = bucket, "REST.PUT.OBJECT" }))
	}
	put("a")
	l.add(with(func(r *accesslog.Record) { r.Bucket = "b" }))
	put("c")
	l.emit(time.Minute)
	require.Len(t, l.sending, 1)
	put("b")
	l.commit()
	l.accept()
	l.emit(time.Minute)
	assert.Equal(t, []string{"aws.s3.server.io aws.s3.bucket=b,network.io.direction=receive"}, startPointsIn(l.sending))
}

// An emission that is dropped half-way, since the next supersedes it, does not tell
// what its series came to: those that are idle are emitted once more.
func TestIdleSeriesOfADroppedEmission(t *testing.T) {
	l := newProcess(t, idleSettings())
	l.requestsOf(1)
	l.add(from("a"), from("b"))
	for range 5 {
		assert.Equal(t, map[string]int64{"a": 1, "b": 1}, valuesOf(allPoints(l.emit(time.Minute))))
		l.acceptOne()
		assert.Len(t, l.sending, 1)
	}
	l.accept()
	assert.Empty(t, l.emitAccepted())
}

// What was counted by the minute has no place in settings without, and does not stop
// the start.
func TestRestartWithoutEventTime(t *testing.T) {
	for _, cumulative := range []bool{false, true} {
		for _, snapshot := range []bool{false, true} {
			s := testSettings()
			s.Temporality, s.Timestamps = TemporalityDelta, TimestampsEvent
			l := newProcess(t, s)
			l.requestsOf(1)
			l.add(get())
			l.emit(time.Minute)
			l.acceptOne()
			if snapshot {
				l.snap()
			}
			l.restart(func(s *setup) { s.setDelta(!cumulative); s.setEvent(false) })
			l.inspector = newInspector(t, l.settings)
			assert.False(t, l.state.Unsettled())
			l.add(get(), get())
			sums, _ := lastly(l.emitAccepted())
			assert.Equal(t, int64(2), sums[requestsOfGET])
		}
	}
}

// One request is settled by few bytes, however many series it has.
func TestSettledRequestIsSmall(t *testing.T) {
	s := testSettings()
	s.Temporality = TemporalityDelta
	l := newProcess(t, s)
	for i := range 3000 {
		l.add(with(func(r *accesslog.Record) { r.Bucket = fmt.Sprint("b", i) }))
	}
	l.emit(time.Minute)
	requests, stored := len(l.sending), len(l.journal)
	require.Greater(t, requests, 1)
	l.accept()
	assert.Len(t, l.journal, stored+requests)
	for _, change := range l.journal[stored:] {
		assert.Less(t, len(change), 100)
	}
}
