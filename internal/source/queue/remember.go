package queue

import (
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// groupOf returns the group of an object in Progress: the hour in which its message
// was received. The names sort by time.
func groupOf(now time.Time) string { return now.UTC().Format("2006-01-02T15") }

// Change implements source.Stateful: once an hour it forgets the objects whose message
// was received longer than Remember ago.
func (s *Source) Change() source.Change {
	now := s.deps.Clock.Now()
	hour := groupOf(now)
	if hour == s.lastForget {
		return source.Change{}
	}
	s.lastForget = hour
	var change source.Change
	oldest := groupOf(now.Add(-s.cfg.Remember))
	for _, group := range s.deps.Progress.Groups() {
		if group < oldest {
			change.Forget = append(change.Forget, group)
		}
	}
	return change
}
