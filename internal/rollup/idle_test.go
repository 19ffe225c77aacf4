package rollup

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// idleSettings count the requests of each client, and forget them after two minutes.
func idleSettings() setup {
	s := testSettings()
	s.SeriesIdleTimeout = 2 * time.Minute
	only(&s, "aws.s3.server.requests", "client.address")
	return s
}

func from(address string) accesslog.Record {
	return with(func(r *accesslog.Record) { r.RemoteIP = address })
}

// valuesOf returns the sums of points by client, without start points.
func valuesOf(points []anyPoint) map[string]int64 {
	values := map[string]int64{}
	for _, p := range points {
		if !p.isStartPoint() {
			address, _ := p.attributes.Get("client.address")
			values[address.Str()] = p.values.sum
		}
	}
	return values
}

func TestIdleSeriesAreDropped(t *testing.T) {
	l := newProcess(t, idleSettings())
	l.add(from("idle"), from("busy"))
	assert.Equal(t, map[string]int64{"idle": 1, "busy": 1}, valuesOf(l.emitAccepted()))
	l.add(from("busy"))
	assert.Equal(t, map[string]int64{"idle": 1, "busy": 2}, valuesOf(l.emitAccepted()), "for one minute")
	l.add(from("busy"))
	assert.Equal(t, map[string]int64{"busy": 3}, valuesOf(l.emitAccepted()))
	assert.Equal(t, map[string]int{"aws.s3.server.requests": 1}, l.state.Series())
	assert.Len(t, l.state.shared.keys[0].byValues, 1)
	assert.Equal(t, []uint32{0}, l.state.free[0])

	l.add(from("new"))
	assert.Equal(t, map[string]int64{"busy": 3, "new": 1}, valuesOf(l.emitAccepted()))
	assert.Empty(t, l.state.free[0], "the place is used again")
}

// An emission that was not accepted does not count as delivered.
func TestIdleSeriesAreNotDroppedBeforeTheyWereTold(t *testing.T) {
	l := newProcess(t, idleSettings())
	l.add(from("a"))
	for range 5 {
		assert.Equal(t, map[string]int64{"a": 1}, valuesOf(allPoints(l.emit(time.Minute))))
	}
	l.accept()
	assert.Empty(t, l.emitAccepted())

	l.add(from("a"))
	l.emitAccepted()
	l.add(from("a"))
	l.commit() // after the emission, so not a part of it
	l.now = l.now.Add(time.Hour)
	assert.Equal(t, map[string]int64{"a": 2}, valuesOf(l.emitAccepted()))
	assert.Empty(t, l.emitAccepted())
}

// A process knows only what it emitted itself.
func TestIdleSeriesAreToldAgainAfterARestart(t *testing.T) {
	l := newProcess(t, idleSettings())
	l.add(from("a"))
	l.emitAccepted()
	l.now = l.now.Add(time.Hour)
	l.restart(func(*setup) {})
	assert.Equal(t, map[string]int64{"a": 1}, valuesOf(l.emitAccepted()))
	assert.Empty(t, l.emitAccepted())
}

// The inspector checks that the new series starts after all points of the former.
func TestDroppedSeriesStartAnew(t *testing.T) {
	for _, d := range []time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour} {
		for _, restart := range []bool{false, true} {
			l := newProcess(t, idleSettings())
			l.add(from("a"))
			former := l.emitAccepted()
			l.emit(2*time.Minute - time.Second)
			l.accept()
			l.emit(2 * time.Second) // early, as at the end of a process; this drops it
			l.accept()
			require.Equal(t, map[string]int{"aws.s3.server.requests": 0}, l.state.Series())
			dropped := l.now
			if restart {
				l.restart(func(*setup) {})
			}
			l.add(from("a"))
			points := allPoints(l.emit(d))
			require.Len(t, points, 2)
			assert.True(t, points[0].isStartPoint())
			assert.Equal(t, int64(1), points[1].values.sum)
			assert.Greater(t, points[1].start, former[1].end)
			assert.False(t, points[1].start.AsTime().Before(dropped), "one interval would be too long")
		}
	}
}

// A counter that still holds the key of a dropped series counts into the new one.
func TestCounterHoldsADroppedKey(t *testing.T) {
	l := newProcess(t, idleSettings())
	second := l.state.NewCounter()
	l.add(from("a"))
	l.emitAccepted()
	l.emitAccepted()
	l.emitAccepted()
	require.Empty(t, l.state.shared.keys[0].byValues)

	a := from("a")
	second.Add(&a, l.client) // knows another key of the same values
	l.add(from("a"), from("a"))
	l.state.Add(second.Cut())
	assert.Equal(t, map[string]int64{"a": 3}, valuesOf(l.emitAccepted()))
	second.Add(&a, l.client)
	l.state.Add(second.Cut())
	l.add(from("a"))
	assert.Equal(t, map[string]int64{"a": 5}, valuesOf(l.emitAccepted()))
	assert.Len(t, l.state.shared.keys[0].byValues, 1)
	assert.Equal(t, map[string]int{"aws.s3.server.requests": 1}, l.state.Series())
}

// The key of a dropped series may find its group full.
func TestCounterHoldsADroppedKeyBeyondTheLimit(t *testing.T) {
	s := idleSettings()
	s.CardinalityLimit = 1
	l := newProcess(t, s)
	l.add(from("a"))
	l.emitAccepted()
	l.emitAccepted()
	l.emitAccepted()
	other := l.state.NewCounter()
	b := from("b")
	other.Add(&b, l.client)
	l.state.Add(other.Cut())
	l.add(from("a"), from("a"))
	assert.Equal(t, map[string]int64{"b": 1, "": 2}, valuesOf(l.emitAccepted()))
}

// What is counted while its series is about to be dropped keeps it.
func TestBusySeriesIsNotDropped(t *testing.T) {
	l := newProcess(t, idleSettings())
	l.add(from("a"))
	first := l.emitAccepted()
	l.emitAccepted()
	l.now = l.now.Add(time.Hour)
	l.add(from("a"))
	points := l.emitAccepted()
	require.Len(t, points, 1)
	assert.Equal(t, first[1].start, points[0].start)
	assert.Equal(t, int64(2), points[0].values.sum)
}

// The last series of a key is dropped when another one is being created.
func TestKeyChangesItsSeries(t *testing.T) {
	s := idleSettings()
	s.Metrics = map[string]MetricConfig{"aws.s3.server.object.added": by(), "aws.s3.server.turn_around.duration": by()}
	l := newProcess(t, s)
	l.add(with(func(r *accesslog.Record) { r.Operation, r.TurnAroundTime = "REST.PUT.OBJECT", accesslog.Absent }))
	l.emitAccepted()
	l.emitAccepted()
	l.now = l.now.Add(time.Hour)
	l.add(get())
	for range 2 {
		sums, _ := lastly(l.emitAccepted())
		assert.Equal(t, map[string]int64{"aws.s3.server.turn_around.duration ": 7}, sums)
	}
}

// A drop in an interval in which nothing else happened must not leave an emission
// of deltas behind that has no points, and that nobody could ever accept.
func TestDeltaGoesOnAfterADrop(t *testing.T) {
	for _, event := range []bool{false, true} {
		s := idleSettings()
		s.setDelta(true)
		s.setEvent(event)
		l := newProcess(t, s)
		l.add(from("a"))
		assert.Len(t, l.emitAccepted(), 1)
		l.now = l.now.Add(time.Hour)
		assert.Empty(t, l.emit(time.Minute))
		assert.Equal(t, map[string]int{"aws.s3.server.requests": 0}, l.state.Series())
		assert.False(t, l.state.Unsettled())
		l.add(from("a"))
		assert.Equal(t, map[string]int64{"a": 1}, valuesOf(l.emitAccepted()))
	}
}

// Records that no metric has an observation of are no emission either.
func TestDeltaOfNothing(t *testing.T) {
	s := testSettings()
	s.Temporality = TemporalityDelta
	only(&s, "aws.s3.server.object.added", "aws.s3.bucket")
	l := newProcess(t, s)
	l.add(get())
	assert.Empty(t, l.emit(time.Minute))
	assert.False(t, l.state.Unsettled())
	l.add(with(operation("REST.PUT.OBJECT")))
	points := l.emitAccepted()
	require.Len(t, points, 1)
	assert.Equal(t, int64(1000), points[0].values.sum)
}

// What is cut waits until it is accepted; what comes meanwhile is not mixed with it.
func TestCutBeforeTheLastIsSettled(t *testing.T) {
	s := idleSettings()
	s.Temporality = TemporalityDelta
	l := newProcess(t, s)
	l.add(from("a"))
	first := allPoints(l.emit(time.Minute))
	l.add(from("a"), from("b"))
	l.state.Cut(l.now.Add(time.Minute))
	again := allPoints(l.emit(time.Minute))
	assert.Equal(t, valuesOf(first), valuesOf(again))
	assert.Equal(t, first[0].end, again[0].end)
	l.accept()
	rest := l.emitAccepted()
	assert.Equal(t, map[string]int64{"a": 1, "b": 1}, valuesOf(rest))
	assert.Equal(t, first[0].end, rest[0].start)
}

// An interval without records is not worth a commit, and still ends.
func TestIdleIntervals(t *testing.T) {
	for _, delta := range []bool{false, true} {
		s := testSettings()
		s.setDelta(delta)
		l := newProcess(t, s)
		l.add(get())
		l.emitAccepted()
		stored := len(l.journal)
		for range 3 {
			l.emitAccepted()
		}
		assert.Len(t, l.journal, stored)
		l.add(get())
		points := l.emitAccepted()
		if delta {
			assert.Equal(t, int64(time.Minute), int64(points[0].end-points[0].start))
		}
	}
}

// Only some series of a key may be idle: they go, the others stay.
func TestIdleStreamOfABusyKey(t *testing.T) {
	s := testSettings()
	s.SeriesIdleTimeout = 2 * time.Minute
	only(&s, "aws.s3.server.io", "aws.s3.bucket", direction)
	l := newProcess(t, s)
	l.add(with(operation("REST.PUT.OBJECT")))
	l.emitAccepted()
	for range 2 {
		l.add(get())
		l.emitAccepted()
	}
	assert.Equal(t, map[string]int{"aws.s3.server.io": 1}, l.state.Series())
	l.add(with(operation("REST.PUT.OBJECT")))
	got := map[string]int64{}
	for _, p := range l.emitAccepted() {
		way, _ := p.attributes.Get(direction)
		got[way.Str()] = p.values.sum
	}
	assert.Equal(t, map[string]int64{"transmit": 400, "receive": 1000}, got)
}

// A clock that is days ahead for a moment ends no series, nor one that was behind; what is
// idle afterwards ends as usual.
func TestClockThatIsSetMakesNoSeriesIdle(t *testing.T) {
	l := newProcess(t, idleSettings())
	l.add(from("a"), from("b"))
	l.emitAccepted()
	set := func(by time.Duration) {
		l.inspector = newInspector(t, idleSettings()) // stamps that go back are what this is about
		l.midway = true
		l.now = l.now.Add(by)
		l.state.ClockWasSet(l.now.Add(time.Minute))
	}
	set(240 * time.Hour)
	assert.Equal(t, map[string]int64{"a": 1, "b": 1}, valuesOf(l.emitAccepted()))
	set(-240 * time.Hour)
	l.add(from("b"))
	assert.Equal(t, map[string]int64{"a": 1, "b": 2}, valuesOf(l.emitAccepted()))
	l.add(from("b"))
	assert.Equal(t, map[string]int64{"a": 1, "b": 3}, valuesOf(l.emitAccepted()))
	l.add(from("b"))
	assert.Equal(t, map[string]int64{"b": 4}, valuesOf(l.emitAccepted()))
}
