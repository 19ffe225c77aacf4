package s3accesslogsreceiver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// A file of which the end cannot be unpacked is put in order without a change of its size
// and time, as a disk does that can be read again.
func TestFileThatWasGivenUpIsTriedAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "2026-11-09-10-00-00-0123456789ABCDEF")
	records := samplelogs.Records(11, 3000)
	writeGzip(t, path, strings.Join(records, "\n")+"\n")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	write := func(content []byte) {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	}
	broken := append([]byte(nil), whole...)
	copy(broken[len(broken)-1000:], make([]byte, 1000))
	write(broken)

	host, id := newStorageHost(t)
	read := func(givenUp int64) map[string]int {
		cfg := directoryConfig(dir)
		cfg.Storage = &id
		sink := new(consumertest.LogsSink)
		tel, r := startMeasuredOn(t, host, cfg, sink)
		r.awaitLogged(t, "directory read to its end")
		assert.Equal(t, givenUp, readTelemetry(t, tel)["objects.given_up"])
		require.NoError(t, r.Shutdown(t.Context()))
		return uids(sink.AllLogs())
	}
	first := read(1)
	assert.NotEmpty(t, first)
	assert.Less(t, len(first), len(records))
	assert.Empty(t, read(1), "it is tried again, in vain")

	write(whole)
	rest := read(0)
	for uid, n := range first {
		rest[uid] += n
	}
	assert.Equal(t, uidsOf(records...), rest)
	assert.Empty(t, read(0))
}
