package e2e

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// Whatever never answers, the process ends within shutdown_timeout and margin.
func TestTerminatedWhileNothingAnswers(t *testing.T) {
	t.Parallel()
	program(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { silent.Close() })
	nothing := "http://" + silent.Addr().String()
	keys := []string{"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_REGION=us-east-1"}

	half := newDoor(t, nothing, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if r.URL.Query().Has("list-type") {
			w.Header().Set("Content-Type", "application/xml")
			_, _ = w.Write([]byte(`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>logs</Name><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>` +
				`<Contents><Key>2026-11-09-00-00-00-0123456789ABCDEF</Key><LastModified>2026-11-09T00:00:00.000Z</LastModified><ETag>"e"</ETag><Size>1000000</Size><StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>`))
			return
		}
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write(joined(samplelogs.Records(1, 10)))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"2026-11-09-00-00-00-0123456789ABCDEF": joined(samplelogs.Records(1, 10))})
	for name, s := range map[string]setup{
		"the back end": {
			receivers: "s3_access_logs: {directory: {path: " + dir + "}}",
			exporters: "otlp_http: {endpoint: '" + nothing + "', timeout: 1h, sending_queue: {enabled: false}}",
		},
		"S3": {receivers: bucketReceiver("s3_access_logs", nothing, "{name: logs}"), env: keys},
		"STS": {
			receivers: "s3_access_logs: {bucket: {name: logs}, aws: {role_arn: 'arn:aws:iam::111122223333:role/reader', endpoint: '" + nothing + "'}}",
			env:       append([]string{"AWS_ENDPOINT_URL_STS=" + nothing}, keys...),
		},
		"the rest of an object": {receivers: bucketReceiver("s3_access_logs", half.URL, "{name: logs, start_from: earliest}"), env: keys},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.receivers += "\n"
			if s.exporters == "" {
				s.exporters = "nop: {}"
			}
			c := start(t, s)
			c.ready(t)
			time.Sleep(2 * time.Second)
			took := c.stop(t, 10*time.Second+margin)
			t.Logf("%s does not answer: ended %v after SIGTERM", name, took.Round(time.Millisecond))
		})
	}
}

// A FIFO takes the place of a file between the look at it and its opening: nothing waits
// for somebody to write into it.
func TestFIFOsInPlaceOfFilesHoldUpNothing(t *testing.T) {
	t.Parallel()
	program(t)
	dir := t.TempDir()
	c := start(t, setup{
		receivers: "s3_access_logs: {directory: {path: " + dir + ", follow: true}}",
		exporters: "nop: {}",
	})
	c.ready(t)
	text := joined(samplelogs.Records(1, 10))
	path := filepath.Join(dir, "2026-11-09-00-00-00-0123456789ABCDEF")
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		require.NoError(t, os.WriteFile(path+".tmp", text, 0o600))
		past := time.Now().Add(-time.Minute)
		require.NoError(t, os.Chtimes(path+".tmp", past, past))
		require.NoError(t, os.Rename(path+".tmp", path)) // opening a FIFO would wait
		time.Sleep(20 * time.Millisecond)
		require.NoError(t, syscall.Mkfifo(path+"f", 0o600))
		require.NoError(t, os.Rename(path+"f", path))
		time.Sleep(20 * time.Millisecond)
	}
	require.NoError(t, os.Remove(path))
	write(t, dir, map[string][]byte{"2026-11-09-00-00-01-0123456789ABCDEF": text})
	c.until(t, 20*time.Second, "the file behind is read", func() bool { return c.objects(t, "ok") > 0 })
	c.stop(t, 5*time.Second)
}

// A folder of the storage that is removed, and one that is there again empty, are told.
func TestStorageFolderThatVanishes(t *testing.T) {
	t.Parallel()
	program(t)
	dir, storage := t.TempDir(), filepath.Join(t.TempDir(), "storage")
	require.NoError(t, os.Mkdir(storage, 0o700))
	s := setup{
		receivers:  "s3_access_logs: {directory: {path: " + dir + ", follow: true}, storage: file_storage}",
		exporters:  "nop: {}",
		extensions: "file_storage: {directory: " + storage + "}",
	}
	c := start(t, s)
	c.ready(t)
	moved := storage + "-moved"
	require.NoError(t, os.Rename(storage, moved))
	require.NoError(t, os.Mkdir(storage, 0o700))
	c.logged(t, time.Minute, "unhealthy", "the stored progress is not where it was")
	c.stop(t, 15*time.Second)
}

// One bit of the name of bbolt's bucket hides all that was stored. That is no fresh start.
func TestDamagedStorageIsNoFreshStart(t *testing.T) {
	t.Parallel()
	program(t)
	dir, storage := t.TempDir(), t.TempDir()
	write(t, dir, map[string][]byte{"2026-11-09-00-00-00-0123456789ABCDEF": joined(samplelogs.Records(1, 10))})
	s := setup{
		receivers:  "s3_access_logs: {directory: {path: " + dir + "}, storage: file_storage}",
		exporters:  "nop: {}",
		extensions: "file_storage: {directory: " + storage + "}",
	}
	c := start(t, s)
	c.readToEnd(t, 20*time.Second)
	c.ready(t)
	c.stop(t, 15*time.Second)

	file := filepath.Join(storage, "receiver_s3_access_logs_")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	damaged := bytes.ReplaceAll(b, []byte("default"), []byte("eefault"))
	require.NotEqual(t, b, damaged)
	require.NoError(t, os.WriteFile(file, damaged, 0o600))
	for range 2 {
		c = start(t, s)
		c.dead(t, 20*time.Second)
		assert.NotZero(t, c.cmd.ProcessState.ExitCode())
		assert.Contains(t, c.log(t), "it is gone or damaged, a marker tells that there was some")
	}
	require.NoError(t, os.WriteFile(file, b, 0o600))
	c = start(t, s)
	c.readToEnd(t, 20*time.Second)
	assert.Zero(t, c.objects(t, "ok"), "it was read before")
	c.ready(t)
	c.stop(t, 15*time.Second)
}
