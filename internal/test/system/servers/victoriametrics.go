package servers

import (
	"encoding/json"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// VictoriaMetricsServer is a running VictoriaMetrics.
type VictoriaMetricsServer struct {
	*process
}

// VictoriaMetrics starts a server that takes metrics of any age, and names them as
// Prometheus does, with further arguments. It is killed when the test ends.
func VictoriaMetrics(t testing.TB, arguments ...string) *VictoriaMetricsServer {
	t.Helper()
	program := built(t, "bin", "victoria-metrics")
	port := freePort(t)
	return &VictoriaMetricsServer{start(t, port, "/health", append([]string{
		program,
		"-httpListenAddr=127.0.0.1:" + port,
		"-storageDataPath=" + t.TempDir(),
		"-retentionPeriod=100y", // by default it drops what is older than a month, and answers 200
		"-opentelemetry.usePrometheusNaming",
	}, arguments...)...)}
}

// URL returns the server's address. It takes metrics over OTLP/HTTP at
// /opentelemetry/v1/metrics.
func (v *VictoriaMetricsServer) URL() string { return v.url }

// Flush makes what was accepted before visible to queries: else seconds pass.
func (v *VictoriaMetricsServer) Flush(t testing.TB) {
	t.Helper()
	v.get(t, "/internal/force_flush", nil)
}

// Query returns the answer of an instant query at a time, in no order.
func (v *VictoriaMetricsServer) Query(t testing.TB, promql string, at time.Time) []Sample {
	t.Helper()
	samples, err := v.ask(t, "/api/v1/query", url.Values{
		"query": {promql}, "time": {strconv.FormatInt(at.Unix(), 10)}, "nocache": {"1"},
	}).samples()
	if err != nil {
		t.Fatalf("query %q: %v", promql, err)
	}
	return samples
}

// QueryRange returns the answer of a query at begin and each step after it up to end, in
// whole seconds. Moments without an answer are absent.
func (v *VictoriaMetricsServer) QueryRange(t testing.TB, promql string, begin, end time.Time, step time.Duration) map[time.Time][]Sample {
	t.Helper()
	answer := v.ask(t, "/api/v1/query_range", url.Values{
		"query": {promql}, "nocache": {"1"}, "step": {strconv.Itoa(int(step.Seconds()))},
		"start": {strconv.FormatInt(begin.Unix(), 10)}, "end": {strconv.FormatInt(end.Unix(), 10)},
	})
	var series []struct {
		Metric map[string]string    `json:"metric"`
		Values [][2]json.RawMessage `json:"values"`
	}
	if err := json.Unmarshal(answer.Result, &series); err != nil {
		t.Fatalf("query %q: %v", promql, err)
	}
	found := map[time.Time][]Sample{}
	for _, s := range series {
		for _, pair := range s.Values {
			var text string
			at, errTime := strconv.ParseInt(string(pair[0]), 10, 64)
			errText := json.Unmarshal(pair[1], &text)
			value, err := strconv.ParseFloat(text, 64)
			if errTime != nil || errText != nil || err != nil {
				t.Fatalf("query %q: a value is %s", promql, pair)
			}
			moment := time.Unix(at, 0).UTC()
			found[moment] = append(found[moment], Sample{Labels: s.Metric, Value: value})
		}
	}
	return found
}
