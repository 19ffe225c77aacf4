package s3accessreportexporter

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// disk is a storage extension in memory.
type disk struct {
	component.StartFunc
	component.ShutdownFunc
	mu     sync.Mutex
	values map[string][]byte
	hang   chan struct{} // a Set waits for it; nil: it does not
	inside chan struct{}
}

func newDisk() *disk { return &disk{values: map[string][]byte{}, inside: make(chan struct{}, 100)} }

func (d *disk) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return d, nil
}

func (d *disk) Get(_ context.Context, key string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.values[key], nil
}

func (d *disk) Set(_ context.Context, key string, value []byte) error {
	if d.hang != nil {
		d.inside <- struct{}{}
		<-d.hang
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.values[key] = append([]byte(nil), value...)
	return nil
}

func (d *disk) Delete(_ context.Context, key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.values, key)
	return nil
}

func (d *disk) Batch(ctx context.Context, operations ...*storage.Operation) error {
	for _, o := range operations {
		if err := d.Delete(ctx, o.Key); err != nil {
			return err
		}
	}
	return nil
}

func (*disk) Close(context.Context) error { return nil }

// nop is an extension that is no storage.
type nop struct {
	component.StartFunc
	component.ShutdownFunc
}

var storageID = component.MustNewID("disk")

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func settings(t *testing.T, changes map[string]any) *Config {
	t.Helper()
	config := createDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(changes).Unmarshal(config))
	return config.(*Config)
}

func started(t *testing.T, config *Config, in host) exporter.Logs {
	t.Helper()
	require.NoError(t, config.Validate())
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(typ), config)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), in))
	return e
}

func batch(uids ...byte) plog.Logs {
	logs := plog.NewLogs()
	of := logs.ResourceLogs().AppendEmpty()
	of.Resource().Attributes().PutStr("aws.s3.bucket", "b</script>")
	for _, uid := range uids {
		record := of.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		record.SetEventName("aws.s3.server_access")
		record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		record.Attributes().PutStr("log.record.uid", hex.EncodeToString(append(make([]byte, 7), uid+1, 0, 0, 0, 0, 0, 0, 0, 0)))
	}
	return logs
}

// page has what a test reads in a report.
type pageData struct {
	Title   string
	Records int
	Buckets []string
}

func unpacked(t *testing.T, packed io.Reader) (d pageData) {
	t.Helper()
	text, err := gzip.NewReader(packed)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(text).Decode(&d))
	return d
}

func read(t *testing.T, path string) pageData {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	found := regexp.MustCompile(`<script type="text/plain" id="data"[^>]*>([^<]*)</script>`).FindStringSubmatch(string(text))
	require.NotNil(t, found)
	return unpacked(t, base64.NewDecoder(base64.StdEncoding, strings.NewReader(found[1])))
}

func TestAReportOverRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	in := host{storageID: newDisk()}
	config := map[string]any{"path": path, "storage": "disk", "title": "Ours", "interval": "1h"}
	e := started(t, settings(t, config), in)
	require.NoError(t, e.ConsumeLogs(t.Context(), batch(1, 2, 3)))
	require.NoError(t, e.Shutdown(t.Context()))
	assert.Equal(t, pageData{"Ours", 3, []string{"b</script>"}}, read(t, path))
	e = started(t, settings(t, config), in)
	require.NoError(t, e.ConsumeLogs(t.Context(), batch(2, 3, 4)))
	require.NoError(t, e.Shutdown(t.Context()))
	assert.Equal(t, 4, read(t, path).Records)
}

func address(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "localhost:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func get(t *testing.T, url string, header http.Header) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	request.Header = header
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	answer, err := client.Do(request)
	require.NoError(t, err)
	return answer
}

func TestTheReportIsServedAndRefreshed(t *testing.T) {
	endpoint := address(t)
	e := started(t, settings(t, map[string]any{"path": "", "endpoint": endpoint, "interval": "1s"}), host{})
	zipped := http.Header{"Accept-Encoding": {"gzip"}}
	tag := ""
	require.Eventually(t, func() bool {
		answer := get(t, "http://"+endpoint+"/data", zipped)
		defer answer.Body.Close()
		tag = answer.Header.Get("ETag")
		return answer.StatusCode == http.StatusOK
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, e.ConsumeLogs(t.Context(), batch(1, 2)))
	require.Eventually(t, func() bool {
		answer := get(t, "http://"+endpoint+"/data", http.Header{"If-None-Match": {tag}, "Accept-Encoding": {"gzip"}})
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK && unpacked(t, answer.Body).Records == 2
	}, 10*time.Second, 50*time.Millisecond)
	answer := get(t, "http://"+endpoint+"/", zipped)
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Contains(t, answer.Header.Get("Content-Security-Policy"), "connect-src 'self'")
	require.NoError(t, answer.Body.Close())
	require.NoError(t, e.Shutdown(t.Context()))
}

// A connection is open, with half a request, and the storage hangs in a write.
func TestShutdownTakesThreeSecondsAtMost(t *testing.T) {
	endpoint := address(t)
	d := newDisk()
	e := started(t, settings(t, map[string]any{"path": filepath.Join(t.TempDir(), "report.html"), "endpoint": endpoint, "storage": "disk"}), host{storageID: d})
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", endpoint)
	require.NoError(t, err)
	defer connection.Close()
	_, err = io.WriteString(connection, "GET /data HTTP/1.1\r\nHost: loc")
	require.NoError(t, err)
	d.hang = make(chan struct{})
	consumed := make(chan error, 1)
	go func() { consumed <- e.ConsumeLogs(context.Background(), batch(1)) }()
	<-d.inside
	begin := time.Now()
	require.Error(t, e.Shutdown(t.Context()), "the storage was not closed")
	assert.Less(t, time.Since(begin), 3*time.Second)
	close(d.hang)
	require.NoError(t, <-consumed)
}

func TestWrongStorages(t *testing.T) {
	config := settings(t, map[string]any{"path": "x.html", "storage": "disk"})
	damaged := newDisk()
	damaged.values["manifest"] = []byte("something else")
	for want, in := range map[string]host{
		"there is no extension disk": {},
		"is not a storage":           {storageID: nop{}},
		"cannot be read":             {storageID: damaged},
	} {
		e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(typ), config)
		require.NoError(t, err)
		require.ErrorContains(t, e.Start(t.Context(), in), want)
		require.NoError(t, e.Shutdown(t.Context()))
	}
}

func TestWrongSettingsNameTheirKey(t *testing.T) {
	for want, wrong := range map[string]map[string]any{
		"path: set it":       {"path": ""},
		"endpoint: host and": {"endpoint": "8700"},
		"cors: leave it out": {"cors": map[string]any{"allowed_origins": []string{"*"}}},
		"interval: 0s":       {"interval": "0s"},
		"retention: 1h0m0s":  {"retention": "1h"},
		"retention: 2161h0m": {"retention": "2161h"},
		"title: it has more": {"title": strings.Repeat("x", 257)},
	} {
		assert.ErrorContains(t, settings(t, wrong).Validate(), want)
	}
	assert.NoError(t, createDefaultConfig().(*Config).Validate())
}

func TestAnEndpointWithoutAHostIsLocalhost(t *testing.T) {
	for endpoint, want := range map[string]string{":8700": "localhost:8700", "0.0.0.0:8700": "0.0.0.0:8700", "[::]:1": "[::]:1"} {
		_, got := settings(t, map[string]any{"endpoint": endpoint}).host()
		assert.Equal(t, want, got)
	}
}
