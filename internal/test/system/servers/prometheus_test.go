package servers

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

func TestServersPrometheusTakesOTLP(t *testing.T) {
	prom := Prometheus(t)
	now := time.Now()
	push(t, prom, now, 41)
	assert.Equal(t, []Sample{{
		Labels: map[string]string{"__name__": "made_requests_total", "aws_s3_bucket": "logs", "job": "testservers"},
		Value:  41,
	}}, prom.Query(t, "made_requests_total", now))
	assert.Equal(t, []Sample{{Labels: map[string]string{}, Value: 1}}, prom.Query(t, "count(made_requests_total)", now))
	assert.Equal(t, []Sample{{Value: 7.5}}, prom.Query(t, "15 / 2", now), "a scalar")
	assert.Empty(t, prom.Query(t, "made_requests_total", now.Add(-time.Hour)))
}

func TestServersPrometheusTakesOldSamplesOnRequest(t *testing.T) {
	prom := Prometheus(t, OutOfOrder(48*time.Hour))
	now := time.Now()
	push(t, prom, now, 9)
	push(t, prom, now.Add(-24*time.Hour), 3)
	assert.InDelta(t, 3, value(t, prom.Query(t, "made_requests_total", now.Add(-24*time.Hour))), 0)
	assert.InDelta(t, 9, value(t, prom.Query(t, "made_requests_total", now)), 0)
}

func TestServersPrometheusScrapes(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = w.Write([]byte("scraped 5\n"))
	}))
	defer target.Close()
	_, port, err := net.SplitHostPort(target.Listener.Addr().String())
	require.NoError(t, err)
	prom := Prometheus(t, Config(`
scrape_configs:
- job_name: made
  static_configs: [{targets: ["127.0.0.1:`+port+`"]}]`))
	var got []Sample
	for deadline := time.Now().Add(100 * time.Second); len(got) == 0 && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
		got = prom.Query(t, `scraped{job="made"}`, time.Now())
	}
	assert.InDelta(t, 5, value(t, got), 0)
}

func TestServersPrometheusHasFeatures(t *testing.T) {
	prom := Prometheus(t, Features("otlp-native-delta-ingestion"))
	now := time.Now()
	delta := requests(now, 41)
	delta.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().
		SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	send(t, prom, delta)
	assert.Len(t, prom.Query(t, `{__name__=~"made_requests.*"}`, now), 1)
}

// value returns the value of the one sample there is.
func value(t *testing.T, samples []Sample) float64 {
	t.Helper()
	require.Len(t, samples, 1)
	return samples[0].Value
}

// push sends one point of a counter.
func push(t *testing.T, prom *PrometheusServer, at time.Time, count int64) {
	t.Helper()
	send(t, prom, requests(at, count))
}

func requests(at time.Time, count int64) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	rm := metrics.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "testservers")
	metric := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("made.requests")
	metric.SetUnit("{request}")
	sum := metric.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	point := sum.DataPoints().AppendEmpty()
	point.SetTimestamp(pcommon.NewTimestampFromTime(at))
	point.SetIntValue(count)
	point.Attributes().PutStr("aws.s3.bucket", "logs")
	return metrics
}

func send(t *testing.T, prom *PrometheusServer, metrics pmetric.Metrics) {
	t.Helper()
	body, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	require.NoError(t, err)
	post(t, prom.OTLP()+"/v1/metrics", protobuf, body)
}
