package otlplogs

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/zeebo/xxh3"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// Convert and OTLP are compared with their floors:
//
//	GOMAXPROCS=1 go test -run '^$' -bench . -benchtime 2s -count 6 ./internal/otlplogs | tee new.txt
//	benchstat -col '/impl@(floor ours)' new.txt
//
// The aim is that Convert takes 1.15 times its floor, which it does not reach; see
// docs/performance.md. One operation is the whole mix, in batches of batchRecords.

const (
	mixRecords   = 20_000
	batchRecords = 400 // about a chunk of 256 KiB
)

// mix is the same for all benchmarks and stays alive. But for the lines it holds
// no pointers, so that the garbage collector has little to do but with what a
// benchmark makes, as in the collector. As in log objects, the lines are parts of
// chunks, and one bucket's follow each other.
var mix = sync.OnceValue(func() (m struct {
	lines []string
	ready *ready
	bytes int64
},
) {
	for chunk := range slices.Chunk(samplelogs.ByBucket(1, mixRecords), batchRecords) {
		text := strings.Join(chunk, "\n")
		m.lines = append(m.lines, strings.Split(text, "\n")...)
		m.bytes += int64(len(text)) + 1
	}
	m.ready = readyOf(m.lines)
	return m
})

// eachBatch measures what do takes for the mix, given a batch at a time: its lines, and
// the records they give.
func eachBatch(b *testing.B, do func(lines []string, ready []readyRecord)) {
	b.Helper()
	lines, ready := mix().lines, mix().ready.records
	b.SetBytes(mix().bytes)
	b.ReportAllocs()
	for b.Loop() {
		for i := 0; i < mixRecords; i += batchRecords {
			do(lines[i:i+batchRecords], ready[i:i+batchRecords])
		}
	}
	reportRecords(b)
}

// reportRecords reports the time a record of the mix took.
func reportRecords(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/mixRecords, "ns/record")
}

// BenchmarkConvert is bytes to plog.Logs, the identity of each line included. Its
// floor parses the lines and builds the same log records from values that are ready.
// What it takes without the large attributes is excluding's.
func BenchmarkConvert(b *testing.B) {
	var r accesslog.Record
	b.Run("impl=ours", func(b *testing.B) {
		c, from := NewConverter(testOptions()), testOrigin()
		eachBatch(b, func(lines []string, _ []readyRecord) { convertChunk(c, from, &r, lines) })
	})
	b.Run("impl=excluding", func(b *testing.B) {
		c, from := NewConverter(excluding(large...)), testOrigin()
		eachBatch(b, func(lines []string, _ []readyRecord) { convertChunk(c, from, &r, lines) })
	})
	b.Run("impl=floor", func(b *testing.B) {
		eachBatch(b, func(lines []string, ready []readyRecord) {
			parse(b, &r, lines)
			mix().ready.build(ready)
		})
	})
}

// parse parses lines, all of which are well-formed.
func parse(b *testing.B, r *accesslog.Record, lines []string) {
	b.Helper()
	for _, line := range lines {
		if err := accesslog.Parse(line, r); err != nil {
			b.Fatal(err)
		}
	}
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

// BenchmarkBuild is the floors' part that builds whole log records with their
// resources, scopes, times, severities and trace contexts from values that are ready,
// by the fastest public means there is.
func BenchmarkBuild(b *testing.B) {
	eachBatch(b, func(_ []string, ready []readyRecord) { mix().ready.build(ready) })
}

// The floor is one only if it leaves nothing out.
func TestFloorBuildsWhatConvertBuilds(t *testing.T) {
	m := mix()
	for i := 0; i < mixRecords; i += 10 * batchRecords {
		converted := batchOf(testOptions(), testOrigin(), m.lines[i:i+batchRecords]...).Logs()
		assert.Equal(t, jsonOf(t, converted), jsonOf(t, m.ready.build(m.ready.records[i:i+batchRecords])))
	}
}

// A record costs an allocation an attribute and two more, itself and the slice of
// its attributes; a list is three more than a string. Beside that there is a
// record's share of what batches need.
func TestAllocations(t *testing.T) {
	lines := mix().lines
	c, from := NewConverter(testOptions()), testOrigin()
	attributes, lists := len(mix().ready.attributes), 0
	for _, r := range mix().ready.resources {
		attributes -= r.to - r.from
	}
	for _, a := range mix().ready.attributes {
		if a.kind == pcommon.ValueTypeSlice {
			lists++
		}
	}
	allocations := testing.AllocsPerRun(2, func() { convertMix(c, from, lines) })
	more := (allocations - float64(attributes+3*lists)) / float64(len(lines))
	t.Logf("%.2f attributes, %.2f of them lists, and %.2f allocations more per record",
		float64(attributes)/float64(len(lines)), float64(lists)/float64(len(lines)), more)
	assert.LessOrEqual(t, more, 2.1)
}
