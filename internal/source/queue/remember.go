package queue

import (
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// groupOf returns the group of an object in Progress: the hour in which its message
// was received. The names sort by time.
func groupOf(now time.Time) string { return now.UTC().Format("2006-01-02T15") }

// rememberDone lets those of a message's objects that are done be remembered from now on:
// the message comes again, also later than Remember. s.mu is held.
func (s *Source) rememberDone(named []source.Object) {
	group := groupOf(s.deps.Clock.Now())
	for _, o := range named {
		id := source.Identify(o.Bucket, o.Key, o.ETag)
		if !s.deps.Progress.Done(id) {
			continue
		}
		if s.kept == nil {
			s.kept = map[string][]source.ID{}
		}
		s.kept[group] = append(s.kept[group], id)
	}
}

// Change implements source.Stateful: once an hour it forgets the objects whose message
// was received longer than Remember ago.
func (s *Source) Change() source.Change {
	now := s.deps.Clock.Now()
	hour := groupOf(now)
	var change source.Change
	s.mu.Lock()
	change.Done, s.kept = s.kept, nil
	s.mu.Unlock()
	if hour == s.lastForget {
		return change
	}
	s.lastForget = hour
	oldest := groupOf(now.Add(-s.cfg.Remember))
	for _, group := range s.deps.Progress.Groups() {
		if group < oldest {
			change.Forget = append(change.Forget, group)
		}
	}
	return change
}
