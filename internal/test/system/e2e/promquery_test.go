package e2e

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

// promNames are the names that Prometheus gives the metrics of the log alone.
var promNames = map[string]string{
	requestsName:   "aws_s3_server_requests_total",
	ioName:         "aws_s3_server_io_bytes_total",
	addedName:      "aws_s3_server_object_added_bytes_total",
	durationName:   "aws_s3_server_request_duration_seconds",
	turnAroundName: "aws_s3_server_turn_around_duration_seconds",
}

// arrive waits until Prometheus has all records that were given.
func (in *intake) arrive(t *testing.T, prom *servers.PrometheusServer, c *collector) {
	t.Helper()
	want := float64(in.want.records())
	c.until(t, time.Minute, fmt.Sprint(want, " requests in Prometheus"), func() bool { return total(t, prom) == want })
}

// total is how many requests Prometheus knows of now.
func total(t *testing.T, prom *servers.PrometheusServer) (n float64) {
	t.Helper()
	for _, s := range prom.Query(t, "sum(aws_s3_server_requests_total)", time.Now()) {
		n += s.Value
	}
	return n
}

// newest is the time of the newest sample. An increase is asked for at the time of
// a sample, since beyond it Prometheus guesses.
func newest(t *testing.T, prom *servers.PrometheusServer) time.Time {
	t.Helper()
	seconds := one(t, prom, "max(timestamp(aws_s3_server_requests_total))", time.Now())
	return time.UnixMilli(int64(math.Round(seconds * 1000)))
}

// one returns the value of a query with one sample.
func one(t *testing.T, prom *servers.PrometheusServer, query string, at time.Time) float64 {
	t.Helper()
	samples := prom.Query(t, query, at)
	require.Len(t, samples, 1, query)
	return samples[0].Value
}

// native tells whether the histograms are Prometheus's native ones.
func (in *intake) native() bool { return strings.Contains(in.metrics, "exponential") }

// assertRaw compares every metric by bucket: exactly.
func (in *intake) assertRaw(t *testing.T, prom *servers.PrometheusServer, at time.Time) {
	t.Helper()
	in.assertByBucket(t, prom, in.want, at, 1e-12, func(of string) string { return of })
}

// assertIncrease compares increase() and rate() of every metric by bucket.
func (in *intake) assertIncrease(t *testing.T, prom *servers.PrometheusServer, want sums, at time.Time, window time.Duration) {
	t.Helper()
	length := fmt.Sprintf("%dms", window.Milliseconds())
	in.assertByBucket(t, prom, want, at, 0.02, func(of string) string { return "increase(" + of + "[" + length + "])" })
	in.assertByBucket(t, prom, want, at, 0.02, func(of string) string {
		return fmt.Sprintf("rate(%s[%s]) * %v", of, length, window.Seconds())
	})
}

// assertByBucket compares sum by (aws_s3_bucket) of every metric with what is
// wanted, within a share of it.
func (in *intake) assertByBucket(t *testing.T, prom *servers.PrometheusServer, want sums, at time.Time, within float64, of func(name string) string) {
	t.Helper()
	check := func(query string, truth map[string]float64) {
		got := map[string]float64{}
		for _, s := range prom.Query(t, query, at) {
			got[s.Labels["aws_s3_bucket"]] = s.Value
		}
		assert.Equal(t, slices.Sorted(maps.Keys(truth)), slices.Sorted(maps.Keys(got)), query)
		for bucket, n := range truth {
			assert.InDelta(t, n, got[bucket], n*within, "%s: %s", query, bucket)
		}
	}
	for metric, name := range promNames {
		totals, counts := map[string]float64{}, map[string]float64{}
		histogram := strings.HasSuffix(metric, ".duration")
		for bucket, n := range want.byBucket(metric) {
			totals[bucket], counts[bucket] = float64(n.total), float64(n.count)
			if histogram {
				totals[bucket] /= 1000
			}
		}
		switch byBucket := "sum by (aws_s3_bucket) "; {
		case !histogram:
			check(byBucket+"("+of(name)+")", totals)
		case in.native():
			check("histogram_sum("+byBucket+"("+of(name)+"))", totals)
			check("histogram_count("+byBucket+"("+of(name)+"))", counts)
		default:
			check(byBucket+"("+of(name+"_sum")+")", totals)
			check(byBucket+"("+of(name+"_count")+")", counts)
			check(byBucket+"("+of(name+`_bucket{le="+Inf"}`)+")", counts)
		}
	}
}
