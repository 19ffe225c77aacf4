package s3accesslogsreceiver

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

// statusHost keeps the status events it is told.
type statusHost struct {
	component.Host
	events chan *componentstatus.Event
}

func newStatusHost() *statusHost {
	return &statusHost{Host: componenttest.NewNopHost(), events: make(chan *componentstatus.Event, 1000)}
}

func (h *statusHost) Report(e *componentstatus.Event) { h.events <- e }

// next returns the next event, nil when there is none.
func (h *statusHost) next() *componentstatus.Event {
	select {
	case e := <-h.events:
		return e
	default:
		return nil
	}
}

func TestStatusReportsChangesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newStatusHost()
		s := newStatus(host, zap.NewNop())
		defer s.stop(false)
		denied, away := errors.New("access denied"), errors.New("out of reach")

		s.report(ingest.ConcernSource, nil)
		require.Nil(t, host.next(), "well from the beginning")

		s.report(ingest.ConcernSource, denied)
		e := host.next()
		require.NotNil(t, e, "the first change at once")
		assert.Equal(t, componentstatus.StatusRecoverableError, e.Status())
		require.ErrorIs(t, e.Err(), denied)

		time.Sleep(statusInterval)
		s.report(ingest.ConcernSource, denied)
		require.Nil(t, host.next(), "no change")
		s.report(ingest.ConcernSource, away)
		require.ErrorIs(t, host.next().Err(), away)

		s.report(ingest.ConcernObjects, denied)
		require.Nil(t, host.next(), "not so soon")
		time.Sleep(2 * statusInterval)
		e = host.next()
		require.ErrorIs(t, e.Err(), away)
		require.ErrorIs(t, e.Err(), denied)

		s.report(ingest.ConcernSource, nil)
		time.Sleep(2 * statusInterval)
		assert.Equal(t, componentstatus.StatusRecoverableError, host.next().Status(), "one concern is left")
		s.report(ingest.ConcernObjects, nil)
		time.Sleep(2 * statusInterval)
		assert.Equal(t, componentstatus.StatusOK, host.next().Status())
		s.report(ingest.ConcernObjects, nil)
		require.Nil(t, host.next())
	})
}

// The same permission is missing for every object: that is one trouble, until it
// is that of another bucket.
func TestStatusIsNotDrivenByKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newStatusHost()
		s := newStatus(host, zap.NewNop())
		defer s.stop(false)
		denied := func(bucket, key string, request int) {
			s.report(ingest.ConcernObjects, fmt.Errorf(`access denied: s3://%[1]s/%[2]s: 403: no s3:GetObject on "arn:aws:s3:::%[1]s/%[2]s" (request %[3]d)`,
				bucket, key, request))
			time.Sleep(2 * statusInterval)
		}
		for i := range 10 {
			denied("logs", "a/key-"+strconv.Itoa(i), i)
		}
		require.ErrorContains(t, host.next().Err(), "s3://logs/a/key-0")
		require.Nil(t, host.next())
		denied("others", "key", 11)
		require.ErrorContains(t, host.next().Err(), "s3://others/key")
	})
}

func TestStatusIsNotDrivenByWhatFlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newStatusHost()
		s := newStatus(host, zap.NewNop())
		defer s.stop(false)
		for range 10_000 {
			s.report(ingest.ConcernObjects, errors.New("503"))
			s.report(ingest.ConcernObjects, nil)
			time.Sleep(10 * time.Millisecond)
		}
		assert.LessOrEqual(t, len(host.events), int(100*time.Second/statusInterval)+1)
	})
}
