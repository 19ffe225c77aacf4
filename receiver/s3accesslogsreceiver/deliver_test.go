package s3accesslogsreceiver

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

var errBusy = errors.New("busy")

// scripted is a consumer that answers with the given errors, then accepts.
type scripted struct {
	answers []error
	mutates bool
	got     []plog.Logs // what each call was given, as it was then
}

func (s *scripted) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: s.mutates}
}

func (s *scripted) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	given := plog.NewLogs()
	logs.CopyTo(given)
	s.got = append(s.got, given)
	if s.mutates {
		logs.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true })
	}
	if len(s.answers) < len(s.got) {
		return nil
	}
	return s.answers[len(s.got)-1]
}

func newTestDelivery(t *testing.T, next consumer.Logs, retry configretry.BackOffConfig) *delivery {
	t.Helper()
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverCreateSettings: receivertest.NewNopSettings(metadata.Type),
	})
	require.NoError(t, err)
	target := new(atomic.Pointer[consumer.Logs])
	target.Store(&next)
	return &delivery{next: target, obsreport: obs, retry: retry, batches: noop.Int64Counter{}, instruments: &ingest.Instruments{}, log: zap.NewNop()}
}

// deliver delivers logs of which nothing is refused for good.
func deliver(t *testing.T, next consumer.Logs, logs plog.Logs) {
	t.Helper()
	refused, err := newTestDelivery(t, next, defaultRetry()).Deliver(t.Context(), logs)
	require.NoError(t, err)
	require.Zero(t, refused)
}

func testLogs(records int) plog.Logs {
	logs := plog.NewLogs()
	all := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range records {
		all.AppendEmpty().Body().SetStr("x")
	}
	return logs
}

func defaultRetry() configretry.BackOffConfig { return createDefaultConfig().(*Config).Retry }

func TestRefusalForNowIsRetriedUntilAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &scripted{answers: []error{errBusy, errBusy, errBusy}}
		begin := time.Now()
		deliver(t, next, testLogs(3))
		assert.Len(t, next.got, 4)
		assert.Greater(t, time.Since(begin), 2*time.Second)
	})
}

func TestPermanentRefusalIsNotRetried(t *testing.T) {
	next := &scripted{answers: []error{consumererror.NewPermanent(errBusy)}}
	refused, err := newTestDelivery(t, next, defaultRetry()).Deliver(t.Context(), testLogs(3))
	require.NoError(t, err)
	assert.Equal(t, 3, refused)
	assert.Len(t, next.got, 1)
}

func TestRetriesEndWhenTheSettingsSaySo(t *testing.T) {
	off := defaultRetry()
	off.Enabled = false
	refused, err := newTestDelivery(t, consumertest.NewErr(errBusy), off).Deliver(t.Context(), testLogs(1))
	require.NoError(t, err)
	assert.Equal(t, 1, refused)

	synctest.Test(t, func(t *testing.T) {
		short := defaultRetry()
		short.MaxElapsedTime = time.Minute
		begin := time.Now()
		refused, err := newTestDelivery(t, consumertest.NewErr(errBusy), short).Deliver(t.Context(), testLogs(1))
		require.NoError(t, err)
		assert.Equal(t, 1, refused)
		assert.LessOrEqual(t, time.Since(begin), time.Minute)
		assert.Greater(t, time.Since(begin), 10*time.Second)
	})
}

func TestShutdownEndsTheRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		refused, err := newTestDelivery(t, consumertest.NewErr(errBusy), defaultRetry()).Deliver(ctx, testLogs(1))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, refused, "what was not accepted is not done")
	})
}

func TestRetryOffersWhatWasReadAlsoBehindAMutatingProcessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &scripted{answers: []error{errBusy, errBusy}, mutates: true}
		deliver(t, next, testLogs(5))
		require.Len(t, next.got, 3)
		for _, got := range next.got {
			assert.Equal(t, 5, got.LogRecordCount())
		}
	})
}

func TestOnlyTheRefusedPartIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &scripted{answers: []error{consumererror.NewLogs(errBusy, testLogs(2))}}
		deliver(t, next, testLogs(5))
		require.Len(t, next.got, 2)
		assert.Equal(t, 2, next.got[1].LogRecordCount())
	})
}
