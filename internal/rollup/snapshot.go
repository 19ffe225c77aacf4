package rollup

import (
	"encoding/binary"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// A snapshot is
//
//	format, layout, since, sent,
//	of each group: (its key, (created, announced, start, last) of each stream, open points, cut points or nothing)...
//
// with the cells in the order of their numbers, free ones included. A point is an
// interval and a tally; exponential histograms are whole in it.
const snapshotFormat = 1

// AppendState implements checkpoint.Section.
func (s *State) AppendState(b []byte) []byte {
	b = append(b, snapshotFormat)
	b = s.plan.appendLayout(b)
	b = binary.AppendVarint(b, s.since)
	sent := s.sent
	if !s.Unsettled() {
		sent = span{}
	}
	b = binary.AppendVarint(b, sent.from)
	b = binary.AppendVarint(b, sent.to)
	for _, cells := range s.cells {
		b = binary.AppendUvarint(b, uint64(len(cells)))
		for _, c := range cells {
			if c == nil {
				b = append(b, ofKnownCell)
			} else {
				b = s.appendCell(b, c)
			}
		}
	}
	return b
}

func (s *State) appendCell(b []byte, c *cell) []byte {
	b = c.key.appendTo(b)
	for i := range c.series {
		l := &c.series[i]
		if b = appendFlag(b, l.created); l.created {
			b = appendFlag(b, l.announced)
			b = binary.AppendVarint(b, l.start)
			b = binary.AppendVarint(b, l.last)
		}
	}
	b = appendPoints(b, c.key.group, c.points)
	return appendPoints(b, c.key.group, c.cut)
}

func appendPoints(b []byte, g *group, points []*point) []byte {
	b = binary.AppendUvarint(b, uint64(len(points)))
	for _, p := range points {
		b = binary.AppendVarint(b, p.interval)
		var exponential func([]byte, int) []byte
		if p.exponential != nil {
			exponential = func(b []byte, histogram int) []byte { return p.exponential[histogram].appendTo(b) }
		}
		b = appendStreams(b, g, p.touched, p.values, exponential)
	}
	return b
}

// Restore implements checkpoint.Section.
func (s *State) Restore(state []byte) error {
	r := replayer{Reader: wire.NewReader(state), state: s, wholeHistograms: true}
	r.header(snapshotFormat)
	r.layout = s.plan.readLayout(r.Reader)
	s.since = r.Varint()
	s.sent = span{r.Varint(), r.Varint()}
	for i := range r.layout.groups {
		r.restoreGroup(&r.layout.groups[i])
	}
	s.layout, s.floor = r.layout, s.started
	return r.End()
}

// Replay implements checkpoint.Section.
func (s *State) Replay(change []byte) error {
	s.floor = s.started
	return s.replay(change, func() {})
}

func (r *replayer) restoreGroup(from *layoutGroup) {
	for number := range r.Count(1) {
		kind := r.Below(ofNewOverflow + 1)
		if r.Err() != nil {
			return
		}
		if kind != ofKnownCell {
			r.restoreCell(from, r.newCell(from, kind, uint64(number)))
		} else if g := from.group; g != nil {
			r.state.cells[g.index] = append(r.state.cells[g.index], nil)
			r.state.free[g.index] = append(r.state.free[g.index], uint32(number))
		}
	}
}

// restoreCell restores what is under a key; a nil c discards it.
func (r *replayer) restoreCell(from *layoutGroup, c *cell) {
	for i := range from.streams {
		if !r.flag() {
			continue
		}
		lifetime := series{created: true, announced: r.flag(), start: r.Varint(), last: r.Varint()}
		if to := from.streams[i].stream; c != nil && to >= 0 && r.Err() == nil {
			r.state.startSeries(c, to)
			c.series[to] = lifetime
		}
	}
	open, cut := r.points(from, c), r.points(from, c)
	if c != nil {
		c.points, c.cut = open, cut
		r.state.points += len(open)
	}
}

// points reads points, without those that the settings do not have.
func (r *replayer) points(from *layoutGroup, c *cell) (list []*point) {
	last := int64(-1)
	for range r.Count(2) {
		interval, touched := r.interval(from), r.touched(from)
		if interval <= last {
			r.Fail(wire.ErrContent)
		}
		last = interval
		var p *point
		if c != nil && r.Err() == nil && from.fits(touched) {
			p = r.state.plan.newPoint(c.key.group, interval)
			list = append(list, p)
		}
		r.values(from, touched, p)
		if p != nil && p.touched&^c.created() != 0 {
			r.Fail(wire.ErrContent)
		}
	}
	return slices.Clip(list)
}
