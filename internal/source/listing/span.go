package listing

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// segmentPages is how many pages share a group.
	segmentPages = 16
	// maxMarks is how many pages may wait for an earlier object that cannot be read.
	// Then spans wait.
	maxMarks = 1024
	// markPause is the interval between checks whether they may continue.
	markPause = time.Second

	groupOfSegment = "span/" // and a number
)

// span is the job of listing days before the window, once. Its keys are those of log
// objects, without the prefix's base.
type span struct {
	source *Source
	prefix *prefix
	run    *run

	from       string // last key up to which all is acknowledged; "" means none
	to         day    // the first day that is not in it
	at         string // the last key that was listed
	seenBefore string // the last key that an earlier process listed, until from reaches it
}

// backlog is what all spans share.
//
// Pages of several spans take turns. Each has a mark, which is reached when everything
// that was handed out up to its end is acknowledged: then its span's position moves.
// Objects go into segments, groups of a few pages; the mark at the end of a segment
// names it, and when it is reached the segment's objects are not listed again.
type backlog struct {
	marks    []mark
	number   int    // of the current segment
	segment  string // its group
	pages    int    // in it
	used     bool   // it may hold objects
	leftover []string
}

// mark is the end of a page.
type mark struct {
	span   *span
	from   string // the position when it is reached
	last   bool   // it is the end of the span
	number uint64 // of the last object that was handed out before it
	closes string // the segment that ends here, or ""
}

// restore finds the segments of earlier processes. They are forgotten when every span
// has reached its last position of then.
func (b *backlog) restore(groups []string) {
	for _, group := range groups {
		if text, ok := strings.CutPrefix(group, groupOfSegment); ok {
			n, _ := strconv.Atoi(text)
			b.number = max(b.number, n)
			b.leftover = append(b.leftover, group)
		}
	}
	b.begin()
}

// begin begins a new segment.
func (b *backlog) begin() {
	b.number++
	b.segment = fmt.Sprintf("%s%08d", groupOfSegment, b.number)
	b.pages, b.used = 0, false
}

// full reports whether spans have to wait.
func (b *backlog) full() bool { return len(b.marks) >= maxMarks }

// begin implements job.
func (sp *span) begin() s3io.ListInput {
	after := ""
	if sp.from != "" {
		after = sp.prefix.base + sp.from
	}
	return sp.prefix.list(after)
}

// listed implements job.
func (sp *span) listed(in list, got *s3io.Page) (list, bool) {
	end := false
	for i := range got.Objects {
		_, d, ok := sp.prefix.parse(got.Objects[i].Key)
		if end = ok && d >= sp.to; end {
			break
		}
		if ok {
			sp.prefix.sawDay(d)
			// Never back: a list that had to restart shows objects that were handed out.
			if at := got.Objects[i].Key[len(sp.prefix.base):]; utf8.ValidString(at) { // else it cannot be stored
				sp.at = max(sp.at, at)
			}
		}
	}
	sp.source.note(sp.prefix)
	sp.source.seeFolders(got)
	in.Token = got.Token
	return in, got.Token != "" && !end && !sp.prefix.passed(got)
}

// take implements job.
func (sp *span) take(o *s3io.Object) (n source.Name, group string, ok bool) {
	n, d, ok := sp.prefix.parse(o.Key)
	if !ok {
		sp.source.strayIn(sp.prefix, o.Key)
		return n, "", false
	}
	sp.source.sawObject()
	if d >= sp.to {
		return n, "", false
	}
	if !sp.source.isWanted(sp.prefix, o, n) {
		return n, "", false
	}
	sp.source.backlog.used = true
	return n, sp.source.backlog.segment, true
}

// handedOut implements job.
func (sp *span) handedOut(r *run, now time.Time) (due time.Time, never bool) {
	b := &sp.source.backlog
	m := mark{span: sp, from: sp.at, last: !r.more, number: sp.source.flight.added()}
	b.pages++
	if b.used && (b.pages >= segmentPages || m.last) {
		m.closes = b.segment
		b.begin()
	}
	b.marks = append(b.marks, m)
	return now, m.last
}

// settle advances the positions of spans to where all objects are acknowledged, and
// forgets groups.
func (s *Source) settle() {
	b := &s.backlog
	if len(b.marks) > 0 {
		for oldest := s.flight.oldest(); len(b.marks) > 0 && b.marks[0].number < oldest; {
			s.reach(b.marks[0])
			b.marks = b.marks[1:]
		}
	}
	if s.stale {
		s.stale = false
		s.forget()
	}
}

// reach advances the span of a mark that is reached.
func (s *Source) reach(m mark) {
	sp, p := m.span, m.span.prefix
	sp.from = max(sp.from, m.from)
	if m.last {
		p.spans = slices.DeleteFunc(p.spans, func(other *span) bool { return other == sp })
		s.logDays()
	}
	if m.last || sp.seenBefore != "" && sp.from >= sp.seenBefore {
		sp.seenBefore = ""
		s.stale = true
	}
	// In this order: the two may be committed separately.
	s.note(p)
	if m.closes != "" {
		s.notes.forget(m.closes)
	}
}

// forget drops the groups whose objects no list shows any more.
func (s *Source) forget() {
	for _, group := range s.deps.Progress.Groups() {
		if d, ok := dayOfGroup(group); ok && !s.isOpen(d) {
			s.notes.forget(group)
		}
	}
	for _, p := range s.prefixes {
		if slices.ContainsFunc(p.spans, func(sp *span) bool { return sp.seenBefore != "" }) {
			return
		}
	}
	for _, group := range s.backlog.leftover {
		s.notes.forget(group)
	}
	s.backlog.leftover = nil
}

// isOpen reports whether a day will be listed again.
func (s *Source) isOpen(d day) bool {
	for _, p := range s.prefixes {
		if d >= p.window || slices.ContainsFunc(p.spans, func(sp *span) bool { return sp.holds(d) }) {
			return true
		}
	}
	return false
}

func (sp *span) holds(d day) bool {
	from, _, ok := sp.prefix.form.cut(sp.from)
	return d < sp.to && (!ok || d >= from)
}
