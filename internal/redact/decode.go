package redact

import (
	"bytes"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// levels is how often a text is decoded. Clients encode a URL up to three
// times to make it a part of another one; S3 writes a key in a line encoded twice
// more.
const levels = 3 + 2

// mark says that a character of the decoded text stands for more than one of the
// text as it was given.
type mark struct {
	at    int // in the decoded text
	raw   int // where it begins in the text as given
	next  int // where what follows it begins there
	level int // how often that was decoded, at least once
}

// view is a text, decoded, and where its characters stand in the text as given.
// Those without a mark stand for themselves.
type view struct {
	text  []byte
	marks []mark
	spare []mark // memory
}

// maxKept is the length in bytes of a text whose memory is kept for the next one.
const maxKept = 64 << 10

// release frees the memory of a long text.
func (v *view) release() {
	if cap(v.text) > maxKept {
		*v = view{}
	}
}

// decode makes v the view of s, decoded. A percent sign that begins no escape
// stays.
func (v *view) decode(s string) {
	v.text, v.marks = append(v.text[:0], s...), v.marks[:0]
	for level := 1; level <= levels && v.decodeOnce(level); level++ {
	}
}

// decodeOnce decodes each escape in the text once, in place, and reports whether there
// was one.
func (v *view) decodeOnce(level int) (found bool) {
	old, marks := cursor{marks: v.marks}, v.spare[:0]
	out := 0 // text[:out] is decoded
	for i := 0; i < len(v.text); {
		length := bytes.IndexByte(v.text[i:], '%')
		var c byte
		escape := false
		if length < 0 {
			length = len(v.text) - i
		} else if c, escape = accesslog.Escape(v.text[i+length:]); !escape {
			length++ // the percent sign stays
		}
		if out < i {
			copy(v.text[out:], v.text[i:i+length])
		}
		for ; old.n < len(old.marks) && old.marks[old.n].at < i+length; old.n++ {
			moved := old.marks[old.n]
			moved.at -= i - out
			marks = append(marks, moved)
		}
		i, out = i+length, out+length
		if !escape {
			continue
		}
		found = true
		v.text[out] = c
		raw := old.raw(i)
		marks = append(marks, mark{at: out, raw: raw, next: old.raw(i + len("%20")), level: level})
		i, out = i+len("%20"), out+1
	}
	v.text = v.text[:out]
	v.marks, v.spare = marks, v.marks
	return found
}

// cursor walks over marks, only forward.
type cursor struct {
	marks []mark
	n     int // those before are behind
}

func (c *cursor) seek(i int) {
	for c.n < len(c.marks) && c.marks[c.n].at < i {
		c.n++
	}
}

// raw returns where the character at i of the decoded text begins in the text as
// given.
func (c *cursor) raw(i int) int {
	c.seek(i)
	if c.n < len(c.marks) && c.marks[c.n].at == i {
		return c.marks[c.n].raw
	}
	if c.n == 0 {
		return i
	}
	before := &c.marks[c.n-1]
	return before.next + i - before.at - 1
}

// level returns how often the character at i of the decoded text was encoded.
func (c *cursor) level(i int) int {
	c.seek(i)
	if c.n < len(c.marks) && c.marks[c.n].at == i {
		return c.marks[c.n].level
	}
	return 0
}
