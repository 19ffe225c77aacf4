package s3accesslogsreceiver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func TestWrongSettingsOfLogs(t *testing.T) {
	for settings, want := range map[string]string{
		`exclude_attributes: [aws.s3.kei]`: "`logs::exclude_attributes` has \"aws.s3.kei\": it must be an attribute of log records; the nearest is \"aws.s3.key\"",
		`exclude_attributes: [URL.Path]`:   "`logs::exclude_attributes` has \"URL.Path\": it must be an attribute of log records; the nearest is \"url.path\"",
		`exclude_attributes: [""]`:         "`logs::exclude_attributes` has \"\": it must be an attribute of log records",
		`exclude_attributes: [log.record.uid]`: "`logs::exclude_attributes` has \"log.record.uid\": it cannot be excluded, " +
			"since back ends and this receiver tell records apart by it",
		`exclude_attributes: [aws.s3.bucket]`: "`logs::exclude_attributes` has \"aws.s3.bucket\": it cannot be excluded, " +
			"since it is of the resource: it must be an attribute of log records",
		`exclude_attributes: [cloud.region]`: "it is of the resource",
		`exclude_attributes: [aws.s3.parse_error]`: "`logs::exclude_attributes` has \"aws.s3.parse_error\": it cannot be excluded, " +
			"since malformed records have it, and keep all they have",
		`exclude_attributes: [error.type]`: "since malformed records have it",
	} {
		_, err := load(t, "{directory: {path: ./logs}, logs: {"+settings+"}}")
		require.ErrorContains(t, err, want, settings)
	}
}

func TestEachNameThatCannotBeExcludedIsAnError(t *testing.T) {
	_, err := load(t, `{directory: {path: ./logs}, logs: {exclude_attributes: [x, url.path, log.record.uid, "tls.cypher"]}}`)
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 3)
	for _, line := range lines {
		assert.True(t, strings.HasPrefix(line, "`logs::exclude_attributes` has "), line)
	}
}

func TestEachAttributeOfRecordsAloneCanBeExcluded(t *testing.T) {
	names := otlplogs.Excludable()
	require.NotEmpty(t, names)
	_, err := load(t, `{directory: {path: ./logs}, logs: {exclude_attributes: [`+strings.Join(names, ", ")+`]}}`)
	assert.NoError(t, err)
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"Key", "key", 0}, {"tls.cypher", "tls.cipher", 1}} {
		assert.Equal(t, c.want, distance(c.a, c.b), c)
		assert.Equal(t, c.want, distance(c.b, c.a), c)
	}
}

// Metrics may have attributes that log records do not.
func TestExclusionDoesNotAffectMetrics(t *testing.T) {
	names := []string{"user.id", "tls.cipher", "server.address"}
	records := samplelogs.Records(1, 200)
	count := func(excluded []string) (requests map[string]int64, logs *consumertest.LogsSink) {
		cfg := metricsConfig(t, records)
		cfg.Logs.ExcludeAttributes = excluded
		cfg.Metrics.Metrics["aws.s3.server.requests"] = rollup.MetricConfig{Enabled: true, Attributes: names}
		logs = new(consumertest.LogsSink)
		ofLogs, err := NewFactory().CreateLogs(t.Context(), settings(t.Name()), cfg, logs)
		require.NoError(t, err)
		require.NoError(t, ofLogs.Start(t.Context(), componenttest.NewNopHost()))
		metrics := new(consumertest.MetricsSink)
		readOnce(t, cfg, metrics)
		require.NoError(t, ofLogs.Shutdown(t.Context()))
		requests = map[string]int64{}
		last := metrics.AllMetrics()[len(metrics.AllMetrics())-1]
		for _, m := range last.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
			if m.Name() == "aws.s3.server.requests" {
				for _, p := range m.Sum().DataPoints().All() {
					requests[fmt.Sprint(p.Attributes().AsRaw())] += p.IntValue()
				}
			}
		}
		return requests, logs
	}
	want, all := count(nil)
	got, some := count(names)
	assert.Equal(t, want, got)
	assert.Greater(t, len(want), 10)
	attributes := func(sink *consumertest.LogsSink) (n int) {
		require.Equal(t, len(records), sink.LogRecordCount())
		for _, logs := range sink.AllLogs() {
			for _, rl := range logs.ResourceLogs().All() {
				for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
					n += lr.Attributes().Len()
				}
			}
		}
		return n
	}
	assert.Less(t, attributes(some), attributes(all)-2*len(records))
}
