package rollup

import (
	"encoding/binary"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// layout says what the numbers of groups and streams in stored bytes mean: the
// settings of the process that wrote them. What the present settings do not have is
// dropped; if its series come again, they start anew.
type layout struct {
	groups []layoutGroup
}

type layoutGroup struct {
	group   *group // nil means that the settings have no such group
	streams []layoutStream
}

type layoutStream struct {
	stream int // in the group, or -1
	kind   kind
}

// kind is the form in which a stream is stored.
type kind byte

const (
	kindSum         kind = iota
	kindExplicit         // a sum and buckets
	kindExponential      // a sum and an exponential histogram
	kinds
)

// maxStreams is how many streams a group may have: their bits fit into 32.
const maxStreams = 32

func (p *plan) kindOf(s *stream) kind {
	switch {
	case s.histogram < 0:
		return kindSum
	case p.exponential:
		return kindExponential
	default:
		return kindExplicit
	}
}

// mode names what a stored value depends on besides the groups.
func (p *plan) mode() string {
	switch {
	case p.eventTime:
		return "event " + p.config.Interval.String()
	case p.delta:
		return "delta"
	default:
		return "cumulative"
	}
}

// groupName returns the unique name of a group.
func (p *plan) groupName(g *group) string {
	if g.threats {
		return "threats: " + g.signature()
	}
	return g.signature()
}

// streamName returns a name that is unique in the stream's group.
func (p *plan) streamName(s *stream) string {
	return p.metrics[s.metric].Name + "/" + s.direction
}

// appendLayout appends the mode, and the attributes and streams of each group.
func (p *plan) appendLayout(b []byte) []byte {
	b = wire.AppendString(b, p.mode())
	b = binary.AppendUvarint(b, uint64(len(p.groups)))
	for _, g := range p.groups {
		b = wire.AppendString(b, p.groupName(g))
		b = binary.AppendUvarint(b, uint64(len(g.streams)))
		for i := range g.streams {
			b = wire.AppendString(b, p.streamName(&g.streams[i]))
			b = append(b, byte(p.kindOf(&g.streams[i])))
		}
	}
	return b
}

// readLayout reads what appendLayout wrote.
func (p *plan) readLayout(r *wire.Reader) *layout {
	same := r.String() == p.mode()
	l := &layout{groups: make([]layoutGroup, r.Count(2))}
	for i := range l.groups {
		name := r.String()
		if at := slices.IndexFunc(p.groups, func(g *group) bool { return p.groupName(g) == name }); same && at >= 0 {
			if l.of(p.groups[at]) != nil {
				r.Fail(wire.ErrContent)
			}
			l.groups[i].group = p.groups[at]
		}
		l.groups[i].streams = p.readStreams(r, l.groups[i].group)
	}
	return l
}

func (p *plan) readStreams(r *wire.Reader, g *group) []layoutStream {
	list := make([]layoutStream, r.Count(2))
	if len(list) > maxStreams {
		r.Fail(wire.ErrContent)
		return nil
	}
	for i := range list {
		name, stored := r.String(), kindSum
		if b := r.Take(1); b != nil {
			stored = kind(b[0])
		}
		if stored >= kinds {
			r.Fail(wire.ErrContent)
		}
		at := -1
		if g != nil {
			at = slices.IndexFunc(g.streams, func(s stream) bool { return p.streamName(&s) == name && p.kindOf(&s) == stored })
		}
		if at >= 0 && slices.ContainsFunc(list[:i], func(l layoutStream) bool { return l.stream == at }) {
			r.Fail(wire.ErrContent)
		}
		list[i] = layoutStream{stream: at, kind: stored}
	}
	return list
}

// of returns the layout's entry for a group, or nil.
func (l *layout) of(g *group) *layoutGroup {
	i := slices.IndexFunc(l.groups, func(from layoutGroup) bool { return from.group == g })
	if i < 0 {
		return nil
	}
	return &l.groups[i]
}

// missing returns the streams of the group that the layout does not have, as bits.
func (l *layoutGroup) missing() (streams uint32) {
	for i := range l.group.streams {
		if !slices.ContainsFunc(l.streams, func(s layoutStream) bool { return s.stream == i }) {
			streams |= 1 << i
		}
	}
	return streams
}
