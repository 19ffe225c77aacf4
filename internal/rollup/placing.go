package rollup

import "github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"

// placing decides which cells and series the tallies of one change go to. A
// replay finds its decisions in the change and makes none.
type placing struct {
	state    *State
	placed   map[*key]*place
	next     []uint32 // by group: the next number behind all cells
	free     []int    // by group: free numbers that are left
	series   []int64  // by metric, with those born in this change
	overflow map[pendingKey]*tally
}

// place is where a key without a cell goes.
type place struct {
	number  uint32
	written bool   // the change tells already that the number is the key's
	born    uint32 // streams born in this change, as bits
}

func newPlacing(s *State) *placing {
	p := &placing{state: s, placed: map[*key]*place{}, overflow: map[pendingKey]*tally{}}
	for g := range s.cells {
		p.next = append(p.next, uint32(len(s.cells[g])))
		p.free = append(p.free, len(s.free[g]))
	}
	for i := range s.active {
		p.series = append(p.series, s.active[i].Load())
	}
	return p
}

// appendPending appends the tallies, those of overflows last, since they take
// what others have no place for.
func (s *State) appendPending(b []byte) []byte {
	p := newPlacing(s)
	var list []byte
	n := uint64(0)
	for _, at := range s.order {
		t := s.pending[at]
		p.divert(at, t)
		if t.touched != 0 {
			list = p.appendTally(list, at, t)
			n++
		}
	}
	for at, t := range p.overflow {
		list = p.appendTally(list, at, t)
		s.shared.tallies[at.key.group.index].put(t)
		n++
	}
	return append(wire.AppendUvarint(b, n), list...)
}

// divert takes out of a tally the streams that would be series beyond the limit.
func (p *placing) divert(at pendingKey, t *tally) {
	g := at.key.group
	if at.key.overflow {
		p.spill(at, t, t.touched)
		return
	}
	var born, beyond uint32
	if at.key.cell != nil {
		born = at.key.cell.born()
	}
	if before := p.placed[at.key]; before != nil {
		born |= before.born
	}
	for i := range g.streams {
		bit := uint32(1) << i
		if t.touched&bit == 0 || born&bit != 0 {
			continue
		}
		if metric := g.streams[i].metric; p.series[metric] < int64(p.state.plan.settings.Limit) {
			p.series[metric]++
			p.placeOf(at.key).born |= bit
		} else {
			beyond |= bit
		}
	}
	if beyond != 0 {
		p.spill(at, t, beyond)
	}
}

// spill moves streams of a tally to the overflow of the interval, where one
// series stands for all directions of a metric.
func (p *placing) spill(at pendingKey, t *tally, streams uint32) {
	g := at.key.group
	to := pendingKey{p.state.shared.keys[g.index].overflow, at.interval}
	into := p.overflow[to]
	if into == nil {
		into = p.state.shared.tallies[g.index].get()
		p.overflow[to] = into
	}
	first, counted := 0, -1
	for i := range g.streams {
		metric := g.streams[i].metric
		if metric != g.streams[first].metric {
			first = i
		}
		if streams&(1<<i) == 0 {
			continue
		}
		t.move(g, i, first, into)
		if metric != counted {
			counted = metric
			p.state.overflowed(metric, t.records)
		}
	}
}

// appendTally appends a tally with the cell it goes to.
func (p *placing) appendTally(b []byte, at pendingKey, t *tally) []byte {
	g := at.key.group
	b = wire.AppendUvarint(b, uint64(g.index))
	if c := at.key.cell; c != nil {
		b = wire.AppendUvarint(b, uint64(c.number))
		b = append(b, ofKnownCell)
	} else {
		b = p.placeOf(at.key).appendTo(b, at.key)
	}
	b = wire.AppendVarint(b, at.interval)
	return t.appendTo(b, g)
}

func (p *place) appendTo(b []byte, k *key) []byte {
	b = wire.AppendUvarint(b, uint64(p.number))
	if p.written {
		return append(b, ofKnownCell)
	}
	p.written = true
	if k.overflow {
		return append(b, ofNewOverflow)
	}
	return wire.AppendString(append(b, ofNewCell), k.values)
}

// placeOf returns where a key without a cell goes, a free number when that is
// not decided yet. For a key with a cell the number has no meaning.
func (p *placing) placeOf(k *key) *place {
	if found := p.placed[k]; found != nil {
		return found
	}
	made := &place{}
	p.placed[k] = made
	if k.cell != nil {
		return made
	}
	g := k.group.index
	if p.free[g] > 0 {
		p.free[g]--
		made.number = p.state.free[g][p.free[g]]
	} else {
		made.number = p.next[g]
		p.next[g]++
	}
	return made
}
