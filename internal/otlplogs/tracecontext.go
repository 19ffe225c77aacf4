package otlplogs

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// setTrace gives lr the trace context of its request, if there is one.
func setTrace(lr plog.LogRecord, t *accesslog.TraceContext) {
	if t.TraceID == [16]byte{} {
		return
	}
	lr.SetTraceID(pcommon.TraceID(t.TraceID))
	lr.SetSpanID(pcommon.SpanID(t.SpanID))
	lr.SetFlags(plog.LogRecordFlags(t.Flags))
}
