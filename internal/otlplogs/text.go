package otlplogs

import (
	"strings"
	"unicode/utf8"
)

// cutLength is how much is kept of a long value of a record that is larger
// than Options.MaxRecordSize, in bytes.
const cutLength = 4 << 10

// repair returns s with every run of bytes that are not UTF-8 replaced by one
// U+FFFD, as strings.ToValidUTF8 does; s itself when there is none.
func repair(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// cut returns the first cutLength bytes of s, as cutTo does.
func cut(s string) string { return cutTo(s, cutLength) }

// cutTo returns the first limit bytes of s, or a little less so that the last
// character is whole. s is valid UTF-8.
func cutTo(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
