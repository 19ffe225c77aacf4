package s3accesslogsreceiver

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

// statusInterval bounds how often the error of a concern that is in trouble
// already is replaced by another: each object has a message of its own.
const statusInterval = time.Minute

// status turns what the engine meets into the component's status. All of it is
// recoverable: from a permanent error a component can only go to stopping. Only
// changes are reported and logged.
type status struct {
	host component.Host
	log  *zap.Logger
	now  func() time.Time

	mu      sync.Mutex
	trouble map[ingest.Concern]trouble // guarded by mu
}

// trouble is the error of a concern and when it was reported.
type trouble struct {
	err   error
	since time.Time
}

func newStatus(host component.Host, log *zap.Logger) *status {
	return &status{host: host, log: log, now: time.Now, trouble: make(map[ingest.Concern]trouble)}
}

// report notes an error, or with nil that the concern is well again.
func (s *status) report(c ingest.Concern, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, troubled := s.trouble[c]
	switch {
	case err == nil && !troubled:
		return
	case err == nil:
		delete(s.trouble, c)
	case troubled && (before.err.Error() == err.Error() || s.now().Sub(before.since) < statusInterval):
		return
	default:
		s.trouble[c] = trouble{err: err, since: s.now()}
		s.log.Warn("trouble, it is tried again", zap.String("with", string(c)), zap.Error(err))
	}
	s.publish()
}

// publish reports the state over all concerns. mu is held.
func (s *status) publish() {
	if len(s.trouble) == 0 {
		s.log.Info("well again")
		componentstatus.ReportStatus(s.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	var all []error
	for _, c := range slices.Sorted(maps.Keys(s.trouble)) {
		all = append(all, s.trouble[c].err)
	}
	componentstatus.ReportStatus(s.host, componentstatus.NewRecoverableErrorEvent(errors.Join(all...)))
}
