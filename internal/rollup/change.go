package rollup

import (
	"encoding/binary"
	"errors"
	"slices"
)

// A change is
//
//	format, now, layout or nothing,
//	(group, stream, first cell, its interval, last cell, its interval)... that are settled,
//	(group, cell, its key if it is new, interval, tally)..., cut, since, start, (group, cell, streams, gone)... to drop
//
// in the order in which it is put into effect. Groups, cells and streams are
// numbers; the layout says what those of groups and streams mean, until the next.
//
// A change of format settledAsAWhole, as the first edition wrote them, has a flag in
// place of the settled parts: everything that was cut is settled.
const (
	settledAsAWhole = 1
	format          = 2
)

var errFormat = errors.New("it has a format that this version does not read")

// What follows the number of a cell.
const (
	ofKnownCell = iota // nothing; in a snapshot, of a number that is free
	ofNewCell          // the values of its key
	ofNewOverflow
)

// encodeChange encodes what was noted and assigned.
func (s *State) encodeChange(now int64, p *assignment, drops []drop) []byte {
	since := s.since
	if s.idle != 0 {
		since = s.idle
	}
	b := append(make([]byte, 0, 256+64*len(s.order)), format)
	b = binary.AppendVarint(b, now)
	if b = appendFlag(b, !s.stored); !s.stored {
		b = s.plan.appendLayout(b)
	}
	b = appendParts(b, s.settled)
	b = p.appendTo(b)
	b = binary.AppendVarint(b, s.cut)
	b = binary.AppendVarint(b, since)
	b = binary.AppendVarint(b, s.start())
	b = binary.AppendUvarint(b, uint64(len(drops)))
	for _, d := range drops {
		b = binary.AppendUvarint(b, uint64(d.cell.key.group.index))
		b = binary.AppendUvarint(b, uint64(d.cell.number))
		b = binary.AppendUvarint(b, uint64(d.streams))
		b = appendFlag(b, d.gone)
	}
	return b
}

// start returns the start of series that are emitted for the first time: one
// interval before the cut, unless their identity may already have points there.
func (s *State) start() int64 {
	start := s.cut - int64(s.plan.config.Interval)
	if s.floor < s.cut {
		start = max(start, s.floor)
	}
	return start
}

func appendFlag(b []byte, set bool) []byte {
	if set {
		return append(b, 1)
	}
	return append(b, 0)
}

// hasUncut reports whether a cut would change anything.
func (s *State) hasUncut() bool {
	for c := range s.all() {
		if s.plan.delta && len(c.points) > 0 {
			return true
		}
		if slices.ContainsFunc(c.series, func(l series) bool { return l.needsStart(s.cut) }) {
			return true
		}
	}
	return false
}

// drop is streams of a cell, as bits.
type drop struct {
	cell    *cell
	streams uint32
	gone    bool // the cell is removed as well
}

// drops returns, with a cut, the series that have been idle for too long, and the
// cells without series, which other settings have left.
func (s *State) drops() (list []drop) {
	if s.ending {
		return s.dropsOfAll()
	}
	if s.cut == 0 || s.set != 0 && s.cut-s.set < int64(s.plan.config.SeriesIdleTimeout) {
		return nil
	}
	delta := s.plan.delta
	before := s.cut - int64(s.plan.config.SeriesIdleTimeout)
	if !delta {
		before = min(before, s.delivered-1) // not before its last value was accepted
	}
	busy := s.busy()
	for c := range s.all() {
		if delta && len(c.points)+len(c.cut) > 0 {
			continue // its points are not emitted yet
		}
		streams := c.idle(before) &^ busy[c.key]
		if gone := c.created()|busy[c.key] == streams; gone || streams != 0 {
			list = append(list, drop{c, streams, gone})
		}
	}
	return list
}

// dropsOfAll returns all series but those that something is to be added to.
func (s *State) dropsOfAll() (list []drop) {
	busy := s.busy()
	for c := range s.all() {
		if _, is := busy[c.key]; !is {
			list = append(list, drop{c, c.created(), true})
		}
	}
	return list
}

// busy returns the streams that something is to be added to, by key.
func (s *State) busy() map[*key]uint32 {
	busy := make(map[*key]uint32, len(s.order))
	for _, at := range s.order {
		busy[at.key] |= s.pending[at].touched
	}
	return busy
}

// idle returns the series without an update after before, as bits.
func (c *cell) idle(before int64) (streams uint32) {
	for i := range c.series {
		if l := &c.series[i]; l.created && l.start != 0 && l.last <= before {
			streams |= 1 << i
		}
	}
	return streams
}

// attachExemplars merges the exemplars of the pending tallies into the points that
// the tallies were added to. They are not stored.
func (s *State) attachExemplars() {
	for _, at := range s.order {
		c := at.key.cell
		if c == nil {
			continue
		}
		i, found := c.find(at.interval)
		if !found {
			continue
		}
		for j := range at.key.group.streams {
			if h := at.key.group.streams[j].histogram; h >= 0 && c.series[j].created {
				c.points[i].exemplars[h].merge(&s.pending[at].exemplars[h])
			}
		}
	}
}
