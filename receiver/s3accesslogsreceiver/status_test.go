package s3accesslogsreceiver

import (
	"errors"
	"testing"
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
	host := newStatusHost()
	s := newStatus(host, zap.NewNop())
	now := time.Now()
	s.now = func() time.Time { return now }
	denied, away := errors.New("access denied"), errors.New("out of reach")

	s.report(ingest.ConcernSource, nil)
	require.Nil(t, host.next(), "well from the beginning")

	s.report(ingest.ConcernSource, denied)
	e := host.next()
	require.NotNil(t, e)
	assert.Equal(t, componentstatus.StatusRecoverableError, e.Status())
	assert.ErrorIs(t, e.Err(), denied)

	s.report(ingest.ConcernSource, denied)
	s.report(ingest.ConcernSource, away)
	require.Nil(t, host.next(), "the same error, or another soon after")
	now = now.Add(statusInterval)
	s.report(ingest.ConcernSource, away)
	assert.ErrorIs(t, host.next().Err(), away)

	s.report(ingest.ConcernObjects, denied)
	e = host.next()
	assert.ErrorIs(t, e.Err(), away)
	assert.ErrorIs(t, e.Err(), denied)

	s.report(ingest.ConcernSource, nil)
	assert.Equal(t, componentstatus.StatusRecoverableError, host.next().Status(), "one concern is left")
	s.report(ingest.ConcernObjects, nil)
	assert.Equal(t, componentstatus.StatusOK, host.next().Status())
	s.report(ingest.ConcernObjects, nil)
	require.Nil(t, host.next())
}
