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

// cut returns the first cutLength bytes of s, or a little less so that the last
// character is whole. s is valid UTF-8.
func cut(s string) string {
	if len(s) <= cutLength {
		return s
	}
	end := cutLength
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// unhex returns the value of a hexadecimal digit in either case, or 255.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// escape decodes the percent escape at the start of s, if there is one.
func escape(s string) (c byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, low := unhex(s[1]), unhex(s[2])
	return high<<4 | low, high < 16 && low < 16
}
