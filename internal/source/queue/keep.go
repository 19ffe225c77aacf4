package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// enough deletes fill a call; fewer wait for company for flushDelay.
	enough     = s3io.QueueBatch
	flushDelay = 200 * time.Millisecond
	// retryDelay is how long calls that failed wait for the next try. The SDK has
	// tried three times by then.
	retryDelay = time.Second
	// callTimeout ends a call that gets no answer: all messages wait for it.
	callTimeout = 15 * time.Second
	// closeTimeout bounds the last calls.
	closeTimeout = 5 * time.Second
	// maxBeat bounds how long it takes to find a message that is to be renewed,
	// or that waits although there was room for it.
	maxBeat = time.Second
	// margin is how long before maxHeld a message is handed back, while it is ours.
	margin = 10 * time.Second
	// maxWaiting is how long a message may wait for Next before it is returned, so
	// that another collector gets it.
	maxWaiting = 2 * time.Second
)

// keep is the keeper's goroutine. ctx is that of its calls.
func (s *Source) keep(ctx context.Context) {
	defer close(s.kept)
	stop := s.done // nil when it was seen
	interval := min(s.set.Visibility/10, maxBeat)
	beat := s.clock.After(interval)
	var flush <-chan time.Time // when to send what is pending; nil: nothing is
	urgent := s.urgent         // nil after a failure, until flush
	for {
		send := false
		select {
		case <-s.closing:
			s.finish(ctx)
			return
		case <-stop:
			stop = nil
			s.returnReady()
		case <-beat:
			s.renew(ctx)
			beat = s.clock.After(interval)
		case <-s.pending:
			if flush == nil {
				flush = s.clock.After(flushDelay)
			}
		case <-urgent:
			send = true
		case <-flush:
			send = true
		}
		if !send {
			continue
		}
		flush, urgent = nil, s.urgent
		if !s.flush(ctx) {
			flush, urgent = s.clock.After(retryDelay), nil
		}
	}
}

// finish sends what is pending until it is sent or closeTimeout is over.
func (s *Source) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	s.returnReady()
	for !s.flush(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-s.clock.After(retryDelay):
		}
	}
}

// flush deletes and returns what is to be, and tells whether nothing is left.
func (s *Source) flush(ctx context.Context) bool {
	isOver := func(m *message) bool { return m.state == over }
	s.mu.Lock()
	deletes, returns := slices.DeleteFunc(s.deletes, isOver), slices.DeleteFunc(s.returns, isOver)
	s.deletes, s.returns = nil, nil
	s.mu.Unlock()

	deletes = s.send(ctx, deletion, deletes, func(ctx context.Context, some []*message) ([]error, error) {
		receipts := make([]string, len(some))
		for i, m := range some {
			receipts[i] = m.receipt
		}
		return s.queue.Delete(ctx, receipts)
	}, func(m *message) {
		if m.state == over {
			return // received again meanwhile, so that this receipt deleted nothing
		}
		s.settle(m)
		s.set.Hooks.Message(m.outcome)
	})
	returns = s.send(ctx, visibility, returns, func(ctx context.Context, some []*message) ([]error, error) {
		return s.queue.SetVisibility(ctx, visibilities(some, func(m *message) time.Duration { return m.delay }))
	}, func(m *message) {
		s.settle(m)
		s.set.Hooks.Message(Returned)
	})

	s.mu.Lock()
	defer s.mu.Unlock()
	s.deletes = append(deletes, s.deletes...)
	s.returns = append(returns, s.returns...)
	return len(deletes)+len(returns) == 0
}

// renew looks at all messages: those whose visibility is half over get it anew,
// those that nobody begins or that were held for too long are returned.
func (s *Source) renew(ctx context.Context) {
	now := s.clock.Now()
	var due []*message
	s.mu.Lock()
	for _, m := range s.messages {
		end := m.received.Add(maxHeld)
		tooLong := !now.Before(end.Add(-margin))
		switch {
		case m.state == returning:
		case m.state == deleting && tooLong:
			s.settle(m)
		case m.live() && tooLong:
			s.handBack(m)
		case m.state == waiting && now.Sub(m.received) >= maxWaiting:
			s.giveBack(m, 0)
		case m.hidden.Before(end.Add(-margin)) && m.hidden.Sub(now) <= s.set.Visibility/2:
			due = append(due, m)
		}
	}
	if len(s.messages) == 0 {
		s.trouble = [2]error{}
	}
	s.mu.Unlock()

	until := func(m *message) time.Time {
		at, end := now.Add(s.set.Visibility), m.received.Add(maxHeld)
		if at.After(end) {
			at = end
		}
		return at
	}
	// Those that fail are found again by the next beat.
	s.send(ctx, visibility, due, func(ctx context.Context, some []*message) ([]error, error) {
		return s.queue.SetVisibility(ctx, visibilities(some, func(m *message) time.Duration { return until(m).Sub(now) }))
	}, func(m *message) { m.hidden = until(m) })
}

// visibilities returns the entries of a call.
func visibilities(of []*message, length func(*message) time.Duration) []s3io.Visibility {
	entries := make([]s3io.Visibility, len(of))
	for i, m := range of {
		entries[i] = s3io.Visibility{Receipt: m.receipt, For: length(m)}
	}
	return entries
}

// send makes the calls for messages, up to QueueBatch a call and maxCalls at a
// time, and does done for each message it went well for, with s.mu held. It
// returns the messages to try again. A message whose receipt is not valid any
// more is over.
func (s *Source) send(ctx context.Context, k kind, messages []*message,
	call func(context.Context, []*message) ([]error, error), done func(*message),
) (again []*message) {
	if len(messages) == 0 {
		return nil
	}
	var calls sync.WaitGroup
	var failure error
	places := make(chan struct{}, maxCalls)
	for begin := 0; begin < len(messages); begin += s3io.QueueBatch {
		some := messages[begin:min(begin+s3io.QueueBatch, len(messages))]
		places <- struct{}{}
		calls.Go(func() {
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(ctx, callTimeout)
			defer cancel()
			errs, err := call(ctx, some)
			if errors.Is(err, context.DeadlineExceeded) {
				err = fmt.Errorf("%w: SQS does not answer", source.ErrUnreachable)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if err != nil {
				failure, again = err, append(again, some...)
				return
			}
			for i, m := range some {
				switch {
				case errs[i] == nil:
					done(m)
				case errors.Is(errs[i], s3io.ErrReceipt):
					s.settle(m)
				default:
					failure, again = errs[i], append(again, m)
				}
			}
		})
	}
	calls.Wait()
	s.mu.Lock()
	s.trouble[k] = failure
	s.mu.Unlock()
	return again
}
