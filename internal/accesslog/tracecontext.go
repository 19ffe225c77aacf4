package accesslog

import (
	"encoding/hex"
	"strings"
)

// TraceContext is what a request says of the trace it belongs to; the zero
// value is none.
type TraceContext struct {
	TraceID [16]byte
	SpanID  [8]byte
	Flags   byte
}

// TraceContextOf returns the trace context that a record's request carries in
// the query parameter of this name, which S3 ignores and logs. An anonymous
// requester's is none: nobody outside may write into the operator's traces. It
// does not allocate.
func TraceContextOf(r *Record, parameter string) TraceContext {
	if parameter == "" || r.Requester == "" {
		return TraceContext{}
	}
	_, query, _ := strings.Cut(r.Target, "?")
	value, _ := Parameter(query, parameter)
	var decoded [traceParentLen + 1]byte // one more, to see what is too long
	n := 0
	for ; value != "" && n < len(decoded); n++ {
		width := 1
		decoded[n] = value[0]
		if c, ok := Escape(value); ok {
			decoded[n], width = c, len("%20")
		}
		value = value[width:]
	}
	return ParseTraceParent(string(decoded[:n]))
}

// traceParentLen is the length of "00-<32 digits>-<16 digits>-<2 digits>".
const traceParentLen = len("00-") + 32 + len("-") + 16 + len("-") + 2

// ParseTraceParent reads "00-<32 digits>-<16 digits>-<2 digits>" with lower-case
// hexadecimal digits, version 00 of the W3C Trace Context recommendation.
// Anything else, an all-zero id among it, is no trace context.
func ParseTraceParent(s string) TraceContext {
	if len(s) != traceParentLen || s[:3] != "00-" || s[35] != '-' || s[52] != '-' {
		return TraceContext{}
	}
	var t TraceContext
	var flags [1]byte
	if !lowerHex(t.TraceID[:], s[3:35]) || !lowerHex(t.SpanID[:], s[36:52]) || !lowerHex(flags[:], s[53:]) {
		return TraceContext{}
	}
	if t.TraceID == [16]byte{} || t.SpanID == [8]byte{} {
		return TraceContext{}
	}
	t.Flags = flags[0]
	return t
}

// lowerHex decodes s, which has two digits a byte of dst.
func lowerHex(dst []byte, s string) bool {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'F' {
			return false
		}
	}
	_, err := hex.Decode(dst, []byte(s))
	return err == nil
}
