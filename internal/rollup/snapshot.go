package rollup

import "github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"

// A snapshot is
//
//	format, layout, since, sent,
//	(group, cell, key, (born, announced, start, last) of each stream, open points, cut points)...
//
// where a point is an interval and a tally, with whole histograms if they are
// exponential.

// AppendState implements checkpoint.Section.
func (s *State) AppendState(b []byte) []byte {
	b = append(b, format)
	b = s.plan.appendLayout(b)
	b = wire.AppendVarint(b, s.since)
	b = wire.AppendVarint(b, s.sent.from)
	b = wire.AppendVarint(b, s.sent.to)
	n := 0
	for g := range s.cells {
		n += len(s.cells[g]) - len(s.free[g])
	}
	b = wire.AppendUvarint(b, uint64(n))
	for _, cells := range s.cells {
		for _, c := range cells {
			if c != nil {
				b = s.appendCell(b, c)
			}
		}
	}
	return b
}

func (s *State) appendCell(b []byte, c *cell) []byte {
	b = wire.AppendUvarint(b, uint64(c.key.group.index))
	b = wire.AppendUvarint(b, uint64(c.number))
	if c.key.overflow {
		b = append(b, ofNewOverflow)
	} else {
		b = wire.AppendString(append(b, ofNewCell), c.key.values)
	}
	for i := range c.series {
		l := &c.series[i]
		b = append(b, flag(l.born), flag(l.announced))
		b = wire.AppendVarint(b, l.start)
		b = wire.AppendVarint(b, l.last)
	}
	b = s.appendPoints(b, c, c.points)
	return s.appendPoints(b, c, c.cut)
}

func (s *State) appendPoints(b []byte, c *cell, points []*point) []byte {
	b = wire.AppendUvarint(b, uint64(len(points)))
	for _, p := range points {
		b = wire.AppendVarint(b, p.interval)
		b = wire.AppendUvarint(b, uint64(p.touched))
		for i := range c.key.group.streams {
			to := &c.key.group.streams[i]
			if p.touched&(1<<i) == 0 {
				continue
			}
			b = wire.AppendUvarint(b, uint64(p.values[to.sum]))
			switch {
			case to.histogram < 0:
			case p.exponential != nil:
				b = p.exponential[to.histogram].appendTo(b)
			default:
				b = appendBuckets(b, p.values[to.sum+1:to.sum+1+buckets])
			}
		}
	}
	return b
}

// Restore implements checkpoint.Section.
func (s *State) Restore(state []byte) error {
	r := replayer{Reader: wire.NewReader(state), state: s, whole: true}
	r.header()
	r.layout = s.plan.readLayout(r.Reader)
	s.since = r.Varint()
	s.sent = span{r.Varint(), r.Varint()}
	for range r.Count(4) {
		r.restoreCell()
	}
	s.layout = r.layout
	return r.End()
}

// Replay implements checkpoint.Section.
func (s *State) Replay(change []byte) error { return s.replay(change, func() {}) }

func (r *replayer) restoreCell() {
	from := r.group()
	c := r.cell(from)
	for i := range from.streams {
		l := series{born: r.flag(), announced: r.flag(), start: r.Varint(), last: r.Varint()}
		to := from.streams[i].stream
		if c == nil || to < 0 || r.Err() != nil {
			continue
		}
		if l.born {
			r.state.bear(c, to)
		}
		c.series[to] = l
	}
	if open := r.points(from, c); c != nil {
		c.points = open
		r.state.points += len(open)
	}
	if cut := r.points(from, c); c != nil {
		c.cut = cut
	}
}

func (r *replayer) points(from *layoutGroup, c *cell) (list []*point) {
	for range r.Count(2) {
		interval := r.Varint()
		var p *point
		if c != nil {
			p = r.state.plan.newPoint(c.key.group, interval)
			list = append(list, p)
		}
		r.values(from, c, p, func(*series) {})
	}
	return list
}
