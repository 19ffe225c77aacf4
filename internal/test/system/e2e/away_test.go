package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// The pipeline of metrics is taken out of the configuration and put back, over one storage.
// The next start tells how many objects were read meanwhile, and its series are new ones:
// none has the start of one from before, and they add up to what was read since.
func TestMetricsThatWereAwayBeginAnew(t *testing.T) {
	t.Parallel()
	program(t)
	dir, storage := t.TempDir(), t.TempDir()
	files := 0
	run := func(objects int, signals ...string) (c *collector, requests map[pcommon.Timestamp]int64) {
		out := filepath.Join(t.TempDir(), "out.jsonl")
		c = start(t, setup{
			receivers: "s3_access_logs: {directory: {path: " + dir + ", follow: true}, storage: file_storage, metrics: {interval: 1s}}",
			exporters: "file: {path: " + out + "}", signals: signals,
			extensions: "file_storage: {directory: " + storage + "}",
		})
		c.ready(t)
		more := map[string][]byte{}
		for range objects {
			files++
			more[fmt.Sprintf("2026-11-09-00-00-%02d-0123456789ABCDEF", files)] = joined(samplelogs.Records(uint64(files), 100))
		}
		write(t, dir, more)
		c.until(t, 20*time.Second, "all objects read", func() bool { return c.objects(t, "ok") == objects })
		c.stop(t, 15*time.Second)
		return c, requestsByStart(t, out)
	}

	first, before := run(3, "logs", "metrics")
	assert.EqualValues(t, 300, sumOf(before))
	assert.NotContains(t, first.log(t), "while the receiver was in no pipeline")
	run(4, "logs")
	run(2, "logs")
	second, after := run(1, "logs", "metrics")
	second.logged(t, time.Second, "log objects were read while the receiver was in no pipeline of metrics, and are not in its counters", `"objects": 6`)
	assert.EqualValues(t, 300, sumOf(shared(after, before)), "what was counted before is told once more, as it was")
	for at := range before {
		delete(after, at)
	}
	assert.EqualValues(t, 100, sumOf(after), "the new series have what was read since")
	third, last := run(1, "logs", "metrics")
	assert.NotContains(t, third.log(t), "while the receiver was in no pipeline", "it was told")
	assert.Empty(t, shared(last, before), "the series from before have ended")
	assert.EqualValues(t, 200, sumOf(last))

	run(2, "metrics")
	logsBack, _ := run(1, "logs", "metrics")
	logsBack.logged(t, time.Second, "log objects were read while the receiver was in no pipeline of logs, and their records were sent nowhere", `"objects": 2`)
}

// requestsByStart returns what a file has of aws.s3.server.requests: the last values of its
// series, summed up by their start.
func requestsByStart(t testing.TB, path string) map[pcommon.Timestamp]int64 {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	last := map[string]point{}
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte(`{"resourceMetrics"`)) {
			continue
		}
		request, err := new(pmetric.JSONUnmarshaler).UnmarshalMetrics(line)
		require.NoError(t, err)
		eachPoint(request, func(p *point) {
			if p.metric == "aws.s3.server.requests" {
				last[fmt.Sprint(p.id(), p.start)] = *p
			}
		})
	}
	sums := map[pcommon.Timestamp]int64{}
	for _, p := range last {
		sums[p.start] += p.value.total
	}
	return sums
}

// shared returns the entries of a that b has too.
func shared(a, b map[pcommon.Timestamp]int64) map[pcommon.Timestamp]int64 {
	both := map[pcommon.Timestamp]int64{}
	for at, n := range a {
		if _, ok := b[at]; ok {
			both[at] = n
		}
	}
	return both
}

func sumOf(m map[pcommon.Timestamp]int64) (sum int64) {
	for _, n := range m {
		sum += n
	}
	return sum
}
