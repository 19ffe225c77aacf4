package otlplogs

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// ready is log records taken apart into plain values, which only have to be set.
// Texts are parts of one string, by their offsets, so that the garbage collector
// has nothing to follow.
type ready struct {
	text       string
	names      []string
	attributes []readyAttribute
	resources  []span // of attributes
	records    []readyRecord
}

// span is a part of something.
type span struct{ from, to int }

// readyRecord is a log record.
type readyRecord struct {
	resource            int // one for all records of a bucket, which follow each other
	event, severityText span
	severity            plog.SeverityNumber
	time, observed      pcommon.Timestamp
	trace               pcommon.TraceID
	spanID              pcommon.SpanID
	flags               plog.LogRecordFlags
	attributes          span
}

type readyAttribute struct {
	name   int
	kind   pcommon.ValueType
	text   span
	number int64
}

// build builds some of the records.
func (d *ready) build(records []readyRecord) plog.Logs {
	var builder xpdata.MapBuilder
	var into plog.LogRecordSlice
	logs := plog.NewLogs()
	for i := range records {
		from := &records[i]
		if i == 0 || from.resource != records[i-1].resource {
			into = d.buildResource(logs, &builder, d.resources[from.resource])
			into.EnsureCapacity(len(records) - i)
		}
		lr := into.AppendEmpty()
		lr.SetEventName(d.string(from.event))
		lr.SetTimestamp(from.time)
		lr.SetObservedTimestamp(from.observed)
		lr.SetSeverityNumber(from.severity)
		lr.SetSeverityText(d.string(from.severityText))
		if !from.trace.IsEmpty() {
			lr.SetTraceID(from.trace)
			lr.SetSpanID(from.spanID)
			lr.SetFlags(from.flags)
		}
		d.buildAttributes(lr.Attributes(), &builder, from.attributes)
	}
	return logs
}

func (d *ready) buildResource(logs plog.Logs, builder *xpdata.MapBuilder, from span) plog.LogRecordSlice {
	rl := logs.ResourceLogs().AppendEmpty()
	rl.SetSchemaUrl(schemaURL)
	d.buildAttributes(rl.Resource().Attributes(), builder, from)
	sl := rl.ScopeLogs().AppendEmpty()
	sl.SetSchemaUrl(schemaURL)
	sl.Scope().SetName("scope")
	sl.Scope().SetVersion("v1")
	return sl.LogRecords()
}

func (d *ready) buildAttributes(m pcommon.Map, builder *xpdata.MapBuilder, from span) {
	attributes := d.attributes[from.from:from.to]
	builder.EnsureCapacity(len(attributes))
	for i := range attributes {
		attribute := &attributes[i]
		value := builder.AppendEmpty(d.names[attribute.name])
		switch attribute.kind {
		case pcommon.ValueTypeStr:
			value.SetStr(d.string(attribute.text))
		case pcommon.ValueTypeInt:
			value.SetInt(attribute.number)
		case pcommon.ValueTypeBool:
			value.SetBool(attribute.number != 0)
		case pcommon.ValueTypeSlice:
			slice := value.SetEmptySlice()
			slice.EnsureCapacity(1)
			slice.AppendEmpty().SetStr(d.string(attribute.text))
		}
	}
	builder.UnsafeIntoMap(m)
}

func (d *ready) string(s span) string { return d.text[s.from:s.to] }

// readyMaker makes a ready.
type readyMaker struct {
	ready
	builder strings.Builder // of text
	numbers map[string]int  // of names
}

// readyOf converts lines and takes the records apart.
func readyOf(lines []string) *ready {
	m := readyMaker{numbers: map[string]int{}}
	bucket := ""
	for _, line := range lines {
		logs := batchOf(testOptions(), testOrigin(), line).Logs()
		rl := logs.ResourceLogs().At(0)
		lr := rl.ScopeLogs().At(0).LogRecords().At(0)
		if b := samplelogs.Bucket(line); b != bucket {
			bucket = b
			m.resources = append(m.resources, m.takeAttributes(rl.Resource().Attributes()))
		}
		m.records = append(m.records, readyRecord{
			resource: len(m.resources) - 1, event: m.take(lr.EventName()),
			severityText: m.take(lr.SeverityText()), severity: lr.SeverityNumber(),
			time: lr.Timestamp(), observed: lr.ObservedTimestamp(),
			trace: lr.TraceID(), spanID: lr.SpanID(), flags: lr.Flags(),
			attributes: m.takeAttributes(lr.Attributes()),
		})
	}
	m.text = m.builder.String()
	return &m.ready
}

func (m *readyMaker) take(text string) span {
	m.builder.WriteString(text)
	return span{m.builder.Len() - len(text), m.builder.Len()}
}

func (m *readyMaker) takeAttributes(from pcommon.Map) span {
	begin := len(m.attributes)
	for name, value := range from.All() {
		number, known := m.numbers[name]
		if !known {
			number = len(m.names)
			m.numbers[name] = number
			m.names = append(m.names, name)
		}
		attribute := readyAttribute{name: number, kind: value.Type()}
		switch value.Type() {
		case pcommon.ValueTypeStr:
			attribute.text = m.take(value.Str())
		case pcommon.ValueTypeInt:
			attribute.number = value.Int()
		case pcommon.ValueTypeBool:
			if value.Bool() {
				attribute.number = 1
			}
		case pcommon.ValueTypeSlice:
			attribute.text = m.take(value.Slice().At(0).Str())
		}
		m.attributes = append(m.attributes, attribute)
	}
	return span{begin, len(m.attributes)}
}
