package otlplogs

import (
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
	got := parseTraceParent(traceParent)
	assert.Equal(t, traceID, got.trace.String())
	assert.Equal(t, spanID, got.span.String())
	assert.Equal(t, byte(1), got.flags)
	assert.Equal(t, byte(0xff), parseTraceParent(traceParent[:53]+"ff").flags)

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
		assert.Equal(t, traceContext{}, parseTraceParent(s), name)
	}
}

func TestTraceContextOfARecord(t *testing.T) {
	with := func(requester, uri string, o Options) (trace, span string, flags uint32) {
		lr := recordOf(t, o, line{requester: requester, uri: "GET /k?" + uri + " HTTP/1.1"}.String())
		return lr.TraceID().String(), lr.SpanID().String(), uint32(lr.Flags())
	}
	o := testOptions()
	trace, span, flags := with("AmazonS3", "a=b&x%2Dtraceparent=00%2D"+traceParent[3:], o)
	assert.Equal(t, traceID, trace)
	assert.Equal(t, spanID, span)
	assert.Equal(t, uint32(1), flags)

	none := func(requester, uri string, o Options, why string) {
		trace, span, flags := with(requester, uri, o)
		assert.Empty(t, trace+span, why)
		assert.Zero(t, flags, why)
	}
	none("-", "x-traceparent="+traceParent, o, "nobody outside may write into traces")
	none("AmazonS3", "x-traceparent=00-1-2-01&x-traceparent="+traceParent, o, "the first one counts")
	none("AmazonS3", "traceparent="+traceParent, o, "another parameter")
	o.TraceParameter = "x-trace"
	none("AmazonS3", "x-traceparent="+traceParent, o, "another parameter is set")
	o.TraceParameter = ""
	none("AmazonS3", "x-traceparent="+traceParent+"&="+traceParent, o, "it is turned off")
}
