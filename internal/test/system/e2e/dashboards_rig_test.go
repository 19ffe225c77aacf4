package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

// showSamples has two collectors read the samples, and waits until all of it is shown.
func showSamples(t *testing.T) *shown {
	t.Helper()
	s := &shown{logs: servers.VictoriaLogs(t), listed: map[string]bool{}, objects: map[string][]byte{}}
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	s.readSamples(t)
	earlier, later := s.halves()
	put(t, server, "logs", earlier)
	torn := gzipped(t, []byte(strings.Repeat("torn ", 1000)))
	put(t, server, "logs", map[string][]byte{"access/2026-11-01-12-00-00-0123456789ABCDEF.gz": torn[:len(torn)/2]})

	fromBucket, fromQueue := newTelemetry(t), newTelemetry(t)
	scrape, err := os.ReadFile(dashboardsDir + "/scrape.yaml")
	require.NoError(t, err)
	s.prometheus = servers.Prometheus(t, servers.Config(
		strings.ReplaceAll(string(scrape), `"localhost:8888"`, fmt.Sprintf("%q, %q", fromBucket.addr(), fromQueue.addr()))))
	s.bucket = startExample(t, "dashboards.yaml", overlay{
		also:       "victorialogs.yaml", // in place of Loki
		settings:   "metrics: {interval: 1s}, bucket: {start_from: earliest, poll_interval: 1s}, " + strings.TrimSpace(s3At(server.Endpoint)),
		extensions: healthCheck(t),
		env: append([]string{
			"LOG_BUCKET=logs", "GEO_DATABASE=" + absolute(t, sampleGeo), "THREAT_FEED=" + absolute(t, sampleFeed),
			"VICTORIALOGS_URL=" + s.logs.URL(),
			"PROMETHEUS_URL=" + strings.TrimSuffix(s.prometheus.OTLP(), "/api/v1/otlp"),
		}, server.Env...),
	})
	fromBucket.of(t, s.bucket)
	queue, sendLater := s.announce(t, server)
	s.queue = start(t, setup{
		receivers: "s3_access_logs/queue: {" + strings.ReplaceAll(strings.TrimSpace(queueAt(queue.URL())+s3At(server.Endpoint)), "\n", ", ") + "}",
		exporters: "nop: {}",
		env:       server.Env,
	})
	fromQueue.of(t, s.queue)
	s.until(t, ownMetric(`objects{outcome="ok"}`), float64(len(earlier)+len(s.queued)-1))
	put(t, server, "logs", later)
	sendLater()
	s.wait(t)
	return s
}

// halves are objects of before, and others that S3 is to deliver only now: counters
// that appear and never grow have no rates.
func (s *shown) halves() (earlier, later map[string][]byte) {
	earlier, later = map[string][]byte{}, map[string][]byte{}
	for i, k := range slices.Sorted(maps.Keys(s.objects)) {
		if i < len(s.objects)/2 {
			earlier[k] = s.objects[k]
		} else {
			later[time.Now().UTC().Format("access/2006-01-02-15-04-05-")+path.Base(k)[len("2006-01-02-15-04-05-"):]] = s.objects[k]
		}
	}
	return earlier, later
}

// readSamples fills in the objects and their requests.
func (s *shown) readSamples(t *testing.T) {
	t.Helper()
	know := newKnowledge(t)
	eachSample(t, func(name string, stored, text []byte) {
		s.objects["access/"+strings.TrimPrefix(name, "www-")] = stored
		of := know.requests(t, text)
		s.requests = append(s.requests, of...)
		s.malformed += linesOf(text) - len(of)
	})
	require.NotEmpty(t, s.requests)
}

// linesOf counts lines that are not blank.
func linesOf(text []byte) (n int) {
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) != "" {
			n++
		}
	}
	return n
}

// announce makes a queue with notifications of objects, of one that is gone, and a
// message that is none. The last object comes when the returned function is called.
func (s *shown) announce(t *testing.T, server *s3test.Server) (queue *fakesqs.Queue, sendLater func()) {
	t.Helper()
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	queue = sqs.CreateQueue("logs", fakesqs.Settings{})
	listed := list(t, server)
	s.queued = slices.Sorted(maps.Keys(s.objects))[:5]
	for _, k := range s.queued[1:] {
		queue.Send(notification(t, []string{k}, listed))
	}
	size, tag := int64(9), "gone"
	listed["access/gone"] = types.Object{Size: &size, ETag: &tag}
	queue.Send(notification(t, []string{"access/gone"}, listed))
	queue.Send("not a notification")
	return queue, func() {
		queue.Send(notification(t, s.queued[:1], listed))
	}
}

// ownMetric is the sum of one of the receiver's own metrics over all collectors.
func ownMetric(selector string) string {
	return "sum(otelcol_receiver_s3_access_logs_" + selector + ")"
}

// wait waits until Prometheus has all there is.
func (s *shown) wait(t *testing.T) {
	t.Helper()
	s.until(t, "sum(aws_s3_server_requests_total)", float64(len(s.requests)))
	s.until(t, ownMetric(`objects{outcome="ok"}`), float64(len(s.objects)+len(s.queued)))
	s.until(t, ownMetric(`objects{outcome="corrupt"}`), 1)
	s.until(t, ownMetric(`objects{outcome="gone"}`), 1)
	s.until(t, ownMetric(`queue_messages{outcome="unknown"}`)+" > bool 0", 1)
	time.Sleep(3 * time.Second) // two scrapes of all, for rates
	s.at = newest(t, s.prometheus)
}

// until waits until a query has a value.
func (s *shown) until(t *testing.T, query string, want float64) {
	t.Helper()
	s.bucket.until(t, 2*time.Minute, fmt.Sprintf("%s = %v", query, want), func() bool {
		got := s.prometheus.Query(t, query, time.Now())
		return len(got) == 1 && got[0].Value == want
	})
}

// telemetry is where Prometheus scrapes a collector, which it has to be told before
// the collector is there.
type telemetry struct {
	server *httptest.Server
	to     chan *httputil.ReverseProxy // holds the one there is
}

func newTelemetry(t *testing.T) *telemetry {
	t.Helper()
	p := &telemetry{to: make(chan *httputil.ReverseProxy, 1)}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case proxy := <-p.to:
			p.to <- proxy
			proxy.ServeHTTP(w, r)
		default:
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(p.server.Close)
	return p
}

func (p *telemetry) addr() string { return p.server.Listener.Addr().String() }

// of lets Prometheus scrape a collector.
func (p *telemetry) of(t *testing.T, c *collector) {
	t.Helper()
	to, err := url.Parse(strings.TrimSuffix(c.metrics, "/metrics"))
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = &http.Transport{DisableKeepAlives: true}
	p.to <- proxy
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	whole, err := filepath.Abs(name)
	require.NoError(t, err)
	return whole
}
