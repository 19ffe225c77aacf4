package rollup

import "slices"

// cell is what is committed under a key.
type cell struct {
	key    *key
	number uint32
	series []series // by stream
	points []*point // open ones by interval; one at most unless EventTime
	cut    []*point // those of an emission that is not settled, with Delta
}

// series is the life of a stream.
type series struct {
	born      bool
	announced bool  // an emission with its beginning was accepted
	start     int64 // nanoseconds; 0 until it is a part of an emission
	last      int64 // nanoseconds: when something was added
}

// point is what is committed under a key within an interval.
type point struct {
	interval    int64         // its beginning in seconds since the Unix epoch; 0 without EventTime
	touched     uint32        // as in a tally
	values      []int64       // as in a tally
	exponential []exponential // of each histogram
	exemplars   []exemplar    // of each histogram; not stored
}

// born returns the streams that are series, as bits.
func (c *cell) born() (streams uint32) {
	for i := range c.series {
		if c.series[i].born {
			streams |= 1 << i
		}
	}
	return streams
}

// find returns where the open point of an interval is, or would be.
func (c *cell) find(interval int64) (i int, found bool) {
	return slices.BinarySearchFunc(c.points, interval, func(p *point, at int64) int { return int(p.interval - at) })
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

func (p *Plan) newPoint(g *group, interval int64) *point {
	made := &point{interval: interval, values: make([]int64, g.width), exemplars: make([]exemplar, g.histograms)}
	if p.settings.Exponential {
		made.exponential = make([]exponential, g.histograms)
	}
	return made
}

// bear makes a stream a series.
func (s *State) bear(c *cell, stream int) {
	if c.series[stream].born {
		return
	}
	c.series[stream].born = true
	if !c.key.overflow {
		s.active[c.key.group.streams[stream].metric].Add(1)
	}
}

// bury ends a series, with what it counted.
func (s *State) bury(c *cell, stream int) {
	if !c.series[stream].born {
		return
	}
	c.series[stream] = series{}
	to := &c.key.group.streams[stream]
	if !c.key.overflow {
		s.active[to.metric].Add(-1)
	}
	for _, p := range c.points {
		p.touched &^= 1 << stream
		p.values[to.sum] = 0
		if to.histogram < 0 {
			continue
		}
		p.exemplars[to.histogram] = exemplar{}
		if p.exponential != nil {
			p.exponential[to.histogram] = exponential{}
		} else {
			clear(p.values[to.sum+1 : to.sum+1+buckets])
		}
	}
}

// remove takes away a cell without series.
func (s *State) remove(c *cell) {
	g := c.key.group.index
	s.points -= len(c.points)
	s.cells[g][c.number] = nil
	s.free[g] = append(s.free[g], c.number)
	s.shared.keys[g].remove(c.key)
	c.key.cell = nil
}

// end ends what the next emission holds: series that are new have their start,
// and with Delta all that is open is cut.
func (s *State) end(at, start int64) {
	for _, cells := range s.cells {
		for _, c := range cells {
			if c == nil {
				continue
			}
			for i := range c.series {
				if l := &c.series[i]; l.born && l.start == 0 {
					l.start = start
				}
			}
			if s.plan.settings.Delta {
				c.cut, c.points = append(c.cut, c.points...), nil
			}
		}
	}
	if s.plan.settings.Delta {
		s.points = 0
		if s.sent.to == 0 {
			s.sent.from = s.since
		}
		s.sent.to = at
	}
	s.since = at
}

// settle ends the emission that was cut.
func (s *State) settle() {
	for _, cells := range s.cells {
		for _, c := range cells {
			if c == nil {
				continue
			}
			c.cut = nil
			for i := range c.series {
				c.series[i].announced = c.series[i].born && c.series[i].start != 0
			}
		}
	}
	s.sent = span{}
}
