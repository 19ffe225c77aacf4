package otlplogs

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// BenchmarkOTLP is bytes of logs to bytes of OTLP, as an exporter sends them. Its floor
// is that of Convert, and marshals what it has built.
func BenchmarkOTLP(b *testing.B) {
	var r accesslog.Record
	b.Run("impl=ours", func(b *testing.B) {
		c, from := NewConverter(testOptions()), testOrigin()
		sent := 0
		eachBatch(b, func(lines []string, _ []readyRecord) { sent += marshal(b, convertChunk(c, from, &r, lines)) })
		b.ReportMetric(float64(sent)/float64(b.N)/mixRecords, "OTLP-B/record")
	})
	b.Run("impl=floor", func(b *testing.B) {
		sent := 0
		eachBatch(b, func(lines []string, ready []readyRecord) {
			parse(b, &r, lines)
			sent += marshal(b, mix().ready.build(ready))
		})
		b.ReportMetric(float64(sent)/float64(b.N)/mixRecords, "OTLP-B/record")
	})
}

// BenchmarkMarshal is what pdata takes to make those bytes of log records that
// are there.
func BenchmarkMarshal(b *testing.B) {
	var built []plog.Logs
	for chunk := range slices.Chunk(mix().ready.records, batchRecords) {
		built = append(built, mix().ready.build(chunk))
	}
	b.SetBytes(mix().bytes)
	b.ReportAllocs()
	for b.Loop() {
		for _, logs := range built {
			marshal(b, logs)
		}
	}
	reportRecords(b)
}

// marshal returns how many bytes logs are in OTLP.
func marshal(b *testing.B, logs plog.Logs) int {
	b.Helper()
	var marshaler plog.ProtoMarshaler
	sent, err := marshaler.MarshalLogs(logs)
	require.NoError(b, err)
	return len(sent)
}
