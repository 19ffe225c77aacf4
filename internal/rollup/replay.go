package rollup

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// replayer reads stored bytes into a state.
type replayer struct {
	*wire.Reader
	state           *State
	layout          *layout
	wholeHistograms bool // exponential histograms are stored whole, as in a snapshot
}

// replay applies a change, a new one or a stored one. afterTallies is called when the
// tallies are added and nothing is cut yet.
func (s *State) replay(change []byte, afterTallies func()) error {
	r := replayer{Reader: wire.NewReader(change), state: s, layout: s.layout}
	version := r.header(format)
	now := r.Varint()
	if r.flag() {
		r.layout = s.plan.readLayout(r.Reader)
		s.prune(r.layout)
	}
	if r.layout == nil {
		r.Fail(wire.ErrContent)
	}
	if version != settledAsAWhole {
		r.parts()
	} else if r.flag() {
		s.settleAll()
	}
	for range r.Count(5) {
		r.tally(now)
	}
	if r.Err() == nil {
		afterTallies()
	}
	cut := r.Varint()
	s.since = r.Varint()
	if start := r.Varint(); cut != 0 {
		s.applyCut(cut, start)
	}
	for range r.Count(4) {
		s.floor = max(s.floor, cut)
		r.drop()
	}
	err := r.End()
	if err == nil {
		s.layout = r.layout
	}
	return err
}

// header reads the format version of what follows; newest is the newest known.
func (r *replayer) header(newest byte) (version byte) {
	b := r.Take(1)
	if b == nil {
		return 0
	}
	if b[0] == 0 || b[0] > newest {
		r.Fail(fmt.Errorf("%w: format %d, it reads up to %d", errFormat, b[0], newest))
	}
	return b[0]
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
	interval, touched := r.interval(from), r.touched(from)
	if c == nil || r.Err() != nil || !from.fits(touched) {
		r.values(from, touched, nil)
		return
	}
	p := r.state.open(c, interval)
	r.values(from, touched, p)
	for i := range from.streams {
		if to := from.streams[i].stream; touched&(1<<i) != 0 && to >= 0 {
			r.state.startSeries(c, to)
			c.series[to].last = now
		}
	}
}

// cell reads the cell of a tally; nil when the settings do not have its group.
func (r *replayer) cell(from *layoutGroup) *cell {
	number, kind := r.Uvarint(), r.Below(ofNewOverflow+1)
	if kind != ofKnownCell {
		return r.newCell(from, kind, number)
	}
	return r.knownCell(from, number)
}

// knownCell returns the cell of a number, nil when the settings do not have its group.
func (r *replayer) knownCell(from *layoutGroup, number uint64) *cell {
	if r.Err() != nil || from.group == nil {
		return nil
	}
	cells := r.state.cells[from.group.index]
	if number >= uint64(len(cells)) || cells[number] == nil {
		r.Fail(wire.ErrContent)
		return nil
	}
	return cells[number]
}

// newCell reads a key and makes its cell; nil when the settings do not have its group.
func (r *replayer) newCell(from *layoutGroup, kind, number uint64) *cell {
	values := ""
	if kind == ofNewCell {
		values = r.String()
	}
	g := from.group
	if r.Err() != nil || g == nil {
		return nil
	}
	k := r.state.shared.keys[g.index].overflow
	if kind == ofNewCell {
		if !g.valid(values) {
			r.Fail(wire.ErrContent)
			return nil
		}
		k = r.state.shared.keys[g.index].restore(values)
	}
	if k.cell != nil || !r.state.take(g, number) {
		r.Fail(wire.ErrContent)
		return nil
	}
	k.cell = &cell{key: k, number: uint32(number), series: make([]series, len(g.streams))}
	r.state.cells[g.index][number] = k.cell
	return k.cell
}

// take claims a cell number, which must be free or the next one.
func (s *State) take(g *group, number uint64) bool {
	if number == uint64(len(s.cells[g.index])) {
		s.cells[g.index] = append(s.cells[g.index], nil)
		return true
	}
	free := s.free[g.index]
	for i := len(free) - 1; i >= 0; i-- { // nearly always the last
		if uint64(free[i]) == number {
			s.free[g.index] = slices.Delete(free, i, i+1)
			return true
		}
	}
	return false
}

// maxInterval is the last interval whose nanoseconds fit into a number.
const maxInterval = math.MaxInt64 / int64(time.Second)

// interval reads the interval of a point. Intervals are invalid without event time.
func (r *replayer) interval(from *layoutGroup) int64 {
	interval := r.Varint()
	if interval < 0 || interval > maxInterval || interval > 0 && from.group != nil && !r.state.plan.eventTime {
		r.Fail(wire.ErrContent)
	}
	return interval
}

// touched reads the bits of the streams that follow.
func (r *replayer) touched(from *layoutGroup) uint32 {
	return uint32(r.Below(1 << len(from.streams)))
}

// fits reports whether the settings have any of these streams.
func (l *layoutGroup) fits(streams uint32) bool {
	for i := range l.streams {
		if streams&(1<<i) != 0 && l.streams[i].stream >= 0 {
			return true
		}
	}
	return false
}

// values reads the streams of a tally or a point into p, without those that the
// settings do not have. A nil p discards all.
func (r *replayer) values(from *layoutGroup, touched uint32, p *point) {
	for i := range from.streams {
		stored := &from.streams[i]
		if touched&(1<<i) == 0 {
			continue
		}
		into, to := p, (*stream)(nil)
		if into != nil && stored.stream >= 0 {
			to = &from.group.streams[stored.stream]
			into.touched |= 1 << stored.stream
		} else {
			into = nil
		}
		sum := r.amount()
		if into != nil {
			into.values[to.sum] = plus(into.values[to.sum], sum)
		}
		switch {
		case stored.kind == kindSum:
		case stored.kind == kindExplicit:
			r.explicit(to, into)
		case r.wholeHistograms:
			if whole := readExponential(r.Reader); into != nil {
				into.exponential[to.histogram] = whole
			}
		default:
			r.exponential(to, into)
		}
	}
}

// amount reads a number that is not negative.
func (r *replayer) amount() int64 { return int64(r.Below(1 << 63)) }

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
			count := &p.values[to.sum+1+int(at)]
			*count = plus(*count, n)
		}
	}
}

func (r *replayer) exponential(to *stream, p *point) {
	ms := int64(0)
	for range r.Count(2) {
		ms = plus(ms, r.amount())
		if n := r.amount(); p != nil && n > 0 {
			p.exponential[to.histogram].add(ms, uint64(n))
		}
	}
}

// drop reads which streams of a cell end, and whether the cell is removed with them.
func (r *replayer) drop() {
	from := r.group()
	c := r.knownCell(from, r.Uvarint())
	streams, gone := r.touched(from), r.flag()
	if c == nil || r.Err() != nil {
		return
	}
	var end uint32
	for i := range from.streams {
		if to := from.streams[i].stream; streams&(1<<i) != 0 && to >= 0 {
			end |= 1 << to
		}
	}
	r.state.forget(c, end)
	if gone {
		r.state.remove(c)
	}
}
