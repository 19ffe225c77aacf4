package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// sink starts a collector that takes OTLP/gRPC with its default limits, and
// returns it with the address it listens on and the file that it writes.
func sink(t testing.TB) (c *collector, addr, out string) {
	t.Helper()
	addr, out = machine.FreeAddr(t), filepath.Join(t.TempDir(), "records.jsonl")
	c = start(t, setup{
		receivers: "otlp: {protocols: {grpc: {endpoint: " + addr + "}}}",
		exporters: "file: {path: " + out + "}",
	})
	c.logged(t, 20*time.Second, "Everything is ready")
	return c, addr, out
}

// otlpExporter is the YAML of an exporter that has no queue and leaves the
// retries to the receiver. It is as patient as a busy machine needs it: what it gave
// up and sent again would come twice.
func otlpExporter(addr string) string {
	return "otlp_grpc: {endpoint: " + addr + ", timeout: 2m, tls: {insecure: true}, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}"
}

// What the line's worst does to a message: repeated as log.record.original, and
// every byte that is no UTF-8 becomes three.
func TestGRPCWithDefaultLimitsTakesEveryBatch(t *testing.T) {
	t.Parallel()
	program(t)
	dir := t.TempDir()
	files := map[string][]byte{"2026-11-09-00-00-00-0000000000000000": hostile(t)}
	for _, o := range samplelogs.Week(samplelogs.Seed) {
		files[o.Path] = o.Stored()
	}
	files["2026-11-09-00-00-01-0000000000000000"] = joined(samplelogs.Records(31, 8000))
	write(t, dir, files)
	want := uids{}
	for _, stored := range files {
		text, err := samplelogs.ReadText(stored)
		require.NoError(t, err)
		want.add(text)
	}

	receiving, addr, out := sink(t)
	c := start(t, setup{
		receivers: "s3_access_logs: {directory: {path: " + dir + "}, logs: {include_original: always}}",
		exporters: otlpExporter(addr),
	})
	c.readToEnd(t, time.Minute)
	assert.Zero(t, c.metric(t, batchesMetric, `outcome="refused"`))
	assert.Zero(t, c.metric(t, batchesMetric, `outcome="retried"`))
	assert.Positive(t, c.metric(t, batchesMetric, `outcome="accepted"`))
	c.stop(t, 15*time.Second)
	receiving.stop(t, 15*time.Second)

	withOriginal := 0
	got := records(t, out, func(_ pcommon.Map, record plog.LogRecord) {
		if _, found := record.Attributes().Get("log.record.original"); found {
			withOriginal++
		}
	})
	assertSame(t, want, got)
	assert.Equal(t, len(want), withOriginal)
	info, err := os.Stat(out)
	require.NoError(t, err)
	t.Logf("%d records of %d objects, %d MB of JSON", len(want), len(files), info.Size()/1e6)
}

// hostile returns records whose User-Agent or Request-URI makes them as large as
// a line may be, and one that is larger, with ordinary ones between them.
func hostile(t testing.TB) []byte {
	t.Helper()
	const most = 1 << 20 // max_line_size
	var text []string
	for i, ordinary := range samplelogs.Records(32, 200) {
		agent := strings.LastIndex(ordinary, `" "`) + 3
		require.Greater(t, agent, 3, ordinary)
		var filling string
		switch size := (most - len(ordinary)) >> (i % 7); i % 8 {
		case 0:
			filling = strings.Repeat("\xff", size)
		case 1:
			filling = strings.Repeat("\xc3\x28", size/2)
		case 2:
			filling = strings.Repeat("<\x00\u2028", size/5)
		case 3:
			filling = strings.Repeat("X-Amz-Signature=abcdef&", size/23)
		}
		if i%8 == 4 && i%3 == 0 {
			filling = strings.Repeat("long \xfe", most/3) // twice what is allowed
		}
		text = append(text, ordinary[:agent]+filling+ordinary[agent:])
	}
	return joined(text)
}
