package s3accesslogsreceiver

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// heldRig is a stall on a clock of its own.
type heldRig struct {
	*stall
	now     time.Time
	at      *ingest.Waiting
	logged  *observer.ObservedLogs
	reports []error
}

func newHeldRig() *heldRig {
	core, logged := observer.New(zap.InfoLevel)
	r := &heldRig{now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), logged: logged}
	r.stall = &stall{
		waiting: func() (ingest.Waiting, bool) {
			if r.at == nil {
				return ingest.Waiting{}, false
			}
			return *r.at, true
		},
		logs: &refusals{}, points: &refusals{}, log: zap.New(core),
		report: func(err error) { r.reports = append(r.reports, err) },
	}
	return r
}

// pass looks each second, and returns the messages of that time.
func (r *heldRig) pass(d time.Duration) (messages []string) {
	for end := r.now.Add(d); r.now.Before(end); {
		r.now = r.now.Add(time.Second)
		r.check(r.now)
	}
	for _, e := range r.logged.TakeAll() {
		messages = append(messages, e.Message)
	}
	return messages
}

func TestABackEndThatRefusesForTenSecondsIsToldAndThatItAcceptsAgain(t *testing.T) {
	r := newHeldRig()
	r.at = &ingest.Waiting{Object: "s3://logs/one", Offset: 77, Since: r.now}
	r.logs.offers.refusal = "503 Service Unavailable"
	assert.Empty(t, r.pass(9*time.Second))
	r.check(r.now.Add(time.Second))
	logged := r.logged.TakeAll()
	require.Len(t, logged, 1)
	assert.Equal(t, "the back end accepts nothing; nothing is lost: reading waits", logged[0].Message)
	assert.Equal(t, "the pipeline refuses: 503 Service Unavailable", logged[0].ContextMap()["answer"])
	assert.Empty(t, r.pass(10*time.Second))
	r.at.Since = r.now
	r.logs.offers.accepted = r.now
	assert.Equal(t, []string{"the back end accepts again"}, r.pass(time.Second))
	assert.Empty(t, r.reports)
}

func TestADeliveryThatWaitsForThirtySecondsIsAStatusOnceUntilItIsAccepted(t *testing.T) {
	r := newHeldRig()
	r.at = &ingest.Waiting{Object: "s3://logs/one", Offset: 77, Since: r.now}
	r.logs.offers.refusal = "503 Service Unavailable"
	r.pass(29 * time.Second)
	assert.Empty(t, r.reports)
	r.pass(time.Minute)
	require.Len(t, r.reports, 1)
	require.EqualError(t, r.reports[0], "s3://logs/one at byte 77 waits since 2026-11-22T10:00:00Z; reading has stopped: "+
		"the pipeline refuses: 503 Service Unavailable")
	r.logs.offers.refusal = "401 Unauthorized"
	r.pass(time.Minute)
	require.Len(t, r.reports, 2)
	assert.ErrorContains(t, r.reports[1], "401 Unauthorized")
	r.at = nil
	r.logs.offers.accepted = r.now
	assert.Equal(t, []string{"the back end accepts again"}, r.pass(time.Second))
	require.Len(t, r.reports, 3)
	assert.NoError(t, r.reports[2])
}

// What is dropped, or left behind at the end, does not wait any more either.
func TestABackEndAcceptsAgainOnlyOnceItHas(t *testing.T) {
	r := newHeldRig()
	r.logs.retry.MaxElapsedTime = 40 * time.Second
	r.logs.offers.refusal = "503 Service Unavailable"
	var all []string
	for range 3 {
		r.at = &ingest.Waiting{Object: "s3://logs/one", Since: r.now}
		all = append(all, r.pass(40*time.Second)...)
	}
	r.at = nil
	all = append(all, r.pass(5*time.Second)...)
	assert.Equal(t, []string{"the back end accepts nothing; reading waits, and drops what is not accepted within `retry_on_failure::max_elapsed_time`, 40s"}, all)
	require.NotEmpty(t, r.reports)
	for _, err := range r.reports {
		require.Error(t, err)
	}
	r.points.offers.accepted = r.now // another signal
	assert.Empty(t, r.pass(time.Second))
	r.logs.offers.accepted = r.now
	assert.Equal(t, []string{"the back end accepts again"}, r.pass(time.Second))
	assert.NoError(t, r.reports[len(r.reports)-1])
}

func TestABackEndThatDoesNotAnswerIsToldToo(t *testing.T) {
	r := newHeldRig()
	r.at = &ingest.Waiting{Object: "s3://logs/one", Since: r.now}
	r.pass(30 * time.Second)
	require.Len(t, r.reports, 1)
	assert.ErrorContains(t, r.reports[0], "the pipeline has not answered")
}

func TestMetricsThatHoldUpTheCommitsAreAStatus(t *testing.T) {
	r := newHeldRig()
	r.at = &ingest.Waiting{Since: r.now}
	r.points.offers.refusal = "429 Too Many Requests"
	r.pass(30 * time.Second)
	require.Len(t, r.reports, 1)
	assert.Equal(t, "delivery: metrics wait since 2026-11-22T10:00:00Z; reading has stopped: the pipeline refuses: 429 Too Many Requests",
		textOf(ingest.ConcernDelivery, r.reports[0]))
}

// A batch that is searched for what is refused gets on.
func TestADeliveryOfWhichPartsAreAcceptedDoesNotWait(t *testing.T) {
	r := newHeldRig()
	r.at = &ingest.Waiting{Object: "s3://logs/one", Since: r.now}
	for range 30 {
		r.logs.offers.accepted = r.now
		assert.Empty(t, r.pass(5*time.Second))
	}
	assert.Empty(t, r.reports)
}

// A slow back end is logged at most once a minute.
func TestABackEndThatTakesLongForEachBatchIsNotToldEachTime(t *testing.T) {
	r := newHeldRig()
	var all []string
	for range 20 {
		r.at = &ingest.Waiting{Object: "s3://logs/one", Since: r.now}
		all = append(all, r.pass(12*time.Second)...)
		r.at = nil
		r.logs.offers.accepted = r.now
		all = append(all, r.pass(time.Second)...)
	}
	assert.LessOrEqual(t, len(all), 2*5)
	assert.Zero(t, len(all)%2, "each with its end")
}

func TestARefusingPipelineMakesTheReceiverUnhealthyUntilItAccepts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "2026-11-09-10-00-00-0123456789ABCDEF")
		writeFile(t, path, strings.Join(samplelogs.Records(3, 10), "\n")+"\n")
		var accepts atomic.Bool
		next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
			if accepts.Load() {
				return nil
			}
			return errors.New("connection refused")
		})
		require.NoError(t, err)
		r := startReceiver(t, directoryConfig(dir), next)
		began := time.Now()
		fields := r.awaitLogged(t, "the back end accepts nothing; nothing is lost: reading waits")
		assert.WithinDuration(t, began.Add(refusingAfter), time.Now(), 3*time.Second)
		assert.Equal(t, "the pipeline refuses: connection refused", fields["answer"])
		err = r.awaitStatus(t, componentstatus.StatusRecoverableError)
		assert.WithinDuration(t, began.Add(blockedAfter), time.Now(), 3*time.Second)
		require.ErrorContains(t, err, "delivery: "+path+" at byte 0 waits since ")
		require.ErrorContains(t, err, "; reading has stopped: the pipeline refuses: connection refused")
		accepts.Store(true)
		require.NoError(t, r.awaitStatus(t, componentstatus.StatusOK))
		r.awaitLogged(t, "the back end accepts again")
		r.awaitLogged(t, "directory read to its end")
	})
}

// A pipeline that never answers is not a refusal, and blocks all the same.
func TestAPipelineThatNeverAnswersMakesTheReceiverUnhealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "2026-11-09-10-00-00-0123456789ABCDEF"), strings.Join(samplelogs.Records(3, 10), "\n")+"\n")
		next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
			<-ctx.Done()
			return ctx.Err()
		})
		require.NoError(t, err)
		r := startReceiver(t, directoryConfig(dir), next)
		require.ErrorContains(t, r.awaitStatus(t, componentstatus.StatusRecoverableError), "reading has stopped: the pipeline has not answered")
	})
}
