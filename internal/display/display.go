// Package display makes text with foreign parts, such as a key or a User-Agent, safe to
// be read by people: on a terminal, in a line of a log, in a table. Its functions are safe
// for concurrent use.
package display

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// mark stands for what was cut off.
const mark = "..."

// Line returns text as one line of at most limit bytes: characters that could move, hide
// or reverse text become \u{..}, bytes that are not UTF-8 U+FFFD. The end of what is too
// long becomes "..."; limit is at least 3.
func Line(text string, limit int) string {
	if len(text) <= limit && isPlain(text) {
		return text
	}
	return string(AppendLine(nil, text, limit))
}

// AppendLine appends Line(text, limit) to dst.
func AppendLine(dst []byte, text string, limit int) []byte {
	start, cut := len(dst), len(dst) // where the mark goes, if one is needed
	for _, r := range text {
		if isHidden(r) {
			dst = fmt.Appendf(dst, `\u{%x}`, r)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		if len(dst)-start > limit {
			return append(dst[:cut], mark...)
		}
		if len(dst)-start <= limit-len(mark) {
			cut = len(dst)
		}
	}
	return dst
}

// isPlain reports whether text is printable ASCII.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// isHidden reports whether a character is a control, of C0, DEL or C1, of the direction
// of text, or a separator of lines.
func isHidden(r rune) bool {
	if ' ' <= r && r <= '~' {
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}
