package s3accesslogsreceiver

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// What is set of one metric leaves the rest of it, and the others, as they are.
func TestEveryMetricHasASetting(t *testing.T) {
	for _, m := range rollup.Metrics() {
		want := rollup.DefaultConfig()
		require.Equal(t, rollup.MetricConfig{Enabled: true, Attributes: m.Attributes}, want.Metrics[m.Name])
		conf := confmap.NewFromStringMap(map[string]any{
			"directory": map[string]any{"path": "./logs"},
			"metrics":   map[string]any{m.Name: map[string]any{"enabled": false}},
		})
		want.Metrics[m.Name] = rollup.MetricConfig{Attributes: m.Attributes}
		for range 2 { // a configuration may be read again
			cfg := createDefaultConfig().(*Config)
			require.NoError(t, conf.Unmarshal(cfg))
			assert.Equal(t, want, cfg.Metrics.Config)
		}
	}
}

// What is written out is read as it was.
func TestSettingsOfMetricsAreWritten(t *testing.T) {
	cfg, err := load(t, `{directory: {path: ./logs}, metrics: {interval: 30s, aws.s3.server.io: {attributes: [aws.s3.owner]}}}`)
	require.NoError(t, err)
	written, again := confmap.New(), MetricsConfig{rollup.DefaultConfig()}
	require.NoError(t, written.Marshal(cfg.Metrics))
	require.NoError(t, written.Unmarshal(&again))
	assert.Equal(t, cfg.Metrics, again)
}

func TestEverySettingOfMetricsIsRead(t *testing.T) {
	cfg, err := load(t, `
directory: {path: ./logs}
metrics:
  interval: 30s
  temporality: delta
  timestamps: event
  cardinality_limit: 50
  series_idle_timeout: 2h
  histogram: exponential
  instance_id: one
  key_prefix_depth: 3
  aws.s3.server.requests: {attributes: [aws.s3.bucket]}
  aws.s3.server.io: {enabled: false}
  aws.s3.server.object.added: {attributes: []}
`)
	require.NoError(t, err)
	want := rollup.DefaultConfig()
	want.Interval, want.Temporality, want.Timestamps = 30*time.Second, rollup.TemporalityDelta, rollup.TimestampsEvent
	want.CardinalityLimit, want.SeriesIdleTimeout, want.InstanceID = 50, 2*time.Hour, "one"
	want.KeyPrefixDepth = 3
	want.Histogram = rollup.HistogramExponential
	want.Metrics["aws.s3.server.requests"] = rollup.MetricConfig{Enabled: true, Attributes: []string{"aws.s3.bucket"}}
	want.Metrics["aws.s3.server.io"] = rollup.MetricConfig{Attributes: want.Metrics["aws.s3.server.io"].Attributes}
	want.Metrics["aws.s3.server.object.added"] = rollup.MetricConfig{Enabled: true, Attributes: []string{}}
	assert.Equal(t, want, cfg.Metrics.Config)
}

func TestWrongSettingsOfMetrics(t *testing.T) {
	for settings, want := range map[string]string{
		`interval: 10ms`:          "`metrics::interval` is 10ms: it must be at least 1s",
		`temporality: both`:       "`metrics::temporality` is \"both\": it must be one of",
		`timestamps: event`:       "needs `temporality: delta`",
		`timestamps: never`:       "`metrics::timestamps` is \"never\"",
		`cardinality_limit: 0`:    "`metrics::cardinality_limit` is 0",
		`series_idle_timeout: 1m`: "`metrics::series_idle_timeout` is 1m0s: it must be at least two intervals",
		`histogram: linear`:       "`metrics::histogram` is \"linear\"",
		`aws.s3.server.requests: {attributes: [aws.s3.key]}`:           "`metrics::aws.s3.server.requests::attributes` has \"aws.s3.key\"",
		`aws.s3.server.requests: {attributes: [network.io.direction]}`: "only aws.s3.server.io has a direction",
		`key_prefix_depth: 5`: "`metrics::key_prefix_depth` is 5: it must be 0 to 4",
		`aws.s3.server.requests: {attributes: [aws.s3.key.prefix]}`: "`metrics::aws.s3.server.requests::attributes` has \"aws.s3.key.prefix\": " +
			"it needs `key_prefix_depth`, which must be 1 to 4",
		`aws.s3.server.request: {enabled: true}`:                 "`metrics::aws.s3.server.request` is no setting or metric: the nearest is `metrics::aws.s3.server.requests`",
		`intervals: 30s`:                                         "`metrics::intervals` is no setting or metric: the nearest is `metrics::interval`",
		`aws.s3.server.requests: {attribute: [aws.s3.bucket]}`:   "`metrics::aws.s3.server.requests::attribute` is no setting: the nearest is `metrics::aws.s3.server.requests::attributes`",
		`aws.s3.server.requests: {attributes: [aws.s3.buckets]}`: "`metrics::aws.s3.server.requests::attributes` has \"aws.s3.buckets\": metrics have no such attribute; the nearest is \"aws.s3.bucket\"",
		`aws.s3.server.requests: 5`:                              "aws.s3.server.requests",
	} {
		_, err := load(t, "{directory: {path: ./logs}, metrics: {"+settings+"}}")
		require.ErrorContains(t, err, want, settings)
	}
}

func TestEachErrorOfMetricsShowsTheFullPathOfItsSettingOnce(t *testing.T) {
	_, err := load(t, `{directory: {path: ./logs}, metrics: {interval: 10ms, cardinality_limit: 0, aws.s3.server.io: {attributes: [x]}}}`)
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 3)
	for i, path := range []string{"interval", "cardinality_limit", "aws.s3.server.io::attributes"} {
		assert.True(t, strings.HasPrefix(lines[i], "`metrics::"+path+"` "), lines[i])
		assert.Equal(t, 1, strings.Count(lines[i], "metrics::"), lines[i])
	}
}
