package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

const manyBuckets = 200

// most is how many series a panel of a type may get. What a graph or bars show beyond
// the top comes from labels with few values; a map has a circle for each country.
var most = map[string]int{"stat": 1, "timeseries": 10, "bargauge": 10, "piechart": 11, "table": 500, "geomap": 250}

// With 200 buckets each query gives what a panel can show, and the variables of the
// dashboards all buckets.
func TestServersDashboardsOfManyBuckets(t *testing.T) {
	program(t)
	prometheus := servers.Prometheus(t)
	dir := t.TempDir()
	write(t, dir, recordsOfBuckets(manyBuckets))
	c := start(t, setup{
		receivers: exampleMetrics(t, dir),
		exporters: "otlp_http: {endpoint: " + prometheus.OTLP() + ", sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}",
		signals:   []string{"metrics"},
	})
	c.until(t, time.Minute, "all buckets in Prometheus", func() bool {
		got := prometheus.Query(t, "count(count by (aws_s3_bucket) (aws_s3_server_requests_total))", time.Now())
		return len(got) == 1 && got[0].Value == manyBuckets
	})
	time.Sleep(2 * time.Second) // or this is seen before the other metrics of its emission
	at := newest(t, prometheus)

	bounded, full := 0, 0
	boards := readBoards(t)
	for _, b := range boards {
		if b.isEvent() {
			continue // deltas, bounded by the same topk
		}
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				if q.Datasource.Type != "prometheus" || b.name == "operations" {
					continue
				}
				got := prometheus.Query(t, everything(seconds(dashboardWindow)).fill(t, q.Expr), at)
				assert.LessOrEqual(t, len(got), most[p.Type], "%s: %s", b.name, p.Title)
				bounded++
				if len(got) == 10 && strings.Contains(q.Expr, "by (aws_s3_bucket)") {
					full++
				}
			}
		}
	}
	assert.Positive(t, bounded)
	assert.Greater(t, full, 10, "graphs of the top ten buckets")
	t.Logf("%d queries of %d buckets", bounded, manyBuckets)
}

// recordsOfBuckets are log objects of so many buckets, each with thirty records.
func recordsOfBuckets(n int) map[string][]byte {
	const each = 30
	records := samplelogs.Records(131, n*each)
	objects := map[string][]byte{}
	for i := range n {
		name := fmt.Sprintf("bucket-%03d", i)
		mine := records[i*each : (i+1)*each]
		for j, record := range mine {
			words := strings.SplitN(record, " ", 3)
			words[1] = name
			mine[j] = strings.Join(words, " ")
		}
		objects["2026-11-09-00-00-00-"+name] = joined(mine)
	}
	return objects
}

// exampleMetrics is the YAML of a receiver that reads a directory and counts as the
// dashboards' example does.
func exampleMetrics(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(examplesDir + "/dashboards.yaml")
	require.NoError(t, err)
	var example struct {
		Receivers map[string]struct{ Metrics map[string]any }
	}
	require.NoError(t, yaml.Unmarshal(text, &example))
	metrics := example.Receivers["s3_access_logs"].Metrics
	require.NotEmpty(t, metrics)
	metrics["interval"] = "1s"
	receiver, err := yaml.Marshal(map[string]any{"s3_access_logs": map[string]any{
		"directory":    map[string]any{"path": dir, "follow": true},
		"metrics":      metrics,
		"geoip":        map[string]any{"databases": []string{absolute(t, sampleGeo)}},
		"threat_intel": map[string]any{"feeds": []any{map[string]any{"name": "indicators", "path": absolute(t, sampleFeed)}}},
	}})
	require.NoError(t, err)
	return string(receiver)
}
