package s3accesslogsreceiver

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// refusing is a consumer of metrics that answers with errors first.
type refusing struct {
	consumertest.MetricsSink
	mu      sync.Mutex
	answers []error
	offered int
}

func (r *refusing) ConsumeMetrics(ctx context.Context, m pmetric.Metrics) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offered++
	if len(r.answers) > 0 {
		err := r.answers[0]
		r.answers = r.answers[1:]
		if err != nil {
			return err
		}
	}
	return r.MetricsSink.ConsumeMetrics(ctx, m)
}

// readOnce reads a directory to its end in a metrics pipeline.
func readOnce(t *testing.T, cfg *Config, next consumer.Metrics) {
	t.Helper()
	m, err := NewFactory().CreateMetrics(t.Context(), settings(t.Name()), cfg, next)
	require.NoError(t, err)
	readToEnd(t, m)
}

// readToEnd starts a receiver of metrics, waits until its directory is read, and shuts
// it down.
func readToEnd(t *testing.T, m receiver.Metrics) {
	t.Helper()
	require.NoError(t, m.Start(t.Context(), componenttest.NewNopHost()))
	run := sharedOf(m).run
	select {
	case <-run.done:
	case <-time.After(waitLimit):
		t.Error("the directory is not read to its end")
	}
	require.NoError(t, m.Shutdown(t.Context()))
}

func metricsConfig(t *testing.T, records []string) *Config {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a"), strings.Join(records, "\n")+"\n")
	cfg := directoryConfig(dir)
	cfg.Retry.InitialInterval = time.Millisecond
	return cfg
}

// requests sums aws.s3.server.requests up, points of value 0 and earlier
// emissions of cumulative series left out.
func requests(all []pmetric.Metrics, cumulative bool) (total int64, beginnings int) {
	if cumulative && len(all) > 1 {
		all = all[len(all)-1:]
	}
	for _, md := range all {
		for _, rm := range md.ResourceMetrics().All() {
			for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
				if m.Name() != "aws.s3.server.requests" {
					continue
				}
				for _, p := range m.Sum().DataPoints().All() {
					total += p.IntValue()
					if p.StartTimestamp() == p.Timestamp() {
						beginnings++
					}
				}
			}
		}
	}
	return total, beginnings
}

func TestMetricsAlone(t *testing.T) {
	cfg := metricsConfig(t, append(samplelogs.Records(1, 500), "not a record"))
	sink := new(consumertest.MetricsSink)
	readOnce(t, cfg, sink)
	total, beginnings := requests(sink.AllMetrics(), true)
	assert.EqualValues(t, 500, total, "malformed lines are no requests")
	assert.NotZero(t, beginnings)
	resource := sink.AllMetrics()[0].ResourceMetrics().At(0).Resource().Attributes().AsRaw()
	assert.Equal(t, "aws", resource["cloud.provider"])
	assert.Equal(t, settings(t.Name()).ID.String(), resource["service.name"])
}

// A back end may have the beginnings of an emission whose answer was lost, and
// refuse what has them again: then it gets them once more, without them.
func TestRefusedBeginningsAreLeftOut(t *testing.T) {
	cfg := metricsConfig(t, samplelogs.Records(1, 500))
	next := &refusing{answers: []error{
		errors.New("the answer is lost"), consumererror.NewPermanent(errors.New("out of order")),
	}}
	readOnce(t, cfg, next)
	total, beginnings := requests(next.AllMetrics(), true)
	assert.EqualValues(t, 500, total)
	assert.Zero(t, beginnings)
	assert.Equal(t, 3, next.offered)
}

func TestDeltasAreOfferedUntilTheyAreSettled(t *testing.T) {
	cfg := metricsConfig(t, samplelogs.Records(1, 500))
	cfg.Metrics.Temporality = rollup.TemporalityDelta
	next := &refusing{answers: []error{errors.New("later"), errors.New("later"), errors.New("later")}}
	readOnce(t, cfg, next)
	total, _ := requests(next.AllMetrics(), false)
	assert.EqualValues(t, 500, total)

	cfg.OnRefusal = refusalDrop
	next = &refusing{answers: []error{consumererror.NewPermanent(errors.New("never"))}}
	readOnce(t, cfg, next)
	assert.Empty(t, next.AllMetrics())
	assert.Equal(t, 1, next.offered, "refused for good is refused")
}
