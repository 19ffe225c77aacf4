package rollup

import (
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// layout says what the numbers of groups and streams in stored bytes mean: the
// settings of the process that wrote them. What the present settings have no
// place for is left out; its series, if they come again, start anew.
type layout struct {
	groups []layoutGroup
}

type layoutGroup struct {
	group   *group // nil: no such group any more
	streams []layoutStream
}

type layoutStream struct {
	stream      int  // in the group, or -1
	histogram   bool // what follows its sum
	exponential bool
}

// mode names what a stored value depends on beside the groups.
func (p *Plan) mode() string {
	switch {
	case p.settings.EventTime:
		return "event " + p.settings.Interval.String()
	case p.settings.Delta:
		return "delta"
	default:
		return "cumulative"
	}
}

// appendLayout appends the mode, and the attributes and streams of each group.
func (p *Plan) appendLayout(b []byte) []byte {
	b = wire.AppendString(b, p.mode())
	b = wire.AppendUvarint(b, uint64(len(p.groups)))
	for _, g := range p.groups {
		b = wire.AppendString(b, p.groupName(g))
		names := p.streamNames(g)
		b = wire.AppendUvarint(b, uint64(len(names)))
		for i, name := range names {
			b = wire.AppendString(b, name)
			b = append(b, p.streamKind(&g.streams[i]))
		}
	}
	return b
}

// groupName tells a group from all others.
func (p *Plan) groupName(g *group) string {
	if g.threats {
		return "threats: " + g.signature()
	}
	return g.signature()
}

// The kinds of streams, as they are stored.
const (
	kindSum = iota
	kindExplicit
	kindExponential
	kinds
)

func (p *Plan) streamKind(s *stream) byte {
	switch {
	case s.histogram < 0:
		return kindSum
	case p.settings.Exponential:
		return kindExponential
	default:
		return kindExplicit
	}
}

// readLayout reads what appendLayout wrote.
func (p *Plan) readLayout(r *wire.Reader) *layout {
	same := r.String() == p.mode()
	l := &layout{groups: make([]layoutGroup, r.Count(2))}
	for i := range l.groups {
		from := &l.groups[i]
		name := r.String()
		if at := slices.IndexFunc(p.groups, func(g *group) bool { return p.groupName(g) == name }); same && at >= 0 {
			from.group = p.groups[at]
		}
		from.streams = make([]layoutStream, r.Count(2))
		if len(from.streams) > 32 {
			r.Fail(wire.ErrContent)
		}
		for j := range from.streams {
			from.streams[j] = p.readStream(r, from.group)
		}
	}
	return l
}

func (p *Plan) readStream(r *wire.Reader, g *group) layoutStream {
	name, kind := r.String(), byte(0)
	if b := r.Take(1); b != nil {
		kind = b[0]
	}
	if kind >= kinds {
		r.Fail(wire.ErrContent)
	}
	s := layoutStream{stream: -1, histogram: kind != kindSum, exponential: kind == kindExponential}
	if g != nil {
		s.stream = slices.Index(p.streamNames(g), name)
	}
	return s
}
