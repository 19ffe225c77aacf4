package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// margin is what a shutdown may take beside shutdown_timeout.
const margin = 3 * time.Second

// manyFiles makes a directory with n files of a size and the same content, and returns
// it. Names of one file would be read once.
func manyFiles(t testing.TB, n int, size int64) string {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "objects")
	require.NoError(t, os.Mkdir(dir, 0o755))
	for i := range n {
		sampleFile(t, filepath.Join(dir, fmt.Sprintf("2026-11-09-00-00-%02d-%016d", i, i)), size)
	}
	return dir
}

// sampleText is records that big files repeat: making as many anew takes longer
// than reading them.
var sampleText = sync.OnceValue(func() []byte { return joined(samplelogs.Records(61, 20_000)) })

// sampleFile writes records of a size at least.
func sampleFile(t testing.TB, path string, size int64) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	for size > 0 {
		n, err := f.Write(sampleText())
		require.NoError(t, err)
		size -= int64(n)
	}
}

func TestTerminatedInTheMiddleOfWork(t *testing.T) {
	t.Parallel()
	program(t)
	// A server that takes connections and never says a word.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { silent.Close() })

	for name, with := range map[string]struct {
		exporter string
		timeout  time.Duration
		underWay string // what the log says; "": some bytes are read
	}{
		"everything is taken":   {exporter: "nop: {}", timeout: 10 * time.Second},
		"everything is refused": {exporter: otlpExporter(machine.FreeAddr(t)), timeout: 2 * time.Second, underWay: "the pipeline refused a batch, it is tried again"},
		"nothing is answered":   {exporter: otlpExporter(silent.Addr().String()), timeout: 2 * time.Second},
		"no time at all":        {exporter: otlpExporter(silent.Addr().String()), timeout: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := manyFiles(t, 40, 16<<20)
			c := start(t, setup{
				receivers: "s3_access_logs: {directory: {path: " + dir + "}, shutdown_timeout: " + with.timeout.String() + "}",
				exporters: with.exporter,
			})
			c.until(t, 20*time.Second, "some bytes read", func() bool { return c.metric(t, readMetric, "") > 1e6 })
			if with.underWay != "" {
				c.logged(t, 20*time.Second, with.underWay)
			}
			took := c.stop(t, with.timeout+margin)
			log := c.log(t)
			// On a machine without time, what is read may be left behind in place of being waited for.
			assert.Regexp(t, "stopped reading|the receiver stops without what hangs", log)
			assert.NotContains(t, log, "directory read to its end")
			t.Logf("ended %v after SIGTERM", took.Round(time.Millisecond))
		})
	}
}

// What was taken before the crash is in the sink, and all of it is read again.
func TestKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	program(t)
	dir := t.TempDir()
	want := uids{}
	for i := range 10 {
		text := joined(samplelogs.Records(uint64(70+i), 2500))
		want.add(text)
		write(t, dir, map[string][]byte{fmt.Sprintf("2026-11-09-00-00-00-%016d", i): text})
	}
	receiving, addr, out := sink(t)
	s := setup{
		receivers: "s3_access_logs: {directory: {path: " + dir + "}, deliveries: 1, logs: {batch_size: 128}}",
		exporters: otlpExporter(addr),
	}
	first := start(t, s)
	taken := func() float64 { return receiving.metric(t, "otelcol_receiver_accepted_log_records", "") }
	first.until(t, 20*time.Second, "some records in the sink", func() bool { return taken() > 1000 })
	first.kill(t)
	assert.Less(t, taken(), float64(len(want)), "it was killed after its work")

	second := start(t, s)
	second.readToEnd(t, time.Minute)
	second.stop(t, 15*time.Second)
	receiving.stop(t, 15*time.Second)

	got, twice := records(t, out, nil), 0
	for id := range got {
		twice += got[id] - 1
		got[id] = 1
	}
	assertSame(t, want, got)
	assert.Positive(t, twice, "the first run delivered nothing")
	t.Logf("%d of %d records came twice", twice, len(want))
}
