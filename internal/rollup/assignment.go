package rollup

import "encoding/binary"

// assignment decides which cells and series the tallies of one change go to. A
// replay finds its decisions in the change and makes none.
type assignment struct {
	state        *State
	destinations map[*key]destination  // those that differ from the state
	next         []uint32              // by group: the next number behind all cells
	free         []int                 // by group: free numbers that are left
	series       []int64               // by metric, with those created in this change
	overflow     []pendingKey          // in the order of spilled
	spilled      map[pendingKey]*tally // what overflows, by interval
}

// destination is where the tallies of a key go.
type destination struct {
	number  uint32 // of its cell, once known
	known   bool   // the state or the change has assigned the number to the key
	created uint32 // streams that are series, as bits
}

// assign decides where the pending tallies go.
func (s *State) assign() *assignment {
	p := &assignment{state: s, destinations: map[*key]destination{}, spilled: map[pendingKey]*tally{}}
	for g := range s.cells {
		p.next = append(p.next, uint32(len(s.cells[g])))
		p.free = append(p.free, len(s.free[g]))
	}
	for i := range s.active {
		p.series = append(p.series, s.active[i].Load())
	}
	for _, at := range s.order {
		p.enforceLimit(at, s.pending[at])
	}
	return p
}

// appendTo appends the tallies. Those of overflows come last, since the others spill
// into them; they go back to their pool.
func (p *assignment) appendTo(b []byte) []byte {
	var list []byte
	n := uint64(0)
	for _, at := range p.state.order {
		if t := p.state.pending[at]; t.touched != 0 {
			list = p.appendTally(list, at, t)
			n++
		}
	}
	for _, at := range p.overflow {
		list = p.appendTally(list, at, p.spilled[at])
		p.state.shared.tallies[at.key.group.index].put(p.spilled[at])
		n++
	}
	return append(binary.AppendUvarint(b, n), list...)
}

// enforceLimit moves the streams that would be series beyond the limit to the overflow.
func (p *assignment) enforceLimit(at pendingKey, t *tally) {
	g := at.key.group
	if at.key.overflow {
		p.spill(at, t, t.touched)
		return
	}
	to := p.destinationOf(at.key)
	before, beyond := to.created, uint32(0)
	for i := range g.streams {
		bit := uint32(1) << i
		if t.touched&bit == 0 || to.created&bit != 0 {
			continue
		}
		if metric := g.streams[i].metric; p.series[metric] < int64(p.state.plan.config.CardinalityLimit) {
			p.series[metric]++
			to.created |= bit
		} else {
			beyond |= bit
		}
	}
	if to.created != before {
		p.destinations[at.key] = to
	}
	if beyond != 0 {
		p.spill(at, t, beyond)
	}
}

// spill moves streams of a tally to the overflow of the interval, where one
// series stands for all directions of a metric.
func (p *assignment) spill(at pendingKey, t *tally, streams uint32) {
	g := at.key.group
	to := pendingKey{p.state.shared.keys[g.index].overflow, at.interval}
	into := p.spilled[to]
	if into == nil && streams != 0 {
		into = p.state.shared.tallies[g.index].get()
		p.spilled[to] = into
		p.overflow = append(p.overflow, to)
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
func (p *assignment) appendTally(b []byte, at pendingKey, t *tally) []byte {
	g := at.key.group
	to := p.destinationOf(at.key)
	b = binary.AppendUvarint(b, uint64(g.index))
	if to.known {
		b = binary.AppendUvarint(b, uint64(to.number))
		b = append(b, ofKnownCell)
	} else {
		to.number, to.known = p.number(g.index), true
		p.destinations[at.key] = to
		b = binary.AppendUvarint(b, uint64(to.number))
		b = at.key.appendTo(b)
	}
	b = binary.AppendVarint(b, at.interval)
	return t.appendTo(b, g)
}

// destinationOf returns where the tallies of a key go.
func (p *assignment) destinationOf(k *key) destination {
	if to, found := p.destinations[k]; found || k.cell == nil {
		return to
	}
	return destination{number: k.cell.number, known: true, created: k.cell.created()}
}

// number returns a free cell number, or the next one.
func (p *assignment) number(group int) uint32 {
	if p.free[group] > 0 {
		p.free[group]--
		return p.state.free[group][p.free[group]]
	}
	p.next[group]++
	return p.next[group] - 1
}
