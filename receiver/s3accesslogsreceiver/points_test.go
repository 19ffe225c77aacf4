package s3accesslogsreceiver

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// deltasOf sums up what each series was told, by metric and attributes.
func deltasOf(all ...pmetric.Metrics) map[string]int64 {
	sums := make(map[string]int64)
	for _, metrics := range all {
		for _, p := range listPoints(metrics) {
			key := p.metric.Name() + " " + p.attributes()
			switch data := p.data.(type) {
			case pmetric.NumberDataPoint:
				sums[key] += data.IntValue()
			case pmetric.HistogramDataPoint:
				sums[key] += int64(data.Count())
			case pmetric.ExponentialHistogramDataPoint:
				sums[key] += int64(data.Count())
			}
		}
	}
	return sums
}

// deltaConfig reads the same 500 records in each call.
func deltaConfig(t *testing.T, histogram string) *Config {
	t.Helper()
	cfg := metricsConfig(t, samplelogs.Records(1, 500))
	cfg.Metrics.Temporality, cfg.Metrics.Histogram = rollup.TemporalityDelta, histogram
	return cfg
}

// Points that the back end does not want cost no others, and are named.
func TestDeltasThatAreRefusedAreSearched(t *testing.T) {
	unwanted := func(key string) bool { return strings.Contains(key, "REST.HEAD.OBJECT") }
	for _, histogram := range []string{rollup.HistogramExplicit, rollup.HistogramExponential} {
		all := new(consumertest.MetricsSink)
		readOnce(t, deltaConfig(t, histogram), all)
		want, named := deltasOf(all.AllMetrics()...), 0
		for key := range want {
			if unwanted(key) {
				named++
				delete(want, key)
			}
		}
		require.Positive(t, named)

		sink := new(consumertest.MetricsSink)
		next, err := consumer.NewMetrics(func(ctx context.Context, m pmetric.Metrics) error {
			for key := range deltasOf(m) {
				if unwanted(key) {
					return consumererror.NewPermanent(errors.New("not these"))
				}
			}
			return sink.ConsumeMetrics(ctx, m)
		})
		require.NoError(t, err)
		core, logged := observer.New(zap.InfoLevel)
		set := settings(t.Name())
		set.Logger = zap.New(core)
		m, err := NewFactory().CreateMetrics(t.Context(), set, deltaConfig(t, histogram), next)
		require.NoError(t, err)
		require.NoError(t, m.Start(t.Context(), componenttest.NewNopHost()))
		<-sharedOf(m).run.done
		require.NoError(t, m.Shutdown(t.Context()))

		assert.Equal(t, want, deltasOf(sink.AllMetrics()...))
		warnings := logged.FilterMessageSnippet("refuses a data point").All()
		require.Len(t, warnings, min(named, 10), "at a bounded rate")
		fields := warnings[0].ContextMap()
		assert.Contains(t, fields["attributes"], "REST.HEAD.OBJECT")
		assert.Contains(t, fields["metric"], "aws.s3.server.")
		assert.Positive(t, fields["value"])
		assert.Contains(t, fields["error"], "not these")
	}
}

// refusingAll refuses metrics permanently until a moment.
type refusingAll struct {
	consumertest.MetricsSink
	until   time.Time
	mutates bool
	offers  atomic.Int64
}

func (r *refusingAll) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: r.mutates}
}

func (r *refusingAll) ConsumeMetrics(ctx context.Context, m pmetric.Metrics) error {
	r.offers.Add(1)
	if time.Now().Before(r.until) {
		if r.mutates {
			m.ResourceMetrics().RemoveIf(func(pmetric.ResourceMetrics) bool { return true })
		}
		return consumererror.NewPermanent(errBusy)
	}
	return r.MetricsSink.ConsumeMetrics(ctx, m)
}

func newTestEmission(t *testing.T, next consumer.Metrics, policy string) *emission {
	t.Helper()
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverCreateSettings: receivertest.NewNopSettings(metadata.Type),
	})
	require.NoError(t, err)
	target := new(atomic.Pointer[consumer.Metrics])
	target.Store(&next)
	e := &emission{next: target, obsreport: obs, log: zap.NewNop()}
	e.refusals = &refusals{
		policy: policy, retry: steadyRetry(), what: "metrics", log: e.log, countOutcome: func(string) {}, report: func(error) {},
	}
	return e
}

// testMetrics is two metrics of two scopes each.
func testMetrics(points int) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	for _, scope := range []string{"a", "b"} {
		rm := metrics.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", scope)
		sm := rm.ScopeMetrics().AppendEmpty()
		sm.Scope().SetName(scope)
		for _, name := range []string{"one", "two"} {
			m := sm.Metrics().AppendEmpty()
			m.SetName(name)
			sum := m.SetEmptySum()
			sum.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
			for i := range points {
				p := sum.DataPoints().AppendEmpty()
				p.SetIntValue(int64(i + 1))
				p.Attributes().PutStr("scope", scope)
				p.Attributes().PutInt("i", int64(i))
			}
		}
	}
	return metrics
}

func TestDeltasWaitWhileTheBackEndRefusesAll(t *testing.T) {
	for _, mutates := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			next := &refusingAll{until: time.Now().Add(time.Hour), mutates: mutates}
			e := newTestEmission(t, next, refusalWait)
			answer, _ := e.Emit(t.Context(), testMetrics(100), true)
			require.Equal(t, ingest.Accepted, answer)
			assert.Equal(t, deltasOf(testMetrics(100)), deltasOf(next.AllMetrics()...))
			assert.Less(t, next.offers.Load(), int64(150), "one a back-off")

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			next.until = time.Now().Add(time.Hour)
			answer, done := e.Emit(ctx, testMetrics(100), true)
			require.Equal(t, ingest.Unsettled, answer)
			assert.Empty(t, done)
		})
	}
}

// What was accepted of a request when the time is over is told by its points.
func TestAPartOfARequestIsAcceptedWhenTheTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &largeRefuser{most: 30, takes: 50}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		metrics := testMetrics(25)
		answer, done := newTestEmission(t, next, refusalWait).Emit(ctx, metrics, true)
		require.Equal(t, ingest.Unsettled, answer)
		var want []string
		for _, item := range done {
			want = append(want, listPoints(testMetrics(25))[item].key())
		}
		var got []string
		for _, m := range next.AllMetrics() {
			for _, q := range listPoints(m) {
				got = append(got, q.key())
			}
		}
		assert.NotEmpty(t, got)
		assert.Less(t, len(got), metrics.DataPointCount())
		assert.ElementsMatch(t, want, got)
	})
}

// largeRefuser refuses what has more points than it takes at a time, and is away after
// so many.
type largeRefuser struct {
	consumertest.MetricsSink
	most, takes int
}

func (b *largeRefuser) ConsumeMetrics(ctx context.Context, m pmetric.Metrics) error {
	switch n := m.DataPointCount(); {
	case n > b.most:
		return consumererror.NewPermanent(errors.New("too large"))
	case b.DataPointCount()+n > b.takes:
		return errors.New("away")
	}
	return b.MetricsSink.ConsumeMetrics(ctx, m)
}

func TestCumulativePointsAreDroppedByAPermanentError(t *testing.T) {
	next := &refusingAll{until: time.Now().Add(time.Hour)}
	e := newTestEmission(t, next, refusalDrop)
	for _, again := range []bool{true, false} {
		answer, _ := e.Emit(t.Context(), testMetrics(10), again)
		assert.Equal(t, ingest.Refused, answer)
	}
	assert.EqualValues(t, 2, next.offers.Load())
}

func TestPartsOfMetricsKeepWhatTheyBelongTo(t *testing.T) {
	whole := testMetrics(3)
	p := &points{metrics: whole, count: whole.DataPointCount()}
	assert.Equal(t, whole, p.part(allItems(12)))
	part := p.part([]int{1, 4, 5, 11})
	require.Equal(t, 2, part.ResourceMetrics().Len())
	assert.Equal(t, 4, part.DataPointCount())
	last := part.ResourceMetrics().At(1).ScopeMetrics().At(0)
	assert.Equal(t, "b", last.Scope().Name())
	assert.Equal(t, "two", last.Metrics().At(0).Name())
	assert.Equal(t, pmetric.AggregationTemporalityDelta, last.Metrics().At(0).Sum().AggregationTemporality())
}

// The rest of a partial error may have been changed on the way: the points that it
// holds are offered as they were, or all when that does not tell.
func TestTheRestOfAPartialErrorOfMetricsIsOfferedUnchanged(t *testing.T) {
	for name, c := range map[string]struct {
		rest func(pmetric.Metrics)
		want int
	}{
		"another resource":   {func(m pmetric.Metrics) { m.ResourceMetrics().At(0).Resource().Attributes().PutStr("k", "v") }, 4},
		"another attribute":  {func(m pmetric.Metrics) { listPoints(m)[0].data.Attributes().PutStr("k", "v") }, 12},
		"nothing is refused": {func(m pmetric.Metrics) { m.MoveTo(pmetric.NewMetrics()) }, 12},
	} {
		synctest.Test(t, func(t *testing.T) {
			var offers []pmetric.Metrics
			next, err := consumer.NewMetrics(func(_ context.Context, m pmetric.Metrics) error {
				given := pmetric.NewMetrics()
				m.CopyTo(given)
				offers = append(offers, given)
				if len(offers) > 1 {
					return nil
				}
				rest := (&points{metrics: m, count: 12}).part([]int{1, 4, 5, 11})
				c.rest(rest)
				return consumererror.NewMetrics(errBusy, rest)
			}, consumer.WithCapabilities(consumer.Capabilities{MutatesData: true}))
			require.NoError(t, err)
			e := newTestEmission(t, next, refusalWait)
			answer, _ := e.Emit(t.Context(), testMetrics(3), true)
			require.Equal(t, ingest.Accepted, answer, name)
			require.Len(t, offers, 2)
			assert.Equal(t, c.want, offers[1].DataPointCount(), name)
			for key := range deltasOf(offers[1]) {
				assert.NotContains(t, key, "k=", name)
			}
		})
	}
}
