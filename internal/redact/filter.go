package redact

import "strings"

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
		// The usual ones, encoded once or twice, which are neither '=' nor a percent
		// sign, in short.
		e := s[from:]
		if len(e) > len("%2541") && e[1] == '2' && e[2] == '5' {
			e = e[2:]
		}
		if len(e) > 2 && isHex(e[1]) && isHex(e[2]) && e[1] != '3' && (e[1] != '2' || e[2] != '5') {
			from = len(s) - len(e) + len("%41")
			continue
		}
		c, width, ok := decoded(s[from:])
		if !ok || c == '=' && r.mayEndName(s[:from]) {
			return true
		}
		from += width
	}
}

// decoded returns the character that stands at the start of s, which is '%', and
// how long it is in s. It knows one that was encoded again and again, "%2541"; ok
// says that it is such a one, and that it makes no other escape with what is behind.
func decoded(s string) (c byte, width int, ok bool) {
	c = '%'
	for width = 1; c == '%'; width += 2 {
		if len(s) < width+2 || !isHex(s[width]) || !isHex(s[width+1]) {
			return 0, 0, false
		}
		c = unhex(s[width])<<4 | unhex(s[width+1])
	}
	return c, width, true
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
