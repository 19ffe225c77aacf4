package rollup

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// lastly returns the sums and starts of series, as the last points have them.
func lastly(points []anyPoint) (sums map[string]int64, starts map[string]time.Time) {
	sums, starts = map[string]int64{}, map[string]time.Time{}
	for _, p := range points {
		if !p.isStartPoint() {
			sums[p.id()], starts[p.id()] = p.values.sum, p.start.AsTime()
		}
	}
	return sums, starts
}

const (
	requestsOfGET = "aws.s3.server.requests aws.s3.bucket=b,aws.s3.operation=REST.GET.OBJECT,http.response.status_code=200"
	ioOfGET       = "aws.s3.server.io aws.s3.bucket=b,aws.s3.operation=REST.GET.OBJECT,network.io.direction=transmit"
	timeOfGET     = "aws.s3.server.request.duration aws.s3.bucket=b,aws.s3.operation=REST.GET.OBJECT"
	turnOfGET     = "aws.s3.server.turn_around.duration aws.s3.bucket=b,aws.s3.operation=REST.GET.OBJECT"
)

// What the new settings have a place for goes on with its start, the rest starts
// anew, and nothing fails; whether a snapshot or the journal is read.
func TestRestartWithOtherSettings(t *testing.T) {
	all := map[string]int64{requestsOfGET: 2, ioOfGET: 200, timeOfGET: 42, turnOfGET: 14}
	and := func(change map[string]int64) map[string]int64 {
		sums := maps.Clone(all)
		maps.Copy(sums, change)
		maps.DeleteFunc(sums, func(_ string, n int64) bool { return n == 0 })
		return sums
	}
	tests := map[string]struct {
		change func(*setup)
		want   map[string]int64
	}{
		"the same": {func(*setup) {}, all},
		"other attributes of a metric": {func(s *setup) {
			s.Metrics["aws.s3.server.requests"] = by("aws.s3.bucket")
		}, and(map[string]int64{requestsOfGET: 0, "aws.s3.server.requests aws.s3.bucket=b": 1})},
		"attributes of another metric": {func(s *setup) {
			s.Metrics["aws.s3.server.requests"] = by("aws.s3.bucket", "aws.s3.operation")
		}, and(map[string]int64{requestsOfGET: 0, "aws.s3.server.requests aws.s3.bucket=b,aws.s3.operation=REST.GET.OBJECT": 1})},
		"no directions": {func(s *setup) {
			s.Metrics["aws.s3.server.io"] = by("aws.s3.bucket", "aws.s3.operation")
		}, and(map[string]int64{ioOfGET: 0, "aws.s3.server.io aws.s3.bucket=b,aws.s3.operation=REST.GET.OBJECT": 100})},
		"a metric less": {func(s *setup) {
			delete(s.Metrics, "aws.s3.server.io")
		}, and(map[string]int64{ioOfGET: 0})},
		"a metric more": {func(s *setup) { s.Geo = true }, and(map[string]int64{
			"aws.s3.server.client.requests aws.s3.bucket=b": 1,
		})},
		"other histograms":    {func(s *setup) { s.Histogram = HistogramExponential }, and(map[string]int64{timeOfGET: 21, turnOfGET: 7})},
		"a lower limit":       {func(s *setup) { s.CardinalityLimit = 1 }, all},
		"another interval":    {func(s *setup) { s.Interval = time.Second }, all},
		"other texts cleaned": {func(s *setup) { s.Clean = func(text string, _ redact.Rule) string { return text } }, all},
		"deltas": {func(s *setup) { s.Temporality = TemporalityDelta }, map[string]int64{
			requestsOfGET: 1, ioOfGET: 100, timeOfGET: 21, turnOfGET: 7,
		}},
	}
	for name, test := range tests {
		for _, snapshot := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", snapshot), func(t *testing.T) {
				l := newProcess(t, testSettings())
				l.add(get())
				sums, starts := lastly(l.emitAccepted())
				if snapshot {
					l.snap()
				}
				l.now = l.now.Add(time.Hour)
				l.restart(test.change)
				begun := l.now
				l.add(get())
				got, from := lastly(l.emitAccepted())
				assert.Equal(t, test.want, got)
				for id := range got {
					if got[id] == all[id] {
						assert.Equal(t, starts[id], from[id], id)
						assert.Equal(t, 2*sums[id], got[id])
					} else {
						assert.False(t, from[id].Before(begun.UTC()) && !l.settings.isDelta(), id)
					}
				}
				l.restart(func(*setup) {})
				again, _ := lastly(l.emitAccepted())
				if !l.settings.isDelta() {
					assert.Equal(t, got, again, "and goes on from there")
				}
			})
		}
	}
}

// A key whose series all have no place any more does not keep its own.
func TestRestartWithoutAnySeriesOfAKey(t *testing.T) {
	l := newProcess(t, testSettings())
	l.add(with(func(r *accesslog.Record) { r.BytesSent, r.Status = accesslog.Absent, accesslog.Absent }))
	l.emitAccepted()
	l.restart(func(s *setup) {
		only(s, "aws.s3.server.io", "aws.s3.bucket", "aws.s3.operation", direction)
	})
	l.add(with(operation("REST.HEAD.OBJECT")))
	l.emitAccepted()
	assert.Len(t, l.state.shared.keys[0].byValues, 1)
	assert.Equal(t, []uint32{0}, l.state.free[0])
}

// Series beyond a lower limit go on; new ones are too many.
func TestRestartWithALowerLimit(t *testing.T) {
	s := idleSettings()
	l := newProcess(t, s)
	l.add(from("a"), from("b"), from("c"))
	l.emitAccepted()
	l.restart(func(s *setup) { s.CardinalityLimit = 2 })
	l.add(from("a"), from("b"), from("c"), from("d"))
	assert.Equal(t, map[string]int64{"a": 2, "b": 2, "c": 2, "": 1}, valuesOf(l.emitAccepted()))
	assert.Equal(t, map[string]int{"aws.s3.server.requests": 3}, l.state.Series())
}

// Deltas that were cut and not accepted have no place in other settings. They must
// not be waited for.
func TestRestartWithUnsettledDeltas(t *testing.T) {
	for name, change := range map[string]func(*setup){
		"other attributes": func(s *setup) { only(s, "aws.s3.server.requests", "aws.s3.owner") },
		"event time":       func(s *setup) { s.Timestamps = TimestampsEvent },
		"cumulative":       func(s *setup) { s.Temporality = TemporalityCumulative },
	} {
		for _, snapshot := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", snapshot), func(t *testing.T) {
				s := testSettings()
				s.Temporality = TemporalityDelta
				only(&s, "aws.s3.server.requests", "aws.s3.bucket")
				l := newProcess(t, s)
				l.add(get())
				require.NotEmpty(t, l.emit(time.Minute))
				require.True(t, l.state.Unsettled())
				if snapshot {
					l.snap()
				}
				l.restart(change)
				assert.False(t, l.state.Unsettled())
				l.add(get(), get())
				sums, _ := lastly(l.emitAccepted())
				assert.Len(t, sums, 1)
				for _, n := range sums {
					assert.Equal(t, int64(2), n)
				}
				assert.False(t, l.state.Unsettled())
			})
		}
	}
}

// Deltas that were cut and not accepted are sent again as they were.
func TestRestartWithUnsettledDeltasOfTheSameSettings(t *testing.T) {
	for _, event := range []bool{false, true} {
		for _, snapshot := range []bool{false, true} {
			s := testSettings()
			s.setDelta(true)
			s.setEvent(event)
			l := newProcess(t, s)
			l.add(get())
			sent, _ := lastly(allPoints(l.emit(time.Minute)))
			l.add(get())
			l.commit()
			if snapshot {
				l.snap()
			}
			l.restart(func(*setup) {})
			require.True(t, l.state.Unsettled())
			again, _ := lastly(allPoints(l.emit(time.Minute)))
			assert.Equal(t, sent, again)
			l.accept()
			rest, _ := lastly(l.emitAccepted())
			assert.Equal(t, sent, rest)
		}
	}
}

// A series that is new begins one interval before its first emission: before this
// process only if no other can have sent points of it.
func TestStart(t *testing.T) {
	const second = time.Second
	tests := []struct {
		name     string
		instance string
		restart  bool
		snapshot bool
		after    time.Duration // of the emission
		want     time.Duration // of the start, from the process's
	}{
		{"a tick", "", false, false, 61 * second, second},
		{"the end of a directory", "", false, false, second, -59 * second},
		{"the end of a directory, under an id of the settings", "id", false, false, second, 0},
		{"a restart", "", true, false, 61 * second, second},
		{"a short run", "", true, false, second, 0},
		{"a short run after a snapshot", "", true, true, second, 0},
		{"a restart under an id of the settings", "id", true, false, 90 * second, 30 * second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := testSettings()
			s.InstanceID = test.instance
			l := newProcess(t, s)
			l.state.Identify("made once")
			l.inspector.settings.InstanceID = "made once"
			if test.restart {
				l.add(with(operation("other")))
				l.emit(time.Minute)
				if test.snapshot {
					l.snap()
				}
				l.restart(func(*setup) {})
				l.state.Identify("made once")
				l.inspector.settings.InstanceID = "made once"
			}
			begun := l.now
			l.add(get())
			_, starts := lastly(allPoints(l.emit(test.after)))
			assert.Equal(t, test.want, starts[requestsOfGET].Sub(begun))
		})
	}
}

// A clock that is set back makes no point that ends before it begins.
func TestClockIsSetBack(t *testing.T) {
	for _, delta := range []bool{false, true} {
		s := testSettings()
		s.setDelta(delta)
		l := newProcess(t, s)
		l.add(get())
		l.emitAccepted()
		l.inspector = newInspector(t, s)
		l.midway = true // what came before the former time cannot be asked for
		l.add(get(), with(operation("REST.HEAD.OBJECT")))
		points := allPoints(l.emit(-time.Hour))
		assert.NotEmpty(t, points)
		sums, _ := lastly(points)
		assert.True(t, slices.Contains(slices.Collect(maps.Values(sums)), 1))
		for _, p := range points {
			if operation, _ := p.attributes.Get("aws.s3.operation"); operation.Str() == "REST.HEAD.OBJECT" {
				assert.False(t, p.end.AsTime().After(l.now), "a new series has the present time")
			}
		}
	}
}

// A clock that was ahead has no effect on the stamps once it is right again, also after a
// restart, and the counters go on.
func TestStampsRecoverWhenTheClockDoes(t *testing.T) {
	s := testSettings()
	l := newProcess(t, s)
	l.add(get())
	l.emitAccepted()
	l.midway = true
	l.now = l.now.Add(240 * time.Hour)
	l.add(with(operation("REST.HEAD.OBJECT")))
	l.emitAccepted()
	for n := range 3 {
		l.inspector = newInspector(t, s) // stamps that go back are what this is about
		l.midway = true
		after := s.Interval
		if n == 0 {
			after = -240 * time.Hour
		}
		l.add(with(operation("REST.HEAD.OBJECT")))
		points := allPoints(l.emit(after))
		sums, starts := lastly(points)
		assert.Contains(t, slices.Collect(maps.Values(sums)), int64(n+2), "the counter goes on")
		assert.NotEmpty(t, starts)
		for _, p := range points {
			assert.Equal(t, l.now.UTC(), p.end.AsTime())
			assert.True(t, p.start.AsTime().Before(l.now))
		}
		l.restart(func(*setup) {})
	}
}

// What is committed is changed by the replay of a change, not by its encoding, also
// where an interval without records ends.
func TestAChangeLeavesTheCommittedStateAsItIs(t *testing.T) {
	for name, change := range modes {
		for _, records := range []int{0, 3} {
			t.Run(fmt.Sprint(name, "/", records), func(t *testing.T) {
				s := testSettings()
				s.CardinalityLimit = 2
				change(&s)
				l := newProcess(t, s)
				l.add(get())
				l.emitAccepted()
				for i := range records {
					l.add(with(func(r *accesslog.Record) { r.Bucket = fmt.Sprint(i) }))
				}
				committed := l.state.AppendState(nil)
				l.now = l.now.Add(s.Interval)
				l.state.Cut(l.now)
				stored := l.state.Change(l.now)
				assert.Equal(t, records > 0, stored != nil)
				assert.Equal(t, committed, l.state.AppendState(nil))
				assert.Equal(t, stored, l.state.Change(l.now))
			})
		}
	}
}
