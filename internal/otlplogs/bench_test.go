package otlplogs

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zeebo/xxh3"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/samplelogs"
)

// The benchmarks below are compared with one another:
//
//	GOMAXPROCS=1 go test -run '^$' -bench . -benchtime 2s -count 4 ./internal/otlplogs | tee new.txt
//	benchstat new.txt
//
// The aim is Convert <= 1.3 x (Parse + Floor). One operation is the whole mix,
// in batches of batchRecords.

const (
	mixRecords   = 20_000
	batchRecords = 400 // about a chunk of 256 KiB
)

// mix is the same for all benchmarks and stays alive, so that the garbage
// collector has the same work in each. As in log objects, the lines are parts of
// chunks, and one bucket's follow each other.
var mix = sync.OnceValue(func() (m struct {
	lines []string
	ready []readyRecord
	bytes int64
},
) {
	for chunk := range slices.Chunk(samplelogs.ByBucket(1, mixRecords), batchRecords) {
		text := strings.Join(chunk, "\n")
		m.lines = append(m.lines, strings.Split(text, "\n")...)
		m.bytes += int64(len(text)) + 1
	}
	m.ready = readyRecords(m.lines)
	return m
})

// BenchmarkParse is bytes to Records.
func BenchmarkParse(b *testing.B) {
	lines := mix().lines
	b.SetBytes(mix().bytes)
	b.ReportAllocs()
	var r accesslog.Record
	for b.Loop() {
		for _, line := range lines {
			if err := accesslog.Parse(line, &r); err != nil {
				b.Fatal(err)
			}
		}
	}
	reportRecords(b)
}

// reportRecords reports the time a record of the mix took.
func reportRecords(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/mixRecords, "ns/record")
}

// BenchmarkConvert is bytes to plog.Logs, the identity of each line included.
func BenchmarkConvert(b *testing.B) {
	lines := mix().lines
	c, from := NewConverter(testOptions()), testOrigin()
	b.SetBytes(mix().bytes)
	b.ReportAllocs()
	for b.Loop() {
		convertMix(c, from, lines)
	}
	reportRecords(b)
}

// convertMix converts lines and returns how many records they gave.
func convertMix(c *Converter, from *Origin, lines []string) (records int) {
	var r accesslog.Record
	for chunk := range slices.Chunk(lines, batchRecords) {
		records += convertChunk(c, from, &r, chunk).LogRecordCount()
	}
	return records
}

func convertChunk(c *Converter, from *Origin, r *accesslog.Record, lines []string) plog.Logs {
	batch := c.NewBatch(len(lines))
	for _, line := range lines {
		id := xxh3.HashString128(line).Bytes()
		if err := accesslog.Parse(line, r); err != nil {
			batch.AppendMalformed(r, line, id, from, err)
			continue
		}
		batch.Append(r, line, id, from, enrich.Client{})
	}
	return batch.Logs()
}

// BenchmarkFloor builds what Convert builds, whole log records with their
// resources, scopes, times, severities and trace contexts, from values that are
// ready, by the fastest public means there is.
func BenchmarkFloor(b *testing.B) {
	ready := mix().ready
	b.SetBytes(mix().bytes)
	b.ReportAllocs()
	for b.Loop() {
		for chunk := range slices.Chunk(ready, batchRecords) {
			buildReady(chunk)
		}
	}
	reportRecords(b)
}

// readyRecord is a log record as values that only have to be set.
type readyRecord struct {
	resource            *readyResource // one for all records of a bucket, which follow each other
	event, severityText string
	severity            plog.SeverityNumber
	time, observed      pcommon.Timestamp
	trace               pcommon.TraceID
	span                pcommon.SpanID
	flags               plog.LogRecordFlags
	attributes          []readyAttribute
}

type readyResource struct {
	bucket     string
	attributes []readyAttribute
}

type readyAttribute struct {
	name   string
	kind   pcommon.ValueType
	text   string
	number int64
}

func buildReady(ready []readyRecord) plog.Logs {
	var builder xpdata.MapBuilder
	var records plog.LogRecordSlice
	logs := plog.NewLogs()
	for i := range ready {
		from := &ready[i]
		if i == 0 || from.resource != ready[i-1].resource {
			records = buildReadyResource(logs, &builder, from.resource.attributes)
			records.EnsureCapacity(len(ready) - i)
		}
		lr := records.AppendEmpty()
		lr.SetEventName(from.event)
		lr.SetTimestamp(from.time)
		lr.SetObservedTimestamp(from.observed)
		lr.SetSeverityNumber(from.severity)
		lr.SetSeverityText(from.severityText)
		if !from.trace.IsEmpty() {
			lr.SetTraceID(from.trace)
			lr.SetSpanID(from.span)
			lr.SetFlags(from.flags)
		}
		buildReadyAttributes(lr.Attributes(), &builder, from.attributes)
	}
	return logs
}

func buildReadyResource(logs plog.Logs, builder *xpdata.MapBuilder, from []readyAttribute) plog.LogRecordSlice {
	rl := logs.ResourceLogs().AppendEmpty()
	rl.SetSchemaUrl(schemaURL)
	buildReadyAttributes(rl.Resource().Attributes(), builder, from)
	sl := rl.ScopeLogs().AppendEmpty()
	sl.SetSchemaUrl(schemaURL)
	sl.Scope().SetName("scope")
	sl.Scope().SetVersion("v1")
	return sl.LogRecords()
}

func buildReadyAttributes(m pcommon.Map, builder *xpdata.MapBuilder, from []readyAttribute) {
	builder.EnsureCapacity(len(from))
	for i := range from {
		attribute := &from[i]
		value := builder.AppendEmpty(attribute.name)
		switch attribute.kind {
		case pcommon.ValueTypeStr:
			value.SetStr(attribute.text)
		case pcommon.ValueTypeInt:
			value.SetInt(attribute.number)
		case pcommon.ValueTypeBool:
			value.SetBool(attribute.number != 0)
		case pcommon.ValueTypeSlice:
			slice := value.SetEmptySlice()
			slice.EnsureCapacity(1)
			slice.AppendEmpty().SetStr(attribute.text)
		}
	}
	builder.UnsafeIntoMap(m)
}

// readyRecords converts lines and takes the records apart.
func readyRecords(lines []string) []readyRecord {
	ready := make([]readyRecord, 0, len(lines))
	var resource *readyResource
	for _, line := range lines {
		logs := batchOf(testOptions(), testOrigin(), line).Logs()
		rl := logs.ResourceLogs().At(0)
		lr := rl.ScopeLogs().At(0).LogRecords().At(0)
		if bucket := samplelogs.Bucket(line); resource == nil || resource.bucket != bucket {
			resource = &readyResource{bucket, readyAttributes(rl.Resource().Attributes())}
		}
		ready = append(ready, readyRecord{
			resource: resource, event: lr.EventName(), severityText: lr.SeverityText(), severity: lr.SeverityNumber(),
			time: lr.Timestamp(), observed: lr.ObservedTimestamp(),
			trace: lr.TraceID(), span: lr.SpanID(), flags: lr.Flags(),
			attributes: readyAttributes(lr.Attributes()),
		})
	}
	return ready
}

func readyAttributes(m pcommon.Map) []readyAttribute {
	ready := make([]readyAttribute, 0, m.Len())
	for name, value := range m.All() {
		attribute := readyAttribute{name: name, kind: value.Type()}
		switch value.Type() {
		case pcommon.ValueTypeStr:
			attribute.text = value.Str()
		case pcommon.ValueTypeInt:
			attribute.number = value.Int()
		case pcommon.ValueTypeBool:
			if value.Bool() {
				attribute.number = 1
			}
		case pcommon.ValueTypeSlice:
			attribute.text = value.Slice().At(0).Str()
		}
		ready = append(ready, attribute)
	}
	return ready
}

// The floor is one only if it leaves nothing out.
func TestFloorBuildsWhatConvertBuilds(t *testing.T) {
	m := mix()
	for i := 0; i < mixRecords; i += 10 * batchRecords {
		converted := batchOf(testOptions(), testOrigin(), m.lines[i:i+batchRecords]...).Logs()
		require.NoError(t, plogtest.CompareLogs(converted, buildReady(m.ready[i:i+batchRecords])))
	}
}

// A record costs an allocation an attribute, and at most three more: the log
// record, the attributes' slice, and its share of what batches need.
func TestAllocations(t *testing.T) {
	lines := mix().lines
	c, from := NewConverter(testOptions()), testOrigin()
	attributes := 0
	for _, ready := range mix().ready {
		attributes += len(ready.attributes)
	}
	allocations := testing.AllocsPerRun(2, func() { convertMix(c, from, lines) })
	extra := (allocations - float64(attributes)) / float64(len(lines))
	t.Logf("%.2f attributes and %.2f allocations more per record", float64(attributes)/float64(len(lines)), extra)
	assert.LessOrEqual(t, extra, 3.0)
}
