package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

const composeDir = "../../../../deploy/compose"

// The collector of deploy/compose sends the sample week to VictoriaLogs and VictoriaMetrics
// as they are started there, and VictoriaMetrics scrapes it as it is told there: all
// records, all requests by their time, and the collector's own metrics.
func TestServersComposeHasTheSampleWeek(t *testing.T) {
	program(t)
	var s shown
	s.objects = map[string][]byte{}
	s.readSamples(t)
	own := newTelemetry(t)
	scrape, err := os.ReadFile(filepath.Join(composeDir, "scrape.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(scrape), "[collector:8888]")
	text := strings.NewReplacer("collector:8888", own.addr(), "15s", "1s").Replace(string(scrape))
	file := filepath.Join(t.TempDir(), "scrape.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	logs, metrics := servers.VictoriaLogs(t), servers.VictoriaMetrics(t, "-promscrape.config="+file)
	c := startExample(t, "../deploy/compose/collector.yaml", overlay{
		settings:   "metrics: {interval: 1s}",
		extensions: healthCheck(t),
		env: []string{
			"LOGS=" + absolute(t, "../../../../testdata/sample"), "STATE_DIRECTORY=" + t.TempDir(),
			"GEO_DATABASE=" + absolute(t, sampleGeo), "THREAT_FEED=" + absolute(t, sampleFeed),
			"VICTORIALOGS_URL=" + logs.URL(), "VICTORIAMETRICS_URL=" + metrics.URL(),
		},
	})
	own.of(t, c)
	c.settled(t, time.Minute, "ok", len(s.objects))
	assert.NotContains(t, c.log(t), "delivery guard")
	c.until(t, time.Minute, "VictoriaMetrics has scraped the collector", func() bool {
		got := metrics.Query(t, ownMetric(`records{outcome="ok"}`), time.Now())
		return len(got) == 1 && got[0].Value == float64(len(s.requests))
	})
	c.stop(t, 20*time.Second) // with a last emission
	metrics.Flush(t)
	got := metrics.Query(t, "sum(sum_over_time(aws_s3_server_requests_total[1y]))", time.Now())
	require.Len(t, got, 1)
	assert.Equal(t, float64(len(s.requests)), got[0].Value)
	rows := logs.Query(t, "* | count() n", time.Unix(0, 0), time.Now().AddDate(1, 0, 0))
	require.Len(t, rows, 1)
	assert.Equal(t, strconv.Itoa(len(s.requests)+s.malformed), rows[0]["n"])
}
