package redact

import "bytes"

// Replacement is what stands for a secret.
const Replacement = "REDACTED"

// Rule says what a text is.
type Rule uint8

// The rules. A value that is percent-encoded to some level ends only at what is
// encoded to that level or less.
const (
	// Value is any value: a parameter begins behind one of "?&;#" and ends at the
	// next.
	Value Rule = iota
	// Path is a value that names an object. The short names "sig" and "Signature"
	// count only where other names say that it holds a signed URL.
	Path
	// Query is the query of a URL: a parameter begins at the start and behind what
	// cannot be part of a name, and ends at '&'.
	Query
	// Text is raw text: a parameter begins as in a query and ends at '&', a space or
	// a quote.
	Text
	// Header is Text in which an Authorization header may stand.
	Header
	// Never is a value that is not redacted.
	Never
)

// span is where a secret stands.
type span struct{ from, to int }

// Finder finds secrets. Its zero value is ready.
type Finder struct {
	given string
	spans []span
	view  view
}

// Find reports whether there is a secret in s. Its time is linear in the length
// of s.
func (f *Finder) Find(r *Redactor, s string, rule Rule) bool {
	if rule == Never || !r.worthDecoding(s) {
		return false
	}
	f.view.decode(s)
	f.spans = f.spans[:0]
	p := search{names: r, view: &f.view, rule: rule, cursor: cursor{marks: f.view.marks}}
	f.spans = p.appendSpans(f.spans)
	f.view.release()
	if len(f.spans) == 0 {
		return false
	}
	f.given = s
	return true
}

// Size returns how many bytes Append appends.
func (f *Finder) Size() int {
	size := len(f.given)
	for _, s := range f.spans {
		size += len(Replacement) - (s.to - s.from)
	}
	return size
}

// Append appends the text in which Find found a secret, redacted, and forgets it.
func (f *Finder) Append(b []byte) []byte {
	done := 0
	for _, s := range f.spans {
		b = append(b, f.given[done:s.from]...)
		b = append(b, Replacement...)
		done = s.to
	}
	b = append(b, f.given[done:]...)
	f.given = ""
	return b
}

// Redact returns s redacted, s itself when there is no secret in it.
func (r *Redactor) Redact(s string, rule Rule) string {
	var f Finder
	if !MayHold(s) || !f.Find(r, s, rule) {
		return s
	}
	return string(f.Append(make([]byte, 0, f.Size())))
}

// search is one look through a text.
type search struct {
	names  *Redactor
	view   *view
	rule   Rule
	cursor cursor

	signed, header answer
}

// answer is a question about the whole text that is asked once at most.
type answer uint8

const (
	unasked answer = iota
	no
	yes
)

func (a *answer) of(ask func([]byte) bool, text []byte) bool {
	if *a == unasked {
		*a = no
		if ask(text) {
			*a = yes
		}
	}
	return *a == yes
}

func (p *search) appendSpans(spans []span) []span {
	text := p.view.text
	for i := indexFrom(text, 0, '='); i < len(text); i = indexFrom(text, i, '=') {
		equals := i
		i++
		if !p.isSensitive(equals) {
			continue
		}
		level := p.cursor.level(equals)
		from := p.cursor.raw(i)
		end := p.valueEnd(i, level)
		if end == i {
			continue // nothing to hide, and an empty value is worth seeing
		}
		spans = append(spans, span{from: from, to: p.cursor.raw(end)})
		i = end
	}
	return spans
}

// isSensitive reports whether a sensitive name ends before the '=' at equals.
func (p *search) isSensitive(equals int) bool {
	text := p.view.text[:equals]
	if len(text) == 0 {
		return false
	}
	names := p.names.byLast[lower(text[len(text)-1])]
	for k := range names {
		start := len(text) - len(names[k].text)
		if start >= 0 && isFold(text[start:], names[k].text) && p.begins(start) && p.counts(&names[k]) {
			return true
		}
	}
	return false
}

// isFold reports whether s, of the length of want, is want but for its case.
func isFold(s []byte, want string) bool {
	for i := len(want) - 1; i >= 0; i-- {
		if lower(s[i]) != want[i] {
			return false
		}
	}
	return true
}

// begins reports whether a parameter may begin at start.
func (p *search) begins(start int) bool {
	before := p.view.text[:start]
	if p.rule == Value || p.rule == Path {
		return start > 0 && isSeparator(before[start-1])
	}
	// In JSON '&' may be "\u0026".
	const unicode = len(`\u0026`)
	if start >= unicode && string(before[start-unicode:start-4]) == `\u` {
		return true
	}
	return start == 0 || !isNameChar(before[start-1])
}

// counts reports whether a name is sensitive in this text.
func (p *search) counts(n *name) bool {
	if n.header {
		return p.rule == Header && p.header.of(holdsHeader, p.view.text)
	}
	return p.rule != Path || !isShort(n.text) || p.signed.of(holdsSigned, p.view.text)
}

// holdsHeader reports whether there is something of an Authorization header of
// Signature Version 4 in text: its first word, or the last one of a scope.
func holdsHeader(text []byte) bool {
	for i := indexFrom(text, 0, '4'); i < len(text); i = indexFrom(text, i+1, '4') {
		if i >= len("aws") && isFold(text[i-len("aws"):i], "aws") {
			return true
		}
	}
	return false
}

// holdsSigned reports whether there are parameters of a signed URL in text beside
// the short ones.
func holdsSigned(text []byte) bool {
	var sv, se bool
	for i := indexFrom(text, 0, '='); i < len(text); i = indexFrom(text, i+1, '=') {
		start := i
		for start > 0 && isNameChar(text[start-1]) {
			start--
		}
		alone, isSV, isSE := tellsShort(string(text[start:i]))
		sv, se = sv || isSV, se || isSE
		if alone || sv && se {
			return true
		}
	}
	return false
}

// valueEnd returns where the value ends that begins at from, behind a '=' that
// was encoded level times.
func (p *search) valueEnd(from, level int) int {
	text := p.view.text
	for i := from; i < len(text); i++ {
		switch c := text[i]; c {
		case '&':
			if p.cursor.level(i) <= level {
				return i
			}
		case '?', ';', '#':
			if p.rule <= Path && p.cursor.level(i) <= level {
				return i
			}
		case ' ', '"':
			if p.rule >= Text && p.cursor.level(i) == 0 {
				return i
			}
		}
	}
	return len(text)
}

// indexFrom returns the index of the first c in s[from:], in s, or len(s) when
// there is none.
func indexFrom(s []byte, from int, c byte) int {
	if i := bytes.IndexByte(s[from:], c); i >= 0 {
		return from + i
	}
	return len(s)
}
