package lines

import (
	"bytes"
	"net/http"
	"strings"
)

// headSize is how many bytes of an object decide whether it is text. A record
// begins with 64 hex digits, the bucket owner's id, which no client can write.
// What stands behind them a client can: were it looked at, a control character
// in a User-Agent would hide the whole object. JSON escapes these.
const headSize = 64

// byteOrderMark is what some editors put before UTF-8 text. It is no part of the
// first line, whose ID is to be the same with and without it.
var byteOrderMark = []byte("\xef\xbb\xbf")

// textual reports whether head, the beginning of an object, is text in UTF-8 or
// nearly so, and what it is when it is not.
func textual(head []byte) (kind string, ok bool) {
	// Signatures such as "BM" for a bitmap also begin ordinary words.
	if printable(head) {
		return "", true
	}
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return "Apache Parquet; let the log delivery write JSON", false
	}
	kind = http.DetectContentType(head)
	return kind, strings.HasPrefix(kind, "text/") && !strings.Contains(kind, "utf-16")
}

// printable reports whether b is ASCII text.
func printable(b []byte) bool {
	for _, c := range b {
		if (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c > '~' {
			return false
		}
	}
	return true
}
