package e2e

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

// ownFigure checks a panel over the collectors' own telemetry.
type ownFigure func(t *testing.T, s *shown, q *boardQuery, got []servers.Sample)

// labelled is a panel whose series have these values of a label.
func labelled(label string, values ...string) ownFigure {
	return func(t *testing.T, _ *shown, q *boardQuery, got []servers.Sample) {
		var found []string
		for _, sample := range got {
			found = append(found, sample.Labels[label])
		}
		assert.Subset(t, found, values, q.Expr)
	}
}

// single is a panel with one number, which the samples decide.
func single(want func(s *shown) float64) ownFigure {
	return func(t *testing.T, s *shown, q *boardQuery, got []servers.Sample) {
		if assert.Len(t, got, 1, q.Expr) {
			assert.InDelta(t, want(s), got[0].Value, 0.02*want(s), q.Expr)
		}
	}
}

func none(*shown) float64 { return 0 }

// values is a panel with a number for each value of a label.
func values(label string, want func(s *shown) map[string]float64) ownFigure {
	return func(t *testing.T, s *shown, q *boardQuery, got []servers.Sample) {
		found := map[string]float64{}
		for _, sample := range got {
			found[sample.Labels[label]] = sample.Value
		}
		for value, n := range want(s) {
			assert.InDelta(t, n, found[value], 0.02*n, "%s: %s", q.Expr, value)
		}
	}
}

// ownFigures are those of the dashboard Operations. A rate over a counter that was
// scraped for seconds says little, so that graphs have to have the right series.
var ownFigures = map[string]ownFigure{
	"operations: Share of malformed records": single(func(s *shown) float64 {
		return float64(s.malformed) / float64(len(s.requests)+s.malformed+s.queuedLines())
	}),
	"operations: Refused records":                                     single(none),
	"operations: Objects given up":                                    single(func(*shown) float64 { return 1 }),
	"operations: Retried batches":                                     single(none),
	"operations: Records by outcome, per second":                      labelled("outcome", "ok", "malformed"),
	"operations: Log objects by outcome, per second":                  labelled("outcome", "ok", "corrupt", "gone"),
	"operations: Lag: age of records when they are read, p50 and p95": nil,
	"operations: Share of malformed records over time":                nil,
	"operations: Data read":                                           nil,
	"operations: Batches by outcome, per second":                      labelled("outcome", "accepted"),
	"operations: Delivery time, p95":                                  labelled("signal", "logs", "metrics"),
	"operations: Commit time, p95":                                    nil,
	"operations: Objects being read":                                  labelled("receiver", "s3_access_logs", "s3_access_logs/queue"),
	"operations: Objects not yet committed":                           labelled("receiver", "s3_access_logs", "s3_access_logs/queue"),
	"operations: Messages of the queue":                               labelled("outcome", "deleted", "unknown"),
	"operations: Messages by outcome": values("outcome", func(s *shown) map[string]float64 {
		return map[string]float64{"deleted": float64(len(s.queued) + 1)} // the object that is gone is done
	}),
	"operations: Requests to S3 and SQS":                             labelled("api", "s3.list", "s3.get", "sqs.receive", "sqs.delete"),
	"operations: Failing requests":                                   labelled("outcome", "gone"),
	"operations: Time of requests, p95":                              labelled("api", "s3.list", "s3.get", "sqs.receive", "sqs.delete"),
	"operations: Cost":                                               assertCost,
	"operations: Cost of a day":                                      nil,
	"operations: Backlog: log objects known and not done, by bucket": labelled("receiver", "s3_access_logs", "s3_access_logs/queue"),
	"operations: Age of the newest request delivered, by bucket":     labelled("bucket", "logs"),
	"operations: Time since the last look, by bucket":                labelled("receiver", "s3_access_logs", "s3_access_logs/queue"),
	"operations: Age of feeds and databases":                         labelled("source", "indicators"),
	"operations: Entries in use": values("source", func(*shown) map[string]float64 {
		return map[string]float64{"indicators": 9}
	}),
	"operations: Reloads":                          labelled("outcome", "loaded"),
	"operations: Series by metric":                 assertSeries,
	"operations: Records beyond cardinality_limit": single(none),
}

// queuedLines is how many lines the queue's objects hold. None is malformed.
func (s *shown) queuedLines() (n int) {
	for _, k := range s.queued {
		n += linesOf(s.objects[k])
	}
	return n
}

// assertCost compares with the collectors' own counters. Those of the requests that
// look for more go on, so that they bound the cost from above.
func assertCost(t *testing.T, s *shown, q *boardQuery, got []servers.Sample) {
	of := map[string]struct {
		api   []string
		price float64
	}{
		"A": {[]string{"s3.get"}, 0.0004},
		"B": {[]string{"s3.list"}, 0.005},
		"C": {[]string{"sqs.receive", "sqs.delete", "sqs.extend", "sqs.attributes"}, 0.0004},
	}[q.RefID]
	requests := 0.0
	for _, api := range of.api {
		for _, c := range []*collector{s.bucket, s.queue} {
			requests += c.metric(t, apiMetric, "api="+strconv.Quote(api))
		}
	}
	if !assert.Len(t, got, 1) {
		return
	}
	dollars := requests / 1000 * of.price
	assert.LessOrEqual(t, got[0].Value, dollars*1.02, q.Expr)
	if q.RefID == "A" {
		assert.InDelta(t, dollars, got[0].Value, dollars*0.02, q.Expr)
	}
	assert.Positive(t, got[0].Value)
}

// assertSeries compares what the receiver says of its series with what Prometheus has.
func assertSeries(t *testing.T, s *shown, _ *boardQuery, got []servers.Sample) {
	found := map[string]float64{}
	for _, sample := range got {
		found[sample.Labels["metric"]] = sample.Value
	}
	assert.InDelta(t, one(t, s.prometheus, "count(aws_s3_server_requests_total)", s.at), found["aws.s3.server.requests"], 0)
	assert.InDelta(t, one(t, s.prometheus, "count(aws_s3_server_threat_requests_total)", s.at), found["aws.s3.server.threat.requests"], 0)
	assert.Len(t, slices.Collect(maps.Keys(found)), 7)
	t.Logf("series on the samples: %v; the place database is %s", found, filepath.Base(sampleGeo))
}
