package accesslog

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanID      = "00f067aa0ba902b7"
	traceParent = "00-" + traceID + "-" + spanID + "-01"
)

func TestParseTraceParent(t *testing.T) {
	got := ParseTraceParent(traceParent)
	assert.Equal(t, traceID, hex.EncodeToString(got.TraceID[:]))
	assert.Equal(t, spanID, hex.EncodeToString(got.SpanID[:]))
	assert.Equal(t, byte(1), got.Flags)
	assert.Equal(t, byte(0xff), ParseTraceParent(traceParent[:53]+"ff").Flags)

	for name, s := range map[string]string{
		"empty":         "",
		"short":         traceParent[1:],
		"long":          traceParent + "-00",
		"version":       "01" + traceParent[2:],
		"upper case":    strings.ToUpper(traceParent),
		"no digits":     strings.Replace(traceParent, "4bf9", "4bg9", 1),
		"flags":         traceParent[:53] + "0x",
		"separators":    strings.ReplaceAll(traceParent, "-", "_"),
		"zero trace id": strings.Replace(traceParent, traceID, strings.Repeat("0", 32), 1),
		"zero span id":  strings.Replace(traceParent, spanID, strings.Repeat("0", 16), 1),
	} {
		assert.Equal(t, TraceContext{}, ParseTraceParent(s), name)
	}
}

func TestTraceContextOf(t *testing.T) {
	want := ParseTraceParent(traceParent)
	for target, found := range map[string]bool{
		"/k?x-traceparent=" + traceParent:                true,
		"/k?a=b&x%2Dtraceparent=00%2D" + traceParent[3:]: true,
		"/k":                                    false,
		"/k?x-traceparent=":                     false,
		"/k?x-traceparent=" + traceParent + "0": false,
		"/k?x-traceparent=" + strings.Repeat("%30", 500):          false,
		"/k?x-traceparent=00-1-2-01&x-traceparent=" + traceParent: false, // the first one counts
		"/k?X-Traceparent=" + traceParent:                         false,
	} {
		got := TraceContextOf(&Record{Requester: "AmazonS3", Target: target}, "x-traceparent")
		if found {
			assert.Equal(t, want, got, target)
		} else {
			assert.Zero(t, got, target)
		}
	}
	assert.Zero(t, TraceContextOf(&Record{Target: "/k?x-traceparent=" + traceParent}, "x-traceparent"), "anonymous")
	assert.Zero(t, TraceContextOf(&Record{Requester: "AmazonS3", Target: "/k?=" + traceParent}, ""), "turned off")
}
