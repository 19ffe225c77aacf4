package rollup

import (
	"cmp"
	"iter"
	"slices"
)

// cell is what is committed under a key.
type cell struct {
	key    *key
	number uint32
	series []series // by stream
	points []*point // open ones by interval; one at most unless EventTime
	cut    []*point // those of an emission that is not settled, with Delta
}

// series is the lifetime of a stream.
type series struct {
	created   bool
	announced bool  // an emission with its start point was accepted
	start     int64 // nanoseconds; 0 until the first emission that has it
	last      int64 // nanoseconds: time of the last update
}

// needsStart reports whether a cut at that time gives a series its start: the first one
// does, and one by a clock that is right again after it was ahead.
func (l *series) needsStart(at int64) bool { return l.created && (l.start == 0 || l.start >= at) }

// point is what is committed under a key within an interval.
type point struct {
	interval    int64         // its beginning in seconds since the Unix epoch; 0 without EventTime
	touched     uint32        // as in a tally
	values      []int64       // as in a tally
	exponential []exponential // of each histogram
	exemplars   []exemplar    // of each histogram; not stored
}

// all returns all cells.
func (s *State) all() iter.Seq[*cell] {
	return func(yield func(*cell) bool) {
		for _, cells := range s.cells {
			for _, c := range cells {
				if c != nil && !yield(c) {
					return
				}
			}
		}
	}
}

// created returns the streams that are series, as bits.
func (c *cell) created() (streams uint32) {
	for i := range c.series {
		if c.series[i].created {
			streams |= 1 << i
		}
	}
	return streams
}

// find returns the index of the open point of an interval, or where to insert it.
func (c *cell) find(interval int64) (i int, found bool) {
	return slices.BinarySearchFunc(c.points, interval, func(p *point, at int64) int { return cmp.Compare(p.interval, at) })
}

// open returns the open point of an interval, a new one if there is none.
func (s *State) open(c *cell, interval int64) *point {
	i, found := c.find(interval)
	if !found {
		c.points = slices.Insert(c.points, i, s.plan.newPoint(c.key.group, interval))
		s.points++
	}
	return c.points[i]
}

func (p *plan) newPoint(g *group, interval int64) *point {
	made := &point{interval: interval, values: make([]int64, g.width), exemplars: make([]exemplar, g.histograms)}
	if p.exponential {
		made.exponential = make([]exponential, g.histograms)
	}
	return made
}

// startSeries makes a stream a series.
func (s *State) startSeries(c *cell, stream int) {
	if c.series[stream].created {
		return
	}
	c.series[stream].created = true
	if !c.key.overflow {
		s.active[c.key.group.streams[stream].metric].Add(1)
	}
}

// endSeries ends a series and clears its values.
func (s *State) endSeries(c *cell, stream int) {
	if !c.series[stream].created {
		return
	}
	c.series[stream] = series{}
	to := &c.key.group.streams[stream]
	if !c.key.overflow {
		s.active[to.metric].Add(-1)
	}
	for _, p := range c.points {
		p.clear(stream, to)
	}
	for _, p := range c.cut {
		p.clear(stream, to)
	}
}

// clear resets the values of a stream.
func (p *point) clear(stream int, to *stream) {
	p.touched &^= 1 << stream
	p.values[to.sum] = 0
	if to.histogram < 0 {
		return
	}
	p.exemplars[to.histogram] = exemplar{}
	if p.exponential != nil {
		p.exponential[to.histogram] = exponential{}
	} else {
		clear(p.values[to.sum+1 : to.sum+1+buckets])
	}
}

// remove removes a cell with all its series.
func (s *State) remove(c *cell) {
	for i := range c.series {
		s.endSeries(c, i)
	}
	g := c.key.group.index
	s.points -= len(c.points)
	s.cells[g][c.number] = nil
	s.free[g] = append(s.free[g], c.number)
	s.shared.keys[g].remove(c.key)
	c.key.cell = nil
}

// prune removes what the layout of a later process does not have, as its snapshot
// would not have it either.
func (s *State) prune(l *layout) {
	for _, g := range s.plan.groups {
		from := l.of(g)
		var missing uint32
		if from != nil {
			missing = from.missing()
		}
		for _, c := range s.cells[g.index] {
			switch {
			case c == nil:
			case from == nil:
				s.remove(c)
			case missing != 0:
				s.forget(c, missing)
			}
		}
		if from == nil {
			s.cells[g.index], s.free[g.index] = nil, nil
		}
	}
}

// forget ends series, and removes the points that are empty without them.
func (s *State) forget(c *cell, streams uint32) {
	for i := range c.series {
		if streams&(1<<i) != 0 {
			s.endSeries(c, i)
		}
	}
	s.points -= len(c.points)
	untouched := func(p *point) bool { return p.touched == 0 }
	c.points = slices.DeleteFunc(c.points, untouched)
	c.cut = slices.DeleteFunc(c.cut, untouched)
	s.points += len(c.points)
}

// applyCut fixes what the next emission holds: new series get their start, as do those
// that were started by a clock which was ahead, and with Delta all open points are cut,
// unless the last cut is still unsettled.
func (s *State) applyCut(at, start int64) {
	for c := range s.all() {
		for i := range c.series {
			if l := &c.series[i]; l.needsStart(at) {
				l.start = start
			}
		}
	}
	if s.Unsettled() {
		return
	}
	if s.plan.delta {
		for c := range s.all() {
			c.cut, c.points = c.points, nil
		}
		s.points = 0
		s.sent = span{min(s.since, at-1), at}
	}
	s.since = at
}

// settleAll settles all of the emission that was cut.
func (s *State) settleAll() {
	for c := range s.all() {
		c.cut = nil
		for i := range c.series {
			c.series[i].announced = c.series[i].created && c.series[i].start != 0
		}
	}
	s.sent = span{}
}
