package s3accesslogsreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

func TestEveryMetricHasASetting(t *testing.T) {
	cfg, err := load(t, `directory: {path: ./logs}`)
	require.NoError(t, err)
	settings := cfg.Metrics.byName()
	for _, m := range rollup.Metrics() {
		require.Contains(t, settings, m.Name)
		assert.Equal(t, MetricConfig{Enabled: true, Attributes: m.Attributes}, *settings[m.Name])
	}
	assert.Len(t, settings, len(rollup.Metrics()))
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
  aws.s3.server.requests: {attributes: [aws.s3.bucket]}
  aws.s3.server.io: {enabled: false}
  aws.s3.server.object.added: {attributes: []}
  aws.s3.server.request.duration: {enabled: false}
  aws.s3.server.turn_around.duration: {enabled: false}
  aws.s3.server.client.requests: {enabled: false}
  aws.s3.server.threat.requests: {enabled: false}
`)
	require.NoError(t, err)
	assert.Equal(t, rollup.Settings{
		Interval: 30 * time.Second, Delta: true, EventTime: true, Limit: 50, IdleTimeout: 2 * time.Hour,
		Exponential: true, InstanceID: "one",
		Metrics: map[string][]string{
			"aws.s3.server.requests":     {"aws.s3.bucket"},
			"aws.s3.server.object.added": {},
		},
	}, cfg.Metrics.settings())
}

func TestWrongSettingsOfMetrics(t *testing.T) {
	for settings, want := range map[string]string{
		`interval: 10ms`:          "`interval` is 10ms: it must be at least 1s",
		`temporality: both`:       "`temporality` is \"both\": it must be one of",
		`timestamps: event`:       "needs `temporality: delta`",
		`timestamps: never`:       "`timestamps` is \"never\"",
		`cardinality_limit: 0`:    "`cardinality_limit` is 0",
		`series_idle_timeout: 1m`: "`series_idle_timeout` is 1m0s: it must be at least two intervals",
		`histogram: linear`:       "`histogram` is \"linear\"",
		`aws.s3.server.requests: {attributes: [aws.s3.key]}`:           "`aws.s3.server.requests::attributes` has \"aws.s3.key\"",
		`aws.s3.server.requests: {attributes: [network.io.direction]}`: "only aws.s3.server.io has a direction",
		`aws.s3.server.latency: {enabled: true}`:                       "aws.s3.server.latency",
	} {
		_, err := load(t, "{directory: {path: ./logs}, metrics: {"+settings+"}}")
		require.ErrorContains(t, err, want, settings)
	}
}
