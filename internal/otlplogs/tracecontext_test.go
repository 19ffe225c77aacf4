package otlplogs

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanID      = "00f067aa0ba902b7"
	traceParent = "00-" + traceID + "-" + spanID + "-01"
)

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
