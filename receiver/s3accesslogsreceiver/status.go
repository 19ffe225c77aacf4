package s3accesslogsreceiver

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

// statusInterval bounds how often the status changes, so that alternating good and bad
// objects do not flood it.
const statusInterval = 5 * time.Second

// varying matches what differs between errors of the same cause: the key after a
// bucket, which is kept; request ids, times, and addresses with their ports.
var varying = regexp.MustCompile(strings.Join([]string{
	`((?:s3://|:s3:::)[^/\s]+)/\S*`,
	`\(request [^)]*\)`, `(?i:\brequest ?id\b:? ?[\w-]+)`,
	`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?`,
	`\b\d{8}T\d{6}Z`,
	`\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d`,
	`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b`,
	`\[[0-9a-fA-F:]*:[0-9a-fA-F:.]*(?:%\w+)?\](?::\d+)?`,
}, "|"))

// status turns the engine's errors into the component's status. All are recoverable:
// from a permanent error a component can only go to stopping. Only changes are reported
// and logged, the first at once, others statusInterval after the one before.
type status struct {
	host  component.Host
	log   *zap.Logger
	clock clock

	needs atomic.Pointer[[]string] // see missing; mu may be held while the host takes a report

	mu         sync.Mutex // guards everything below
	unanswered bool       // objects could not be looked for yet
	failing    map[ingest.Concern]error
	reported   string    // the last reported text, without varying parts
	at         time.Time // when that was
	later      *time.Timer
	stopped    bool
}

// needed are the concerns without which nothing is read or accepted.
var needed = []ingest.Concern{ingest.ConcernSource, ingest.ConcernObjects, ingest.ConcernStorage, ingest.ConcernLogs, ingest.ConcernEmission}

func newStatus(host component.Host, log *zap.Logger, c clock) *status {
	return &status{host: host, log: log, clock: c, failing: make(map[ingest.Concern]error)}
}

// errUnanswered is the status until objects could be looked for: nobody knows yet whether
// they can be. It is not logged.
var errUnanswered = errors.New("log objects are looked for, without an answer yet")

// begin reports errUnanswered. The collector reports nothing by itself after that.
func (s *status) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unanswered = true
	componentstatus.ReportStatus(s.host, componentstatus.NewRecoverableErrorEvent(errUnanswered))
}

// answered notes that objects could be looked for. mu is held.
func (s *status) answered() {
	if s.unanswered {
		s.unanswered = false
		if s.reported == "" && !s.stopped {
			componentstatus.ReportStatus(s.host, componentstatus.NewEvent(componentstatus.StatusOK))
		}
	}
}

// report notes an error, or with nil that the concern has recovered.
func (s *status) report(c ingest.Concern, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c == ingest.ConcernSource && err == nil {
		s.answered()
	}
	switch {
	case err != nil:
		s.failing[c] = err
	case s.failing[c] == nil:
		return
	default:
		delete(s.failing, c)
	}
	s.note()
	if s.later != nil || s.stopped {
		return // published when the timer ends
	}
	wait := statusInterval - s.clock.Now().Sub(s.at)
	if wait <= 0 {
		s.publish()
		return
	}
	s.later = s.clock.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.later = nil
		if !s.stopped {
			s.publish()
		}
	})
}

// note sets what is missing. mu is held.
func (s *status) note() {
	var texts []string
	for _, c := range slices.Sorted(maps.Keys(s.failing)) {
		if slices.Contains(needed, c.Kind()) {
			texts = append(texts, textOf(c, s.failing[c]))
		}
	}
	texts = shorten(texts)
	s.needs.Store(&texts)
}

// missing returns the errors that keep everything from being read and accepted. It does
// not block.
func (s *status) missing() []string {
	if texts := s.needs.Load(); texts != nil {
		return slices.Clone(*texts)
	}
	return nil
}

// textOf leaves out what the concern is of: the error names it.
func textOf(c ingest.Concern, err error) string { return escape(string(c.Kind()) + ": " + err.Error()) }

// publish reports the state over all concerns if it has changed. mu is held.
func (s *status) publish() {
	err := s.unhealthy()
	text := ""
	if err != nil {
		text = varying.ReplaceAllString(err.Error(), "$1")
	}
	if text == s.reported {
		return
	}
	s.reported, s.at = text, s.clock.Now()
	event := componentstatus.NewEvent(componentstatus.StatusOK)
	switch {
	case err != nil:
		s.log.Warn("unhealthy", zap.Error(err))
		event = componentstatus.NewRecoverableErrorEvent(err)
	case s.unanswered: // what failed meanwhile was something else
		s.log.Info("recovered")
		event = componentstatus.NewRecoverableErrorEvent(errUnanswered)
	default:
		s.log.Info("recovered")
	}
	componentstatus.ReportStatus(s.host, event)
}

// unhealthy returns the current errors, escaped, or nil. mu is held.
func (s *status) unhealthy() error {
	if len(s.failing) == 0 {
		return nil
	}
	all := &failures{}
	for _, c := range slices.Sorted(maps.Keys(s.failing)) {
		all.texts = append(all.texts, textOf(c, s.failing[c]))
		all.causes = append(all.causes, s.failing[c])
	}
	all.texts = shorten(all.texts)
	return all
}

// maxTexts is how many errors a status has: of very many buckets each may have one.
const maxTexts = 20

func shorten(texts []string) []string {
	if more := len(texts) - maxTexts; more > 0 {
		texts = append(texts[:maxTexts], fmt.Sprintf("and %d more", more))
	}
	return texts
}

// failures joins errors on one line.
type failures struct {
	texts  []string
	causes []error
}

func (t *failures) Error() string   { return strings.Join(t.texts, " | ") }
func (t *failures) Unwrap() []error { return t.causes }

// stop ends the reports. When the source has ended by itself, it first publishes the
// last one.
func (s *status) stop(ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if s.later != nil {
		s.later.Stop()
	}
	if ended {
		s.publish()
	}
}
