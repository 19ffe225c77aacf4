package s3accesslogsreceiver

import (
	"context"
	"errors"
	"strconv"
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
	d := &delivery{
		next: target, obsreport: obs, batches: noop.Int64Counter{}, instruments: &ingest.Instruments{},
		log: zap.NewNop(), unsampledLog: zap.NewNop(),
	}
	d.refusals = &refusals{
		policy: refusalDrop, retry: retry, what: "log records", log: d.log, countOutcome: d.countOutcome,
		report: func(error) {},
	}
	return d
}

// nowhere is a batch without origins.
func nowhere(string) (string, int64) { return "", 0 }

// deliver delivers logs of which nothing is refused for good.
func deliver(t *testing.T, next consumer.Logs, logs plog.Logs) {
	t.Helper()
	refused, err := newTestDelivery(t, next, defaultRetry()).Deliver(t.Context(), logs, nowhere)
	require.NoError(t, err)
	require.Zero(t, refused)
}

func testLogs(records int) plog.Logs {
	logs := plog.NewLogs()
	all := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i := range records {
		all.AppendEmpty().Attributes().PutStr("log.record.uid", strconv.Itoa(i))
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

func TestDroppedBatchIsNotOfferedAgain(t *testing.T) {
	next := &scripted{answers: []error{consumererror.NewPermanent(errBusy)}}
	refused, err := newTestDelivery(t, next, defaultRetry()).Deliver(t.Context(), testLogs(3), nowhere)
	require.NoError(t, err)
	assert.Equal(t, 3, refused)
	assert.Len(t, next.got, 1)
}

func TestRetriesEndWhenTheSettingsSaySo(t *testing.T) {
	off := defaultRetry()
	off.Enabled = false
	refused, err := newTestDelivery(t, consumertest.NewErr(errBusy), off).Deliver(t.Context(), testLogs(1), nowhere)
	require.NoError(t, err)
	assert.Equal(t, 1, refused)

	synctest.Test(t, func(t *testing.T) {
		short := defaultRetry()
		short.MaxElapsedTime = time.Minute
		begin := time.Now()
		refused, err := newTestDelivery(t, consumertest.NewErr(errBusy), short).Deliver(t.Context(), testLogs(1), nowhere)
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
		refused, err := newTestDelivery(t, consumertest.NewErr(errBusy), defaultRetry()).Deliver(ctx, testLogs(1), nowhere)
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

// The rest of a partial error may have been changed on the way: the records that it
// holds are offered as they were read, or all when that does not tell.
func TestTheRestOfAPartialErrorIsOfferedAsItWasRead(t *testing.T) {
	for name, c := range map[string]struct {
		rest func(plog.Logs)
		want []string
	}{
		"changed":           {func(plog.Logs) {}, []string{"1", "3"}},
		"without a uid":     {func(rest plog.Logs) { listRecords(rest)[0].Attributes().Clear() }, []string{"0", "1", "2", "3", "4"}},
		"of something else": {func(rest plog.Logs) { listRecords(rest)[0].Attributes().PutStr("log.record.uid", "x") }, []string{"0", "1", "2", "3", "4"}},
		"empty":             {func(rest plog.Logs) { rest.MoveTo(plog.NewLogs()) }, []string{"0", "1", "2", "3", "4"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var offers [][]string
			next, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
				var ids []string
				for _, r := range listRecords(logs) {
					ids = append(ids, r.uid())
					assert.Empty(t, r.Body().Str(), "%s: it was changed before", name)
					r.Body().SetStr("changed")
				}
				offers = append(offers, ids)
				if len(offers) > 1 {
					return nil
				}
				rest := (&records{logs: logs, count: 5}).part([]int{1, 3})
				c.rest(rest)
				return consumererror.NewLogs(errBusy, rest)
			}, consumer.WithCapabilities(consumer.Capabilities{MutatesData: true}))
			require.NoError(t, err)
			deliver(t, next, testLogs(5))
			require.Len(t, offers, 2)
			assert.Equal(t, c.want, offers[1], name)
		})
	}
}

// Of two exporters behind the receiver data may be marked as shared.
func TestSharedDataIsNotTouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := 0
		next, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
			logs.MarkReadOnly()
			if logs.LogRecordCount() > 2 {
				return consumererror.NewPermanent(errBusy)
			}
			got += logs.LogRecordCount()
			return nil
		})
		require.NoError(t, err)
		d := newTestDelivery(t, next, defaultRetry())
		d.refusals.policy = refusalWait
		refused, err := d.Deliver(t.Context(), testLogs(20), nowhere)
		require.NoError(t, err)
		assert.Zero(t, refused)
		assert.Equal(t, 20, got)
	})
}

func TestPartsOfLogsKeepWhatTheyBelongTo(t *testing.T) {
	whole := testLogs(3)
	for _, name := range []string{"b", "c"} {
		rl := testLogs(3).ResourceLogs().At(0)
		rl.Resource().Attributes().PutStr("aws.s3.bucket", name)
		rl.SetSchemaUrl(name)
		rl.ScopeLogs().At(0).Scope().SetName(name)
		rl.ScopeLogs().At(0).SetSchemaUrl(name)
		rl.CopyTo(whole.ResourceLogs().AppendEmpty())
	}
	r := &records{logs: whole, count: 9}
	assert.Equal(t, whole, r.part(allItems(9)))
	part := r.part([]int{1, 6, 8})
	require.Equal(t, 2, part.ResourceLogs().Len())
	last := part.ResourceLogs().At(1)
	assert.Equal(t, "c", last.ScopeLogs().At(0).Scope().Name())
	assert.Equal(t, 2, last.ScopeLogs().At(0).LogRecords().Len())
}
