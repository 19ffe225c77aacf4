package rollup

import (
	"math"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// maxCells bounds the number of a cell that stored bytes may name: beyond it
// they make no sense.
const maxCells = 1 << 24

// replayer reads stored bytes into a state.
type replayer struct {
	*wire.Reader
	state  *State
	layout *layout
	whole  bool // exponential histograms are whole, as in a snapshot
}

// replay puts a change into effect: its own, or one that was stored. between is
// called when the tallies are in place and nothing is cut yet.
func (s *State) replay(change []byte, between func()) error {
	r := replayer{Reader: wire.NewReader(change), state: s, layout: s.layout}
	r.header()
	now := r.Varint()
	if r.flag() {
		r.layout = s.plan.readLayout(r.Reader)
	}
	if r.Err() == nil && r.layout == nil {
		r.Fail(wire.ErrContent)
	}
	if r.flag() {
		s.settle()
	}
	for range r.Count(4) {
		r.tally(now)
	}
	if r.Err() == nil {
		between()
	}
	cut := r.Varint()
	s.since = r.Varint()
	if start := r.Varint(); cut != 0 {
		s.end(cut, start)
	}
	for range r.Count(3) {
		r.drop()
	}
	err := r.End()
	if err == nil {
		s.layout = r.layout
	}
	return err
}

func (r *replayer) header() {
	if b := r.Take(1); b != nil && b[0] != format {
		r.Fail(errFormat)
	}
}

func (r *replayer) flag() bool {
	b := r.Take(1)
	if b != nil && b[0] > 1 {
		r.Fail(wire.ErrContent)
	}
	return b != nil && b[0] == 1
}

// group reads the number of a group.
func (r *replayer) group() *layoutGroup {
	if r.Err() != nil {
		return &layoutGroup{}
	}
	i := r.Below(uint64(len(r.layout.groups)))
	if r.Err() != nil {
		return &layoutGroup{}
	}
	return &r.layout.groups[i]
}

// tally adds a tally to the point that is open for its interval.
func (r *replayer) tally(now int64) {
	from := r.group()
	c := r.cell(from)
	interval := r.Varint()
	var p *point
	if c != nil && r.Err() == nil {
		p = r.state.open(c, interval)
	}
	r.values(from, c, p, func(l *series) { l.last = now })
}

// cell reads which cell a tally is of; nil when it has no place any more.
func (r *replayer) cell(from *layoutGroup) *cell {
	number := uint32(r.Below(maxCells))
	kind := r.Below(ofNewOverflow + 1)
	values := ""
	if kind == ofNewCell {
		values = r.String()
	}
	g := from.group
	if r.Err() != nil || g == nil {
		return nil
	}
	switch kind {
	case ofNewCell:
		if !g.valid(values) {
			r.Fail(wire.ErrContent)
			return nil
		}
		return r.place(r.state.shared.keys[g.index].restore(values), number)
	case ofNewOverflow:
		return r.place(r.state.shared.keys[g.index].overflow, number)
	}
	cells := r.state.cells[g.index]
	if int(number) >= len(cells) || cells[number] == nil {
		r.Fail(wire.ErrContent)
		return nil
	}
	return cells[number]
}

// place makes the cell of a key.
func (r *replayer) place(k *key, number uint32) *cell {
	s, g := r.state, k.group
	for len(s.cells[g.index]) <= int(number) {
		s.free[g.index] = append(s.free[g.index], uint32(len(s.cells[g.index])))
		s.cells[g.index] = append(s.cells[g.index], nil)
	}
	if k.cell != nil || s.cells[g.index][number] != nil {
		r.Fail(wire.ErrContent)
		return nil
	}
	free := s.free[g.index]
	i := len(free) - 1
	for free[i] != number { // nearly always the last
		i--
	}
	s.free[g.index] = slices.Delete(free, i, i+1)
	k.cell = &cell{key: k, number: number, series: make([]series, len(g.streams))}
	s.cells[g.index][number] = k.cell
	return k.cell
}

// values reads the streams of a tally or a point into p, unless that is nil, and
// calls each for the series that were touched.
func (r *replayer) values(from *layoutGroup, c *cell, p *point, each func(*series)) {
	touched := r.Below(1 << 32)
	for i := range from.streams {
		stored := &from.streams[i]
		if touched&(1<<i) == 0 {
			continue
		}
		var to *stream
		into := p
		if c == nil || p == nil || stored.stream < 0 {
			into = nil
		} else {
			to = &c.key.group.streams[stored.stream]
		}
		sum := r.amount()
		if into != nil {
			r.state.bear(c, stored.stream)
			each(&c.series[stored.stream])
			into.touched |= 1 << stored.stream
			into.values[to.sum] += sum
		}
		switch {
		case !stored.histogram:
		case stored.exponential && r.whole:
			if whole := readExponential(r.Reader); into != nil {
				into.exponential[to.histogram] = whole
			}
		case stored.exponential:
			r.exponential(to, into)
		default:
			r.explicit(to, into)
		}
	}
	if touched>>len(from.streams) != 0 {
		r.Fail(wire.ErrContent)
	}
}

// amount reads a number that is not negative.
func (r *replayer) amount() int64 { return int64(r.Below(math.MaxInt64)) }

func (r *replayer) explicit(to *stream, p *point) {
	at := uint64(0)
	for range r.Count(2) {
		at += r.Below(buckets)
		n := r.amount()
		if at >= buckets {
			r.Fail(wire.ErrContent)
			return
		}
		if p != nil {
			p.values[to.sum+1+int(at)] += n
		}
	}
}

func (r *replayer) exponential(to *stream, p *point) {
	ms := int64(0)
	for range r.Count(2) {
		ms += r.amount()
		n := r.amount()
		if ms < 0 {
			r.Fail(wire.ErrContent)
			return
		}
		if p != nil && n > 0 {
			p.exponential[to.histogram].add(ms, uint64(n))
		}
	}
}

func (r *replayer) drop() {
	from := r.group()
	number, streams := r.Below(maxCells), r.Below(1<<32)
	if r.Err() != nil || from.group == nil {
		return
	}
	cells := r.state.cells[from.group.index]
	if number >= uint64(len(cells)) || cells[number] == nil {
		r.Fail(wire.ErrContent)
		return
	}
	c := cells[number]
	for i := range from.streams {
		if to := from.streams[i].stream; streams&(1<<i) != 0 && to >= 0 {
			r.state.bury(c, to)
		}
	}
	if c.born() == 0 {
		r.state.remove(c)
	}
}
