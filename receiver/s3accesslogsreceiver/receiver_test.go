package s3accesslogsreceiver

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// running is a receiver made by the factory and started.
type running struct {
	receiver.Logs
	host   *statusHost
	logged *observer.ObservedLogs
}

func startReceiver(t *testing.T, cfg *Config, next consumer.Logs) *running {
	t.Helper()
	return startNamed(t, "", cfg, next)
}

// waitLimit is when a test gives up waiting, on a machine that is busy too.
const waitLimit = 100 * time.Second

// fastClock runs 100 times as fast as the system's, so that no test waits for the
// status or for a pipeline to come again.
type fastClock struct{ start time.Time }

const clockSpeed = 100

func (c fastClock) Now() time.Time { return c.start.Add(clockSpeed * time.Since(c.start)) }

func (fastClock) AfterFunc(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d/clockSpeed, f)
}

// fast holds the receivers of tests that take time by themselves, as those with a server.
var fast = newRegistry(fastClock{time.Now()})

// startNamed starts a receiver of a name of its own: others run beside it.
func startNamed(t *testing.T, name string, cfg *Config, next consumer.Logs) *running {
	t.Helper()
	core, logged := observer.New(zap.InfoLevel)
	set := settings(name)
	set.Logger = zap.New(core)
	r, err := fast.factory().CreateLogs(t.Context(), set, cfg, next)
	require.NoError(t, err)
	host := newStatusHost()
	require.NoError(t, r.Start(t.Context(), host))
	t.Cleanup(func() { assert.NoError(t, r.Shutdown(context.WithoutCancel(t.Context()))) })
	return &running{Logs: r, host: host, logged: logged}
}

// awaitLogged waits for a message and returns its fields.
func (r *running) awaitLogged(t *testing.T, message string) map[string]any {
	t.Helper()
	var found []observer.LoggedEntry
	require.Eventuallyf(t, func() bool {
		found = r.logged.FilterMessageSnippet(message).All()
		return len(found) > 0
	}, waitLimit, 10*time.Millisecond, "no message %q", message)
	return found[0].ContextMap()
}

// awaitStatus waits until the receiver reports this status and returns its error.
func (r *running) awaitStatus(t *testing.T, want componentstatus.Status) error {
	t.Helper()
	deadline := time.After(waitLimit)
	for {
		select {
		case e := <-r.host.events:
			if e.Status() == want {
				return e.Err()
			}
		case <-deadline:
			require.FailNow(t, "no status", want)
		}
	}
}

func directoryConfig(path string) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Directory = configoptional.Some(directory.Config{Path: path})
	return cfg
}

// uids counts how often each log.record.uid was received.
func uids(all []plog.Logs) map[string]int {
	n := make(map[string]int)
	for _, logs := range all {
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					uid, _ := lr.Attributes().Get("log.record.uid")
					n[uid.Str()]++
				}
			}
		}
	}
	return n
}

func uidOf(line string) string {
	id := lines.Identify(line)
	return hex.EncodeToString(id[:])
}

// uidsOf are the uids of all lines that are not blank.
func uidsOf(all ...string) map[string]int {
	n := make(map[string]int)
	for _, line := range all {
		n[uidOf(line)]++
	}
	return n
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func writeGzip(t *testing.T, path, content string) {
	t.Helper()
	var b strings.Builder
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(content))
	require.NoError(t, w.Close())
	writeFile(t, path, b.String())
}

func TestDirectoryIsReadToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		records := samplelogs.Records(1, 3000)
		writeFile(t, filepath.Join(dir, "access/2026-11-09-10-00-00-0123456789ABCDEF"), strings.Join(records[:1000], "\n")+"\n")
		writeGzip(t, filepath.Join(dir, "111122223333/us-east-1", samplelogs.Bucket(records[1000]), "2026/11/09/2026-11-09-00-00-00-0123456789ABCDEF"), strings.Join(records[1000:], "\r\n"))
		writeFile(t, filepath.Join(dir, "torn"), records[0][:100]+"\n")

		cfg := directoryConfig(dir)
		cfg.Logs.IncludeSourceObject = true
		sink := new(consumertest.LogsSink)
		r := startReceiver(t, cfg, sink)
		fields := r.awaitLogged(t, "directory read to its end")
		assert.EqualValues(t, 3, fields["objects"])
		assert.EqualValues(t, 3000, fields["records"])
		assert.EqualValues(t, 1, fields["malformed"])
		assert.Equal(t, uidsOf(append(records, records[0][:100])...), uids(sink.AllLogs()))

		accounts := map[string]bool{}
		for _, logs := range sink.AllLogs() {
			for _, rl := range logs.ResourceLogs().All() {
				name, _ := rl.Resource().Attributes().Get("service.name")
				assert.Equal(t, "s3_access_logs", name.Str())
				if v, ok := rl.Resource().Attributes().Get("cloud.account.id"); ok {
					accounts[v.Str()] = true
				}
				for _, sl := range rl.ScopeLogs().All() {
					assert.Equal(t, metadata.ScopeName, sl.Scope().Name())
					path, ok := sl.LogRecords().At(0).Attributes().Get("log.file.path")
					require.True(t, ok)
					assert.FileExists(t, path.Str())
				}
			}
		}
		assert.Equal(t, map[string]bool{"111122223333": true}, accounts)
	})
}

func TestWhatADirectoryLeavesOutIsLogged(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "a")
	writeFile(t, outside, "x\n")
	writeFile(t, filepath.Join(dir, "b.6E8b2d1a"), "x\n")
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link")))
	r := startReceiver(t, directoryConfig(dir), consumertest.NewNop())
	assert.Contains(t, r.awaitLogged(t, "a file is left out: "+dir+"/link")["error"], "leads out of directory.path, to "+outside)
	assert.Contains(t, r.awaitLogged(t, "a file is left out: "+dir+"/b.6E8b2d1a")["error"], "rename what is whole")
	assert.EqualValues(t, 0, r.awaitLogged(t, "directory read to its end")["objects"])
}

func TestShutdownTwiceAndWithoutStart(t *testing.T) {
	r, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), directoryConfig(t.TempDir()), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, r.Shutdown(t.Context()))
	require.NoError(t, r.Shutdown(t.Context()))
	assert.Empty(t, receivers.byKey)
}

func TestReceiverNeverWritesSecrets(t *testing.T) {
	const secret = "AKIAIOSFODNN7EXAMPLEsecret"
	record := samplelogs.Records(2, 1)[0]
	uri := strings.Index(record, ` HTTP/1.1"`)
	require.Positive(t, uri)
	line := record[:uri] + "?X-Amz-Signature=" + secret + record[uri:]
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a"), line+"\n"+line[:uri+60]+"\n")

	cfg := directoryConfig(dir)
	cfg.Logs.Body, cfg.Logs.IncludeOriginal = otlplogs.BodyOriginal, "always"
	sink := new(consumertest.LogsSink)
	r := startReceiver(t, cfg, sink)
	r.awaitLogged(t, "directory read to its end")
	require.Equal(t, 2, sink.LogRecordCount())
	for _, logs := range sink.AllLogs() {
		text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
		require.NoError(t, err)
		assert.NotContains(t, string(text), secret)
		assert.Contains(t, string(text), "REDACTED")
	}
}

func TestMissingDirectoryIsReportedAndReadOnceItIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "logs")
		sink := new(consumertest.LogsSink)
		r := startReceiver(t, directoryConfig(path), sink)
		err := r.awaitStatus(t, componentstatus.StatusRecoverableError)
		require.ErrorContains(t, err, "directory.path")
		require.ErrorContains(t, err, path)

		records := samplelogs.Records(3, 10)
		writeFile(t, filepath.Join(path, "2026-11-09-10-00-00-0123456789ABCDEF"), strings.Join(records, "\n")+"\n")
		require.NoError(t, r.awaitStatus(t, componentstatus.StatusOK))
		r.awaitLogged(t, "directory read to its end")
		assert.Equal(t, uidsOf(records...), uids(sink.AllLogs()))
	})
}
