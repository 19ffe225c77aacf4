package s3accesslogsreceiver

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
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
		`exclude_attributes: [aws.s3.request.parameter.x-a], custom_parameters: [x-a]`: "`logs::exclude_attributes` has " +
			"\"aws.s3.request.parameter.x-a\": it must not name a parameter: leave that out of `logs::custom_parameters`",
		`exclude_attributes: [aws.s3.referer.parameter.op]`: "leave that out of `logs::referer_parameters`",

		`custom_parameters: [user]`:           "`logs::custom_parameters` has \"user\": it must begin with x-, as all parameters do that S3 ignores and logs",
		`custom_parameters: [X-User]`:         "`logs::custom_parameters` has \"X-User\": it must begin with x-",
		`custom_parameters: [x-amz-date]`:     "`logs::custom_parameters` has \"x-amz-date\": it must not begin with x-amz-, as S3's own parameters do",
		`custom_parameters: [X-Amz-Date]`:     "it must not begin with x-amz-",
		`custom_parameters: [x-user, x-user]`: "`logs::custom_parameters` has \"x-user\": it must have each name once",
		`custom_parameters: ["x-a b"]`:        "`logs::custom_parameters` has \"x-a b\": a name must be one or more printable characters of ASCII",
		`custom_parameters: ["x-a=b"]`:        "a name must be",
		`custom_parameters: ["x-\u00e9"]`:     "a name must be",
		`custom_parameters: [""]`:             "a name must be",
		`custom_parameters: [X-AMZ-signature]`: "`logs::custom_parameters` has \"X-AMZ-signature\": it must not have a name of `logs::sensitive_query_parameters`, " +
			"whose values are redacted",
		`custom_parameters: [x-token], sensitive_query_parameters: [X-Token]`: "it must not have a name of `logs::sensitive_query_parameters`",
		`custom_parameters: [` + many("x-") + `]`:                             "`logs::custom_parameters` has 17 names: it must have 16 at most",
		`referer_parameters: [` + many("p") + `]`:                             "`logs::referer_parameters` has 17 names: it must have 16 at most",
		`referer_parameters: [sig]`:                                           "`logs::referer_parameters` has \"sig\": it must not have a name of `logs::sensitive_query_parameters`",
		`referer_parameters: [op, op]`:                                        "`logs::referer_parameters` has \"op\": it must have each name once",
		`referer_parameters: ["a&b"]`:                                         "`logs::referer_parameters` has \"a&b\": a name must be",

		`custom_parameters: [x-b]}, metrics: {aws.s3.server.requests: {attributes: [aws.s3.request.parameter.x-a]}`: "`metrics::aws.s3.server.requests::attributes` has " +
			"\"aws.s3.request.parameter.x-a\": `logs::custom_parameters` must have this parameter",
	} {
		_, err := load(t, "{directory: {path: ./logs}, logs: {"+settings+"}}")
		require.ErrorContains(t, err, want, settings)
	}
}

// many are 17 names in a list.
func many(prefix string) string {
	var names []string
	for i := range 17 {
		names = append(names, fmt.Sprint(prefix, i))
	}
	return strings.Join(names, ", ")
}

func TestParametersMayBeAttributesOfMetrics(t *testing.T) {
	cfg, err := load(t, `
directory: {path: ./logs}
logs: {custom_parameters: [x-user, x-traceparent], referer_parameters: [op, pr, X-User]}
metrics: {aws.s3.server.requests: {attributes: [aws.s3.request.parameter.x-user, aws.s3.referer.parameter.op]}}
`)
	require.NoError(t, err)
	assert.Equal(t, rollup.Parameters{Request: []string{"x-user", "x-traceparent"}, Referer: []string{"op", "pr", "X-User"}}, cfg.Logs.parameters())
}

// What is set comes out, in logs and in metrics.
func TestParametersInLogsAndMetrics(t *testing.T) {
	records := samplelogs.Records(2, 50)
	record := records[slices.IndexFunc(records, func(line string) bool {
		var r accesslog.Record
		require.NoError(t, accesslog.Parse(line, &r))
		return r.Requester != "" && r.Method != "" && !strings.Contains(r.Target, "?")
	})]
	cfg := metricsConfig(t, []string{strings.Replace(record, ` HTTP/1.1"`, `?x-user=alice HTTP/1.1"`, 1)})
	cfg.Logs.CustomParameters = []string{"x-user"}
	cfg.Metrics.Metrics["aws.s3.server.requests"] = rollup.MetricConfig{Enabled: true, Attributes: []string{"aws.s3.request.parameter.x-user"}}
	metrics := new(consumertest.MetricsSink)
	readOnce(t, cfg, metrics)
	var users []string
	for _, m := range metrics.AllMetrics()[0].ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		if m.Name() == "aws.s3.server.requests" {
			value, _ := m.Sum().DataPoints().At(0).Attributes().Get("aws.s3.request.parameter.x-user")
			users = append(users, value.Str())
		}
	}
	logs := new(consumertest.LogsSink)
	startReceiver(t, cfg, logs).awaitLogged(t, "directory read to its end")
	require.Equal(t, 1, logs.LogRecordCount())
	value, _ := logs.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().Get("aws.s3.request.parameter.x-user")
	assert.Equal(t, []string{"alice", "alice"}, append(users, value.Str()))
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

// Metrics may have attributes that log records do not.
func TestExclusionDoesNotAffectMetrics(t *testing.T) {
	names := []string{"user.id", "tls.cipher", "server.address"}
	records := samplelogs.Records(1, 200)
	count := func(excluded []string) (requests map[string]int64, logs *consumertest.LogsSink) {
		cfg := metricsConfig(t, records)
		cfg.Logs.ExcludeAttributes = excluded
		cfg.Metrics.Metrics["aws.s3.server.requests"] = rollup.MetricConfig{Enabled: true, Attributes: names}
		logs = new(consumertest.LogsSink)
		metrics := new(consumertest.MetricsSink)
		// Both before one is started, as the collector does: else the logs could be read alone.
		ofLogs, err := NewFactory().CreateLogs(t.Context(), settings(t.Name()), cfg, logs)
		require.NoError(t, err)
		ofMetrics, err := NewFactory().CreateMetrics(t.Context(), settings(t.Name()), cfg, metrics)
		require.NoError(t, err)
		require.NoError(t, ofLogs.Start(t.Context(), componenttest.NewNopHost()))
		readToEnd(t, ofMetrics)
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
