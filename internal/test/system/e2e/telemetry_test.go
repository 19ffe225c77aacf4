package e2e

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	objectsMetric = "otelcol_receiver_s3_access_logs_objects"
	recordsMetric = "otelcol_receiver_s3_access_logs_records"
	batchesMetric = "otelcol_receiver_s3_access_logs_batches"
	readMetric    = "otelcol_receiver_s3_access_logs_read"
	flightMetric  = "otelcol_receiver_s3_access_logs_objects_in_flight"
	apiMetric     = "otelcol_receiver_s3_access_logs_api_requests"
)

// scraper keeps no connections, which would outlive the collector.
var scraper = http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: limit(10 * time.Second)}

// metric returns the value of one of the collector's own metrics: the sum of
// all series that have the label, such as `outcome="ok"`; "" for all series.
func (c *collector) metric(t testing.TB, name, label string) float64 {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, c.metrics, http.NoBody)
	require.NoError(t, err)
	resp, err := scraper.Do(req)
	if err != nil {
		return 0 // it has not come up yet
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return sumOfSeries(t, string(text), name, label)
}

func sumOfSeries(t testing.TB, text, name, label string) float64 {
	t.Helper()
	sum := 0.0
	for line := range strings.Lines(text) {
		series, value, found := strings.Cut(strings.TrimSpace(line), " ")
		of, labels, _ := strings.Cut(series, "{")
		if !found || of != name || !strings.Contains(labels, label) {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		require.NoError(t, err, line)
		sum += v
	}
	return sum
}

// objects returns how many objects had an outcome.
func (c *collector) objects(t testing.TB, outcome string) int {
	t.Helper()
	return int(c.metric(t, objectsMetric, `outcome="`+outcome+`"`))
}

// settled waits until so many objects have an outcome.
func (c *collector) settled(t testing.TB, within time.Duration, outcome string, n int) {
	t.Helper()
	c.until(t, within, strconv.Itoa(n)+" objects with outcome "+outcome, func() bool {
		return c.objects(t, outcome) >= n
	})
	require.Equal(t, n, c.objects(t, outcome), outcome)
}
