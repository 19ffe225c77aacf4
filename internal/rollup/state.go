package rollup

import (
	"sync"
	"sync/atomic"
	"time"
)

// State holds the committed counters, and what is to be committed next. It is not
// safe for concurrent use, except NewCounter and Series.
type State struct {
	plan   *plan
	shared *shared

	// Committed: changed only by replay.
	cells       [][]*cell      // by group and number; nil for a free number
	free        [][]uint32     // by group
	active      []atomic.Int64 // series by metric, without the overflow
	since       int64          // nanoseconds: when the open interval began
	sent        span           // what the cut covers, with Delta
	points      int            // open ones
	requestSize int            // estimated OTLP size of a request, in bytes, after which the next begins
	layout      *layout        // of stored changes; nil before there are any
	stored      bool           // this plan's layout is in force

	instance  string
	started   int64 // nanoseconds: when this process started
	delivered int64 // nanoseconds: time of the last emission of this process that was accepted as a whole
	floor     int64 // nanoseconds: up to when there may be points of dropped series

	// For the next change.
	pending map[pendingKey]*tally
	order   []pendingKey // of pending, in the order of arrival
	settled []part
	cut     int64 // nanoseconds, or 0
	idle    int64 // nanoseconds: end of the last interval that was not worth a commit, or 0
	ending  bool  // with cut: all series end there
	set     int64 // nanoseconds: when the clock was set, by that clock; 0 means that it was not
	change  []byte
}

// shared is what counters and the state have in common.
type shared struct {
	plan       *plan
	keys       []*keys    // by group
	tallies    []*tallies // by group
	deltas     sync.Pool
	maxEntries int // of a counter
}

type pendingKey struct {
	key      *key
	interval int64
}

// span is a part of time, in nanoseconds since the Unix epoch.
type span struct{ from, to int64 }

// maxPoints bounds the points that wait for an emission with event time: a
// thousand minutes of a hundred keys.
const maxPoints = 100_000

// minEntries is the lowest limit of a counter's entries.
const minEntries = 1 << 12

// New returns an empty state that begins now. With checkpoint.Open it is a
// section, which brings back what was committed.
func New(c Config, d Deps, now time.Time) *State {
	plan := newPlan(c, d)
	n := len(plan.groups)
	state := &State{
		plan:        plan,
		shared:      &shared{plan: plan, maxEntries: max(2*c.CardinalityLimit, minEntries)},
		cells:       make([][]*cell, n),
		free:        make([][]uint32, n),
		active:      make([]atomic.Int64, len(plan.metrics)),
		since:       now.UnixNano(),
		started:     now.UnixNano(),
		pending:     make(map[pendingKey]*tally),
		instance:    c.InstanceID,
		requestSize: maxRequest,
	}
	if c.InstanceID != "" {
		state.floor = state.started // an earlier process may have used it, without storage
	}
	state.shared.deltas.New = func() any { return &Delta{} }
	for _, g := range plan.groups {
		state.shared.keys = append(state.shared.keys, newKeys(g, c.CardinalityLimit))
		state.shared.tallies = append(state.shared.tallies, &tallies{group: g, exponential: plan.exponential})
	}
	return state
}

// Identify sets the service.instance.id, for a Config that has none. It is called
// before the first Emission.
func (s *State) Identify(instance string) { s.instance = instance }

// Add adds a delta to what is to be committed next, and takes ownership of it.
func (s *State) Add(d *Delta) {
	for i := range d.counted {
		c := &d.counted[i]
		if c.key.cell == nil {
			c.key = s.shared.keys[c.key.group.index].adopt(c.key)
		}
		at := pendingKey{c.key, c.interval}
		if t := s.pending[at]; t != nil {
			t.merge(c.tally)
			s.shared.tallies[c.key.group.index].put(c.tally)
		} else {
			s.pending[at] = c.tally
			s.order = append(s.order, at)
		}
	}
	clear(d.counted)
	d.counted, d.records = d.counted[:0], 0
	s.shared.deltas.Put(d)
}

// overflowed reports records that are beyond the limit of a metric.
func (s *State) overflowed(metric int, records int64) {
	if report := s.plan.deps.Overflow; report != nil {
		report(s.plan.metrics[metric].Name, records)
	}
}

// Cut makes the next change end the interval. Emission returns that interval once the
// change is committed. With Delta there may be one emission at a time: see Unsettled.
func (s *State) Cut(at time.Time) { s.cut = at.UnixNano() }

// ClockWasSet notes that the clock of Cut's times was set, and says what it says now: no
// series is idle for SeriesIdleTimeout before that has passed.
func (s *State) ClockWasSet(now time.Time) { s.set = now.UnixNano() }

// EndAll makes the next change end all cumulative series; what is counted later begins new
// ones. Their last values are to be accepted before. Deltas have no series to end.
func (s *State) EndAll(at time.Time) {
	if !s.plan.delta {
		s.cut, s.ending = at.UnixNano(), true
	}
}

// Settle notes for the next change that a request of the last Emission was accepted:
// its deltas and start points are not emitted again.
func (s *State) Settle(r *Request) { s.settled = append(s.settled, r.parts...) }

// SettlePoints notes that points of a request of the last Emission, given by their
// index in it, were accepted or refused although the request was not settled. Only
// deltas are settled so: the next emission has all cumulative series.
func (s *State) SettlePoints(r *Request, points []int) {
	if !s.plan.delta || len(points) == 0 {
		return
	}
	n := -1
	for i := range r.parts {
		p := &r.parts[i]
		for _, c := range s.cells[p.group][p.first.cell : p.last.cell+1] {
			if c == nil {
				continue
			}
			for _, cut := range c.cut {
				if !p.holds(c, cut) {
					continue
				}
				if n++; len(points) > 0 && points[0] == n {
					at := position{c.number, cut.interval}
					points = points[1:]
					s.settled = append(s.settled, part{p.group, p.stream, at, at})
				}
			}
		}
	}
}

// Refuse notes that a request of the last Emission was refused permanently. Its deltas
// are lost. Cumulative series, and their start points, are in the next emission.
func (s *State) Refuse(r *Request) {
	if s.plan.delta {
		s.Settle(r)
	}
}

// Delivered notes that all requests of the emission of this time were accepted.
func (s *State) Delivered(at time.Time) { s.delivered = at.UnixNano() }

// Unsettled reports whether an emission was cut, perhaps by an earlier process, that
// must be settled before the next one.
func (s *State) Unsettled() bool {
	if s.plan.delta {
		for c := range s.all() {
			if len(c.cut) > 0 {
				return true
			}
		}
	}
	return false
}

// Full reports whether the pending points have reached their limit and must be
// emitted now.
func (s *State) Full() bool { return s.plan.eventTime && s.points >= maxPoints }

// Change returns what was noted since the last change as the bytes to commit, or nil
// when there is nothing. Nothing may be noted between Change and Committed.
func (s *State) Change(now time.Time) []byte {
	if s.change != nil {
		return s.change
	}
	drops := s.drops()
	if s.cut != 0 && len(drops)+len(s.order) == 0 && !s.hasUncut() {
		s.idle, s.cut = s.cut, 0
	}
	if len(s.order)+len(s.settled) > 0 || s.cut != 0 {
		s.change = s.encodeChange(now.UnixNano(), s.assign(), drops)
	}
	return s.change
}

// Committed applies the last Change, once it is stored. An error means that stored
// bytes cannot be replayed, and that the state must not be used any more.
func (s *State) Committed() error {
	if s.change == nil {
		return nil
	}
	err := s.replay(s.change, s.attachExemplars)
	s.stored = true
	if s.cut != 0 {
		for _, k := range s.shared.keys {
			k.sweep()
		}
	}
	for _, at := range s.order {
		s.shared.tallies[at.key.group.index].put(s.pending[at])
	}
	clear(s.pending)
	clear(s.order)
	s.order, s.change, s.cut, s.idle, s.settled = s.order[:0], nil, 0, 0, s.settled[:0]
	s.ending = false
	return err
}

// Series returns how many series each metric has. It may be called from any
// goroutine.
func (s *State) Series() map[string]int {
	n := make(map[string]int, len(s.active))
	for i, m := range s.plan.metrics {
		n[m.Name] = int(s.active[i].Load())
	}
	return n
}
