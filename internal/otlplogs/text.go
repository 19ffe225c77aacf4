package otlplogs

import (
	"strings"
	"unicode/utf8"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
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

// cut returns the first cutLength bytes of s, as accesslog.CutText does.
func cut(s string) string { return accesslog.CutText(s, cutLength) }
