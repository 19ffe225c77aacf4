package e2e

import (
	"fmt"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

// counted counts the bytes that come in by a listener's connections.
type counted struct {
	net.Listener
	bytes *atomic.Int64
}

func (c counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	return countedConn{conn, c.bytes}, err
}

type countedConn struct {
	net.Conn
	bytes *atomic.Int64
}

func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

// onTheWire returns the address of a proxy before a server, and what counts the bytes that
// are sent to it.
func onTheWire(t *testing.T, server string) (address string, bytes *atomic.Int64) {
	t.Helper()
	to, err := url.Parse(server)
	require.NoError(t, err)
	bytes = new(atomic.Int64)
	proxy := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(to))
	proxy.Listener = counted{proxy.Listener, bytes}
	proxy.Start()
	t.Cleanup(proxy.Close)
	return proxy.URL, bytes
}

// The OTLP receiver of the distribution, and so of any collector, takes zstd over gRPC and
// over HTTP.
func TestCollectorsTakeZstd(t *testing.T) {
	t.Parallel()
	program(t)
	dir, grpc, http := t.TempDir(), machine.FreeAddr(t), machine.FreeAddr(t)
	text := joined(samplelogs.Records(91, 5000))
	want := uids{}
	want.add(text)
	write(t, dir, map[string][]byte{"2026-11-09-00-00-00-0000000000000000": text})
	for name, exporter := range map[string]string{
		"grpc": strings.Replace(otlpExporter(grpc), "timeout:", "compression: zstd, timeout:", 1),
		"http": "otlp_http: {endpoint: http://" + http + ", compression: zstd, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}",
	} {
		out := filepath.Join(t.TempDir(), "records.jsonl")
		receiving := start(t, setup{
			receivers: "otlp: {protocols: {grpc: {endpoint: " + grpc + "}, http: {endpoint: " + http + "}}}",
			exporters: "file: {path: " + out + "}",
		})
		receiving.ready(t)
		c := start(t, setup{receivers: "s3_access_logs: {directory: {path: " + dir + "}}", exporters: exporter})
		c.readToEnd(t, time.Minute)
		assert.Zero(t, c.metric(t, batchesMetric, `outcome="retried"`), name)
		c.stop(t, 15*time.Second)
		receiving.stop(t, 15*time.Second)
		assertSame(t, want, records(t, out, nil))
	}
}

// VictoriaLogs and VictoriaMetrics take all three ways to send the sample week, and the log
// says how many bytes each takes. docs/performance.md has them.
func TestServersTakeCompressedOTLP(t *testing.T) {
	program(t)
	var s shown
	s.objects = map[string][]byte{}
	s.readSamples(t)
	sizes := map[string]int64{}
	for _, compression := range []string{"none", "gzip", "zstd"} {
		logs, metrics := servers.VictoriaLogs(t), servers.VictoriaMetrics(t)
		toLogs, ofLogs := onTheWire(t, logs.URL())
		toMetrics, ofMetrics := onTheWire(t, metrics.URL())
		c := startExample(t, "../deploy/compose/collector.yaml", overlay{
			settings:   "directory: {follow: false}",
			exporters:  fmt.Sprintf("otlp_http/victorialogs: {compression: %s}, otlp_http/victoriametrics: {compression: %s}", compression, compression),
			extensions: healthCheck(t),
			env: []string{
				"LOGS=" + absolute(t, "../../../../testdata/sample"), "STATE_DIRECTORY=" + t.TempDir(),
				"GEO_DATABASE=" + absolute(t, sampleGeo), "THREAT_FEED=" + absolute(t, sampleFeed),
				"VICTORIALOGS_URL=" + toLogs, "VICTORIAMETRICS_URL=" + toMetrics,
			},
		})
		c.readToEnd(t, time.Minute)
		c.stop(t, 20*time.Second)
		metrics.Flush(t)
		got := metrics.Query(t, "sum(sum_over_time(aws_s3_server_requests_total[1y]))", time.Now())
		require.Len(t, got, 1, compression)
		assert.Equal(t, float64(len(s.requests)), got[0].Value, compression)
		rows := logs.Query(t, "* | count() n", longAgo, farOff)
		require.Len(t, rows, 1, compression)
		assert.Equal(t, strconv.Itoa(len(s.requests)+s.malformed), rows[0]["n"], compression)
		sizes["logs "+compression], sizes["metrics "+compression] = ofLogs.Load(), ofMetrics.Load()
		t.Logf("%s: %d bytes of %d log records to VictoriaLogs, %d bytes of metrics to VictoriaMetrics",
			compression, ofLogs.Load(), len(s.requests)+s.malformed, ofMetrics.Load())
	}
	for _, what := range []string{"logs ", "metrics "} {
		assert.Less(t, sizes[what+"zstd"], sizes[what+"none"]/4, what)
		assert.Less(t, sizes[what+"zstd"], sizes[what+"gzip"]*11/10, what)
	}
}
