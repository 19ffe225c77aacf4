package rollup

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// part is the points of one stream in a request. An emission goes through a stream's
// cells in the order of their numbers, and through the cut points of each cell in the
// order of their intervals; so a request has a contiguous range of them, which two
// positions name. While an emission is under way nothing is cut and no series gets
// its start, so what is counted meanwhile is not part of it.
type part struct {
	group, stream int
	first, last   position
}

// position is the place of a stream's point in an emission.
type position struct {
	cell     uint32
	interval int64
}

func (p position) compare(other position) int {
	if c := cmp.Compare(p.cell, other.cell); c != 0 {
		return c
	}
	return cmp.Compare(p.interval, other.interval)
}

// holds reports whether a cut point of a cell is in the part.
func (p *part) holds(c *cell, cut *point) bool {
	at := position{c.number, cut.interval}
	return cut.touched&(1<<p.stream) != 0 && at.compare(p.first) >= 0 && at.compare(p.last) <= 0
}

// hold adds a point to the parts of the last request, with which it is settled.
func (e *emission) hold(c *cell, stream int, interval int64) *Request {
	r := &e.requests[len(e.requests)-1]
	group, at := c.key.group.index, position{c.number, interval}
	if n := len(r.parts); n == 0 || r.parts[n-1].group != group || r.parts[n-1].stream != stream {
		r.parts = append(r.parts, part{group: group, stream: stream, first: at})
	}
	r.parts[len(r.parts)-1].last = at
	return r
}

func appendParts(b []byte, parts []part) []byte {
	b = binary.AppendUvarint(b, uint64(len(parts)))
	for i := range parts {
		p := &parts[i]
		b = binary.AppendUvarint(b, uint64(p.group))
		b = binary.AppendUvarint(b, uint64(p.stream))
		b = appendPosition(b, p.first)
		b = appendPosition(b, p.last)
	}
	return b
}

func appendPosition(b []byte, p position) []byte {
	return binary.AppendVarint(binary.AppendUvarint(b, uint64(p.cell)), p.interval)
}

// parts reads the settled parts and settles them.
func (r *replayer) parts() {
	for range r.Count(6) {
		from := r.group()
		stream := r.Below(uint64(len(from.streams)))
		first, last := r.position(from), r.position(from)
		if r.Err() != nil || from.group == nil {
			continue
		}
		if first.compare(last) > 0 {
			r.Fail(wire.ErrContent)
		} else if to := from.streams[stream].stream; to >= 0 {
			r.state.settle(&part{from.group.index, to, first, last})
		}
	}
}

// position reads where a part begins or ends.
func (r *replayer) position(from *layoutGroup) position {
	if from.group == nil { // it has no cells any more
		r.Uvarint()
		return position{0, r.interval(from)}
	}
	cell := r.Below(uint64(len(r.state.cells[from.group.index])))
	return position{uint32(cell), r.interval(from)}
}

// settle removes the cut points of a part, and marks its series as announced.
func (s *State) settle(p *part) {
	for _, c := range s.cells[p.group][p.first.cell : p.last.cell+1] {
		if c == nil {
			continue
		}
		lifetime := &c.series[p.stream]
		lifetime.announced = lifetime.start != 0
		if len(c.cut) == 0 {
			continue
		}
		c.cut = slices.DeleteFunc(c.cut, func(cut *point) bool {
			if p.holds(c, cut) {
				cut.clear(p.stream, &c.key.group.streams[p.stream])
			}
			return cut.touched == 0
		})
		if len(c.cut) == 0 {
			c.cut = nil
		}
	}
}
