package queue

import (
	"context"
	"slices"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
)

const (
	// gatherTime is how long a call waits for more messages: the time in which one
	// commit settles its objects. A message that is committed and not yet deleted is
	// read once more if this collector dies.
	gatherTime = time.Millisecond
	// maxUndeleted is how many messages may wait to be deleted before nothing more is
	// received.
	maxUndeleted = 1000
	// undeletedPause is how long to wait then.
	undeletedPause = 10 * time.Millisecond
)

// remove schedules a message to be deleted. s.mu is held.
func (s *Source) remove(m *message, outcome MessageOutcome) {
	m.state, m.outcome = deleting, outcome
	s.deletes = append(s.deletes, m)
	s.startDeleters()
}

// startDeleters starts deleters for messages that no gathering deleter will take, up
// to maxCalls. s.mu is held.
func (s *Source) startDeleters() {
	for !s.undeletable && s.deleters < maxCalls && s.gatherers*s3io.QueueBatch < len(s.deletes) {
		s.deleters++
		s.gatherers++
		s.deleting.Go(s.deleter)
	}
}

// resumeDeletes retries failed deletes.
func (s *Source) resumeDeletes() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undeletable = false
	s.deletes = append(s.failedDeletes, s.deletes...)
	s.failedDeletes = nil
	s.startDeleters()
}

// deleter deletes messages until none is left or a call fails, one call after the
// other. Messages that arrive while all deleters are busy share the next calls. Failed
// ones wait for the renewer: they must not slow down the others.
func (s *Source) deleter() {
	<-s.deps.Clock.After(gatherTime)
	s.mu.Lock()
	s.gatherers--
	s.mu.Unlock()
	for some := s.takeDeletes(); len(some) > 0; some = s.takeDeletes() {
		again, failure := s.call(s.calls, deletion, some, func(ctx context.Context) ([]error, error) {
			receipts := make([]string, len(some))
			for i, m := range some {
				receipts[i] = m.receipt
			}
			return s.deps.SQS.Delete(ctx, receipts)
		}, s.deleted)
		s.mu.Lock()
		s.trouble[deletion] = failure
		s.undeletable = s.undeletable || failure != nil
		s.failedDeletes = append(s.failedDeletes, again...)
		s.mu.Unlock()
	}
}

// takeDeletes takes the messages for one call; an empty result ends the deleter.
func (s *Source) takeDeletes() []*message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deletes = slices.DeleteFunc(s.deletes, func(m *message) bool { return m.state == over })
	if s.undeletable || len(s.deletes) == 0 {
		s.deleters--
		return nil
	}
	n := min(len(s.deletes), s3io.QueueBatch)
	some := slices.Clone(s.deletes[:n])
	s.deletes = slices.Delete(s.deletes, 0, n)
	return some
}

// deleted notes that a message is deleted. s.mu is held.
func (s *Source) deleted(m *message) {
	if m.state == over {
		return // received again meanwhile, so that this receipt deleted nothing
	}
	s.settle(m)
	s.deps.Hooks.Message(m.outcome)
}
