package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
)

// The limits of what the process may take, for any size of objects. Peak RSS
// counts the pages of the program's own file too, some 40 MB.
const (
	maxReading = 160e6 // bytes, while one object is read
	maxRefused = 300e6 // bytes, while 32 objects are read and the exporter refuses
)

// sizes are what the limits are stated for, or less in an ordinary run.
func sizes(t testing.TB) (one, each int64, full bool) {
	t.Helper()
	if os.Getenv("E2E_MEMORY") != "" {
		return 2e9, 200e6, true
	}
	return 300e6, 8e6, false
}

// beside lets a test run beside others, unless its figures are to be kept.
func beside(t *testing.T, full bool) {
	t.Helper()
	if !full {
		t.Parallel()
	}
}

func TestMemoryOfOneObjectOfADirectory(t *testing.T) {
	program(t)
	one, _, full := sizes(t)
	beside(t, full)
	dir := t.TempDir()
	sampleFile(t, filepath.Join(dir, "2026-11-09-00-00-00-0000000000000000"), one)
	c := start(t, setup{
		receivers: "s3_access_logs: {directory: {path: " + dir + "}}",
		exporters: "nop: {}",
		noMetrics: true,
	})
	begin := time.Now()
	t.Log(withoutResource(c.readToEnd(t, 3*time.Minute)))
	took := time.Since(begin)
	c.stop(t, 15*time.Second)
	assert.Less(t, c.memory.done().peak, int64(maxReading))
	t.Logf("one file of %d MB in %.1f s: %v", one/1e6, took.Seconds(), c.memory)
}

func TestMemoryOfOneObjectOfABucket(t *testing.T) {
	program(t)
	one, _, full := sizes(t)
	beside(t, full)
	server, _ := bigObject(t, one)
	c := start(t, setup{
		receivers: bucketReceiver("s3_access_logs", server.Endpoint, "{name: logs, start_from: earliest}"),
		exporters: "nop: {}",
		env:       server.Env,
	})
	begin := time.Now()
	c.settled(t, 5*time.Minute, "ok", 1)
	took := time.Since(begin)
	assert.GreaterOrEqual(t, c.metric(t, readMetric, ""), float64(one))
	c.stop(t, 15*time.Second)
	assert.Less(t, c.memory.done().peak, int64(maxReading))
	t.Logf("one object of %d MB in %.1f s: %v", one/1e6, took.Seconds(), c.memory)
}

func TestMemoryOfManyFilesThatAreRefused(t *testing.T) {
	program(t)
	_, each, full := sizes(t)
	beside(t, full)
	dir := manyFiles(t, 32, each)
	c := start(t, setup{
		receivers: "s3_access_logs: {directory: {path: " + dir + "}, retry_on_failure: {max_interval: 1s}}",
		exporters: otlpExporter(machine.FreeAddr(t)),
	})
	refuse(t, c, full)
	t.Logf("32 files of %d MB at once: %v", each/1e6, c.memory.done())
}

func TestMemoryOfManyObjectsThatAreRefused(t *testing.T) {
	program(t)
	_, each, full := sizes(t)
	beside(t, full)
	server, key := bigObject(t, each)
	api := client(server)
	for i := range 31 {
		bucket, from := "logs", url.PathEscape("logs/"+key)
		to := fmt.Sprintf("2026-11-09-00-01-%02d-%016d", i, i)
		_, err := api.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &bucket, Key: &to, CopySource: &from})
		require.NoError(t, err)
	}
	c := start(t, setup{
		receivers: bucketReceiver("s3_access_logs", server.Endpoint, "{name: logs, start_from: earliest}") + "  retry_on_failure: {max_interval: 1s}\n",
		exporters: otlpExporter(machine.FreeAddr(t)),
		env:       server.Env,
	})
	refuse(t, c, full)
	t.Logf("32 objects of %d MB at once: %v", each/1e6, c.memory.done())
}

// refuse waits until 32 objects are being read and batches were refused for a
// while, and checks what the process took.
func refuse(t *testing.T, c *collector, full bool) {
	t.Helper()
	retries := 10.0
	if full {
		retries = 80
	}
	c.until(t, 2*time.Minute, "32 objects being read", func() bool { return c.metric(t, flightMetric, "") == 32 })
	c.until(t, 2*time.Minute, "enough refusals", func() bool { return c.metric(t, batchesMetric, `outcome="retried"`) >= retries })
	assert.EqualValues(t, 32, c.metric(t, flightMetric, ""))
	assert.Zero(t, c.metric(t, batchesMetric, `outcome="refused"`))
	c.stop(t, 15*time.Second)
	assert.Less(t, c.memory.done().peak, int64(maxRefused))
}

// bigObject stores one object of a size in the bucket "logs" of a new server.
func bigObject(t testing.TB, size int64) (server *s3test.Server, key string) {
	t.Helper()
	server = s3test.Start(t)
	server.CreateBucket(t, "logs")
	file := filepath.Join(t.TempDir(), "object")
	sampleFile(t, file, size)
	body, err := os.Open(file)
	require.NoError(t, err)
	defer body.Close()
	bucket, key := "logs", "2026-11-09-00-00-00-0000000000000000"
	_, err = client(server).PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: body})
	require.NoError(t, err)
	require.NoError(t, os.Remove(file))
	return server, key
}
