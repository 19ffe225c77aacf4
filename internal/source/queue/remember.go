package queue

import (
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// groupOf names the group that Progress keeps an object in: the hour in which
// it was met. The names sort by time.
func groupOf(now time.Time) string { return now.UTC().Format("2006-01-02T15") }

// Change implements source.Stateful: once an hour it forgets the objects that
// were met longer than Remember ago.
func (s *Source) Change() source.Change {
	now := s.deps.Clock.Now()
	hour := groupOf(now)
	if hour == s.swept {
		return source.Change{}
	}
	s.swept = hour
	var change source.Change
	oldest := groupOf(now.Add(-s.cfg.Remember))
	for _, group := range s.deps.Progress.Groups() {
		if group < oldest {
			change.Forget = append(change.Forget, group)
		}
	}
	return change
}
