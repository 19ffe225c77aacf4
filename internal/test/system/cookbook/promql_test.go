package cookbook

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

// ownMetrics are the settings of metrics that the page names, without their first lines.
func ownMetrics(t *testing.T, questions page) string {
	t.Helper()
	lines := strings.SplitAfter(questions[forPromQL]["yaml"], "\n")
	require.Equal(t, "    metrics:\n", lines[2])
	return strings.Join(lines[2:], "")
}

// byFolder names the label of a key's folder as the metrics do.
func byFolder(requests []request) []request {
	for i := range requests {
		requests[i].labels["aws_s3_key_prefix"] = requests[i].labels["prefix"]
	}
	return requests
}

// Counters, as they are sent to Prometheus: all requests happened when they were read.
func TestServersCookbookOfPromQLInPrometheus(t *testing.T) {
	questions := readPage(t)
	prometheus := servers.Prometheus(t)
	folder, lines := logs(t)
	run(t, folder, pipeline("metrics", ownMetrics(t, questions), `
    endpoint: `+prometheus.OTLP()))
	newest := prometheus.Query(t, "max(timestamp(aws_s3_server_requests_total))", time.Now())
	require.Len(t, newest, 1)
	at := time.UnixMilli(int64(newest[0].Value * 1000))
	requests := byFolder(readRequests(t, lines))
	eachMetric(t, func(t *testing.T, question string, m *metric) {
		query := questions[question]["promql"]
		got := m.series(t, prometheus.Query(t, query, at))
		assert.NotEmpty(t, got, query)
		m.assertSeries(t, requests, got, at)
	})
}

var windows = regexp.MustCompile(`\[(\d+[dh])\]`)

// Deltas by the time of the request, as they are sent to VictoriaMetrics.
func TestServersCookbookOfPromQLInVictoriaMetrics(t *testing.T) {
	questions := readPage(t)
	victoria := servers.VictoriaMetrics(t)
	folder, lines := logs(t)
	own := strings.TrimRight(ownMetrics(t, questions), "\n")
	run(t, folder, pipeline("metrics", own+`
      temporality: delta
      timestamps: event`, `
    metrics_endpoint: `+victoria.URL()+`/opentelemetry/v1/metrics`))
	victoria.Flush(t)
	requests := byFolder(readRequests(t, lines))
	first, last := requests[0].at, requests[0].at
	for _, q := range requests {
		if q.at.Before(first) {
			first = q.at
		}
		if q.at.After(last) {
			last = q.at
		}
	}
	begin, end := first.Truncate(time.Hour).Add(time.Hour), last.Truncate(time.Hour).Add(time.Hour)
	require.Less(t, end.Sub(begin), 29*24*time.Hour)
	eachMetric(t, func(t *testing.T, question string, m *metric) {
		query := strings.ReplaceAll(questions[question]["promql"], "increase(", "sum_over_time(")
		window := windows.FindStringSubmatch(query)
		require.NotNil(t, window)
		if window[1] == "30d" {
			got := m.series(t, victoria.Query(t, query, end))
			assert.NotEmpty(t, got, query)
			m.assertSeries(t, requests, got, end)
			return
		}
		require.Equal(t, "1h", window[1])
		answers, found := victoria.QueryRange(t, query, begin, end, time.Hour), 0
		for at := begin; !at.After(end); at = at.Add(time.Hour) {
			var some []request
			for _, q := range requests {
				if !q.at.Before(at.Add(-time.Hour)) && q.at.Before(at) {
					some = append(some, q)
				}
			}
			got := m.series(t, answers[at])
			m.assertSeries(t, some, got, at)
			found += len(got)
		}
		assert.Positive(t, found, query)
	})
}

func eachMetric(t *testing.T, check func(*testing.T, string, *metric)) {
	t.Helper()
	n := 0
	for question, f := range figures {
		if f.metric != nil {
			t.Run(question, func(t *testing.T) { check(t, question, f.metric) })
			n++
		}
	}
	assert.Greater(t, n, 10)
}

// series are the values of an answer by the labels that it has to have.
func (m *metric) series(t *testing.T, samples []servers.Sample) map[string]float64 {
	t.Helper()
	got := map[string]float64{}
	for _, s := range samples {
		k := key(s.Labels, m.by)
		assert.NotContains(t, got, k)
		got[k] = s.Value
		for name := range s.Labels {
			assert.Contains(t, m.by, name)
		}
	}
	return got
}
