package otlplogs

import (
	"encoding/hex"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// traceContext is what a request told of the trace it belongs to; the zero
// value is none.
type traceContext struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
	flags byte
}

func (t *traceContext) set(lr plog.LogRecord) {
	if t.trace.IsEmpty() {
		return
	}
	lr.SetTraceID(t.trace)
	lr.SetSpanID(t.span)
	lr.SetFlags(plog.LogRecordFlags(t.flags))
}

// parseTraceParent reads "00-<32 digits>-<16 digits>-<2 digits>" with lower-case
// hexadecimal digits, version 00 of the W3C Trace Context recommendation.
// Anything else, an all-zero id among it, is no trace context.
func parseTraceParent(s string) traceContext {
	const length = len("00-") + 32 + len("-") + 16 + len("-") + 2
	if len(s) != length || s[:3] != "00-" || s[35] != '-' || s[52] != '-' {
		return traceContext{}
	}
	var t traceContext
	var flags [1]byte
	if !lowerHex(t.trace[:], s[3:35]) || !lowerHex(t.span[:], s[36:52]) || !lowerHex(flags[:], s[53:]) {
		return traceContext{}
	}
	if t.trace.IsEmpty() || t.span.IsEmpty() {
		return traceContext{}
	}
	t.flags = flags[0]
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
