package servers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// Deltas of any age, in no order and several of one moment are added up.
func TestServersVictoriaMetricsAddsUpDeltasOfAnyAge(t *testing.T) {
	victoria := VictoriaMetrics(t)
	hour := time.Now().UTC().Truncate(time.Hour).AddDate(-3, 0, 0)
	for _, point := range []struct {
		after time.Duration
		count int64
	}{{30 * time.Minute, 1}, {time.Hour, 2}, {time.Minute, 4}, {30 * time.Minute, 8}, {30 * time.Minute, 8}, {0, 16}, {61 * time.Minute, 32}} {
		delta := requests(hour.Add(point.after), point.count)
		delta.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().
			SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		body, err := pmetricotlp.NewExportRequestFromMetrics(delta).MarshalProto()
		require.NoError(t, err)
		post(t, victoria.URL()+"/opentelemetry/v1/metrics", protobuf, body)
	}
	victoria.Flush(t)
	const query = `sum by (aws_s3_bucket) (sum_over_time(made_requests_total[1h]))`
	want := func(n float64) []Sample {
		return []Sample{{Labels: map[string]string{"aws_s3_bucket": "logs"}, Value: n}}
	}
	assert.Equal(t, want(23), victoria.Query(t, query, hour.Add(time.Hour)), "the hour's beginning is not in it, its end is")
	assert.Equal(t, map[time.Time][]Sample{hour: want(16), hour.Add(time.Hour): want(23), hour.Add(2 * time.Hour): want(32)},
		victoria.QueryRange(t, query, hour.Add(-time.Hour), hour.Add(3*time.Hour), time.Hour))
}
