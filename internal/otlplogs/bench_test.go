package otlplogs

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/zeebo/xxh3"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/samplelogs"
)

// The benchmarks below are compared with one another:
//
//	go test ./internal/otlplogs -run '^$' -bench 'Parse|Floor|Convert' -cpu 1 -benchtime 3s -count 6 | tee new.txt
//	benchstat new.txt
//
// The aim is Convert <= 1.3 x (Parse + Floor). One operation is the whole mix,
// in batches of batchRecords.

const (
	mixRecords   = 20_000
	batchRecords = 400 // about a chunk of 256 KiB
)

// mix is the same for all benchmarks and stays alive, so that the garbage
// collector has the same work in each.
var mix = sync.OnceValue(func() (m struct {
	lines []string
	ready []readyRecord
	bytes int64
},
) {
	records := samplelogs.Records(1, mixRecords)
	for chunk := range slices.Chunk(records, batchRecords) {
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
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/mixRecords, "ns/record")
}

// convertMix converts lines and returns how many records they gave.
func convertMix(c *Converter, from *Origin, lines []string) (records int) {
	var r accesslog.Record
	for len(lines) > 0 {
		n := min(batchRecords, len(lines))
		batch := c.NewBatch(n)
		for _, line := range lines[:n] {
			id := xxh3.HashString128(line).Bytes()
			if err := accesslog.Parse(line, &r); err != nil {
				batch.AppendMalformed(&r, line, id, from, err)
				continue
			}
			batch.Append(&r, line, id, from)
		}
		records += batch.Logs().LogRecordCount()
		lines = lines[n:]
	}
	return records
}

// BenchmarkFloor builds what Convert builds, from values that are ready, by the
// fastest public means there is.
func BenchmarkFloor(b *testing.B) {
	ready := mix().ready
	b.SetBytes(mix().bytes)
	b.ReportAllocs()
	for b.Loop() {
		for rest := ready; len(rest) > 0; {
			n := min(batchRecords, len(rest))
			buildReady(rest[:n])
			rest = rest[n:]
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/mixRecords, "ns/record")
}

// readyRecord is a log record as values that only have to be set.
type readyRecord struct {
	event, severityText string
	severity            plog.SeverityNumber
	time, observed      pcommon.Timestamp
	attributes          []readyAttribute
}

type readyAttribute struct {
	name   string
	kind   pcommon.ValueType
	text   string
	number int64
}

func buildReady(ready []readyRecord) plog.Logs {
	var builder xpdata.MapBuilder
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.EnsureCapacity(len(ready))
	for i := range ready {
		from, lr := &ready[i], records.AppendEmpty()
		lr.SetEventName(from.event)
		lr.SetTimestamp(from.time)
		lr.SetObservedTimestamp(from.observed)
		lr.SetSeverityNumber(from.severity)
		lr.SetSeverityText(from.severityText)
		builder.EnsureCapacity(len(from.attributes))
		for i := range from.attributes {
			attribute := &from.attributes[i]
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
		builder.UnsafeIntoMap(lr.Attributes())
	}
	return logs
}

// readyRecords converts lines and takes the records apart.
func readyRecords(lines []string) []readyRecord {
	ready := make([]readyRecord, 0, len(lines))
	for _, line := range lines {
		logs := batchOf(testOptions(), testOrigin(), line).Logs()
		lr := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		record := readyRecord{
			event: lr.EventName(), severityText: lr.SeverityText(), severity: lr.SeverityNumber(),
			time: lr.Timestamp(), observed: lr.ObservedTimestamp(),
		}
		for name, value := range lr.Attributes().All() {
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
			record.attributes = append(record.attributes, attribute)
		}
		ready = append(ready, record)
	}
	return ready
}
