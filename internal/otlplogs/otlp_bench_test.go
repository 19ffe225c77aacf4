package otlplogs

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// BenchmarkOTLP is bytes of logs to bytes of OTLP, as an exporter sends them.
// Its floor is Parse, Floor and Marshal together.
func BenchmarkOTLP(b *testing.B) {
	lines := mix().lines
	c, from := NewConverter(testOptions()), testOrigin()
	b.SetBytes(mix().bytes)
	b.ReportAllocs()
	var r accesslog.Record
	sent := 0
	for b.Loop() {
		sent = 0
		for chunk := range slices.Chunk(lines, batchRecords) {
			sent += marshal(b, convertChunk(c, from, &r, chunk))
		}
	}
	reportRecords(b)
	b.ReportMetric(float64(sent)/mixRecords, "OTLP-B/record")
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
