package rollup

import (
	"errors"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// A change is
//
//	format, now, layout or nothing,
//	settled, (group, cell, its key if it is new, interval, tally)..., cut, since, start, (group, cell, streams)... to drop
//
// in the order in which it is put into effect. Groups, cells and streams are
// numbers; the layout says what those of groups and streams mean, until the next.
const format = 1

var errFormat = errors.New("it has a format that this version does not read")

// The beginnings of a tally in a change.
const (
	ofKnownCell = iota
	ofNewCell
	ofNewOverflow
)

// encodeChange makes the bytes of what was noted, or nil.
func (s *State) encodeChange(now int64) []byte {
	drops := s.drops()
	if s.cut != 0 && len(drops)+len(s.order) == 0 && !s.hasUncut() {
		s.since, s.cut = s.cut, 0 // an idle interval is not worth a commit
	}
	if len(s.order) == 0 && !s.settled && s.cut == 0 {
		return nil
	}
	b := append(make([]byte, 0, 256+64*len(s.order)), format)
	b = wire.AppendVarint(b, now)
	if b = append(b, flag(!s.stored)); !s.stored {
		b = s.plan.appendLayout(b)
	}
	b = append(b, flag(s.settled))
	b = s.appendPending(b)
	b = wire.AppendVarint(b, s.cut)
	b = wire.AppendVarint(b, s.since)
	b = wire.AppendVarint(b, s.start())
	b = wire.AppendUvarint(b, uint64(len(drops)))
	for _, d := range drops {
		b = wire.AppendUvarint(b, uint64(d.cell.key.group.index))
		b = wire.AppendUvarint(b, uint64(d.cell.number))
		b = wire.AppendUvarint(b, uint64(d.streams))
	}
	return b
}

// start is when series begin that are in an emission for the first time: one
// interval before. Under an instance id that a process before may have used
// without storage, it is not before this process either.
func (s *State) start() int64 {
	start := s.cut - int64(s.plan.settings.Interval)
	if s.plan.settings.InstanceID != "" {
		start = max(start, s.begun)
	}
	return start
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// hasUncut tells whether a cut would change anything.
func (s *State) hasUncut() bool {
	for _, cells := range s.cells {
		for _, c := range cells {
			if c == nil {
				continue
			}
			if s.plan.settings.Delta && len(c.points) > 0 {
				return true
			}
			if slices.ContainsFunc(c.series, func(l series) bool { return l.born && l.start == 0 }) {
				return true
			}
		}
	}
	return false
}

// drop is streams of a cell, as bits; the cell goes with the last.
type drop struct {
	cell    *cell
	streams uint32
}

// drops returns, with a cut, the series that have been idle for too long.
func (s *State) drops() (list []drop) {
	if s.cut == 0 {
		return nil
	}
	// Not before the back end knows what it came to.
	before := min(s.cut-int64(s.plan.settings.IdleTimeout), s.told)
	busy := make(map[*key]bool, len(s.order))
	for _, at := range s.order {
		busy[at.key] = true
	}
	for _, cells := range s.cells {
		for _, c := range cells {
			if c == nil || busy[c.key] || s.plan.settings.Delta && len(c.points)+len(c.cut) > 0 {
				continue
			}
			if streams := c.idle(before); streams != 0 {
				list = append(list, drop{c, streams})
			}
		}
	}
	return list
}

// idle returns the series to which nothing was added since, as bits.
func (c *cell) idle(before int64) (streams uint32) {
	for i := range c.series {
		if l := &c.series[i]; l.born && l.start != 0 && l.last <= before {
			streams |= 1 << i
		}
	}
	return streams
}

// attachExemplars hands the exemplars of what was pending to the points that it
// is a part of now. They are not stored.
func (s *State) attachExemplars() {
	for _, at := range s.order {
		if at.key.cell == nil {
			continue
		}
		i, found := at.key.cell.find(at.interval)
		if !found {
			continue
		}
		for h := range at.key.group.histograms {
			at.key.cell.points[i].exemplars[h].merge(&s.pending[at].exemplars[h])
		}
	}
}
