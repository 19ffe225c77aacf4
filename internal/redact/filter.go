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
	if r.spaced || strings.IndexByte(line, '\\') >= 0 {
		return true
	}
	if strings.IndexByte(line, '%') >= 0 {
		return r.worthDecoding(line)
	}
	return r.mayHoldName(line)
}

// worthDecoding reports whether s, in which there are escapes, may hold more
// sensitive names decoded than it shows as it is, or shows one. It spares most
// texts the decoding.
func (r *Redactor) worthDecoding(s string) bool {
	for i := strings.IndexByte(s, '%'); i < len(s); i = indexFrom(s, i+1, '%') {
		c, ok := accesslog.Escape(s[i:])
		// Only a percent sign that is left can make another escape.
		if !ok || c == '%' || c == '=' && r.mayEndName(s[:i]) {
			return true
		}
	}
	return r.mayHoldName(s)
}

// mayHoldName reports whether a sensitive name may end before a '=' of s.
func (r *Redactor) mayHoldName(s string) bool {
	for i := indexFrom(s, 0, '='); i < len(s); i = indexFrom(s, i+1, '=') {
		if r.mayEndName(s[:i]) {
			return true
		}
	}
	return false
}

// mayEndName reports whether s, decoded, may end with a sensitive name: with one
// that is not encoded, or with as much of it as stands behind the last escape.
func (r *Redactor) mayEndName(s string) bool {
	if s == "" {
		return false
	}
	if isEscape(s, len(s)-1) {
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

// isEscape reports whether s[at] may be part of an escape.
func isEscape(s string, at int) bool {
	for i := max(at-2, 0); i <= at; i++ {
		if s[i] == '%' {
			return true
		}
	}
	return false
}

// indexFrom returns the index of the first c in s[from:], in s, or len(s) when
// there is none.
func indexFrom(s string, from int, c byte) int {
	if i := strings.IndexByte(s[from:], c); i >= 0 {
		return from + i
	}
	return len(s)
}
