package servers

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// PrometheusServer is a running Prometheus. It takes samples over OTLP, and by scraping when
// an option says so.
type PrometheusServer struct {
	*process
}

// PrometheusOption changes how Prometheus is started.
type PrometheusOption func(*prometheusSetup)

type prometheusSetup struct {
	config     string
	outOfOrder time.Duration
	features   []string
}

// Config adds top-level keys to Prometheus's configuration file, such as
// scrape_configs and otlp. `global` and `storage` are taken. YAML.
func Config(text string) PrometheusOption {
	return func(s *prometheusSetup) { s.config += text + "\n" }
}

// OutOfOrder has Prometheus take samples that are older than their series'
// newest one by up to a window. Without it they are refused.
func OutOfOrder(window time.Duration) PrometheusOption {
	return func(s *prometheusSetup) { s.outOfOrder = window }
}

// Features are passed on as --enable-feature.
func Features(names ...string) PrometheusOption {
	return func(s *prometheusSetup) { s.features = append(s.features, names...) }
}

// Prometheus starts a server. It is killed when the test ends.
func Prometheus(t testing.TB, options ...PrometheusOption) *PrometheusServer {
	t.Helper()
	program := built(t, "bin", "prometheus")
	var setup prometheusSetup
	for _, option := range options {
		option(&setup)
	}
	config := "global: {scrape_interval: 1s}\n" +
		"storage: {tsdb: {out_of_order_time_window: " + milliseconds(setup.outOfOrder) + "}}\n" + setup.config
	port := freePort(t)
	command := []string{
		program,
		"--config.file=" + write(t, "prometheus.yaml", config),
		"--storage.tsdb.path=" + t.TempDir(),
		"--storage.tsdb.retention.time=100y", // tests make up their times
		"--web.listen-address=127.0.0.1:" + port,
		"--web.enable-otlp-receiver",
		"--web.enable-remote-write-receiver",
	}
	if len(setup.features) > 0 {
		command = append(command, "--enable-feature="+strings.Join(setup.features, ","))
	}
	return &PrometheusServer{start(t, port, "/-/ready", command...)}
}

// OTLP returns the endpoint as the otlp_http exporter takes it; metrics go to
// /v1/metrics below it. What was answered with 200 is seen by the next query.
func (p *PrometheusServer) OTLP() string { return p.url + "/api/v1/otlp" }

// Query returns the answer of an instant query at a time, in no order.
func (p *PrometheusServer) Query(t testing.TB, promql string, at time.Time) []Sample {
	t.Helper()
	samples, err := p.ask(t, "/api/v1/query", url.Values{
		"query": {promql},
		"time":  {strconv.FormatFloat(float64(at.UnixMilli())/1e3, 'f', 3, 64)},
	}).samples()
	if err != nil {
		t.Fatalf("query %q: %v", promql, err)
	}
	return samples
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}
