package redact

import (
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// This file has what spares most texts a search. All of it errs to the one side
// only.

// MayHold reports whether there may be a secret in s: none without a '=' that is
// encoded or not.
func MayHold(s string) bool {
	return strings.IndexByte(s, '=') >= 0 || strings.IndexByte(s, '%') >= 0
}

// LineMayHold reports whether there may be a secret in any value of a line's
// record, in a part of the line, or what is made of that by decoding it: percent
// escapes, '+', or the escapes of JSON.
func (r *Redactor) LineMayHold(line string) bool {
	if r.spaced || line == "" || !isNameChar(line[0]) {
		return true // JSON begins with a brace; a text line, with the owner
	}
	return r.worthDecoding(line)
}

// worthDecoding reports whether s may hold a sensitive name, once it is decoded. It
// spares most texts the decoding.
func (r *Redactor) worthDecoding(s string) bool {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '%')
		if i < 0 {
			return r.mayHoldName(s)
		}
		from += i
		c, width := accesslog.FirstDecoded(s[from:])
		if c == '%' || c == '=' && r.mayEndName(s[:from]) {
			return true // a percent sign may make an escape with what is behind
		}
		from += width
	}
}

// mayHoldName reports whether a sensitive name may end before a '=' of s.
func (r *Redactor) mayHoldName(s string) bool {
	for from := 0; ; from++ {
		i := strings.IndexByte(s[from:], '=')
		if i < 0 {
			return false
		}
		from += i
		if from == 1 || from > 1 && r.mayEnd.has(s[from-2], s[from-1]) {
			if r.mayEndName(s[:from]) {
				return true
			}
		}
	}
}

// mayEndName reports whether s, decoded, may end with a sensitive name: with one
// that is not encoded, or with as much of it as stands behind the last escape.
func (r *Redactor) mayEndName(s string) bool {
	if s == "" {
		return false
	}
	if isHex(s[len(s)-1]) && isEscape(s, len(s)-1) {
		return true
	}
	names := r.byLast[lower(s[len(s)-1])]
	for k := range names {
		at, left := len(s)-1, len(names[k].text)-1
		for at >= 0 && left >= 0 && lower(s[at]) == names[k].text[left] {
			at--
			left--
		}
		if left < 0 || isEscape(s, at) {
			return true
		}
	}
	return false
}

// isEscape reports whether s[at] may be part of an escape, encoded again or not.
func isEscape(s string, at int) bool {
	for i := at; i >= 0 && i > at-len("%2525252541"); i-- {
		if s[i] == '%' {
			return true
		}
		if !isHex(s[i]) {
			return false
		}
	}
	return false
}

func isHex(c byte) bool { return c-'0' <= 9 || (c|0x20)-'a' <= 5 }
