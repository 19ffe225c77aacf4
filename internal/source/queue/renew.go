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
	// retryDelay is the wait between failed calls. The SDK has tried each three times.
	retryDelay = time.Second
	// callTimeout ends a call without an answer: others wait for it.
	callTimeout = 15 * time.Second
	// closeTimeout bounds the last calls.
	closeTimeout = 5 * time.Second
	// maxBeat bounds the interval between checks for messages to renew or to return.
	maxBeat = time.Second
	// margin is how long before maxHeld a message is returned, while its receipt is valid.
	margin = 10 * time.Second
	// maxFailing is how many messages may fail alone before nothing more is received:
	// then the messages are not the cause.
	maxFailing = s3io.QueueBatch
	// maxWaiting is how long a message may wait for Next before it is returned, so
	// that another collector gets it.
	maxWaiting = 2 * time.Second
)

// runRenewer is the renewer's goroutine.
func (s *Source) runRenewer() {
	defer close(s.ended)
	stop := s.done // nil once handled
	interval := min(s.cfg.VisibilityTimeout/10, maxBeat)
	beat := s.deps.Clock.After(interval)
	var retry <-chan time.Time // when to retry failed returns; nil means none
	returning := s.returning   // nil until retry
	for {
		select {
		case <-s.open.Done():
			s.finish()
			return
		case <-stop:
			stop = nil
			s.returnReady()
			continue
		case <-beat:
			s.reportFailing()
			s.reportWaiting()
			s.unknown.flush(s.deps.Clock.Now())
			s.resumeDeletes()
			s.renew()
			beat = s.deps.Clock.After(interval)
			continue
		case <-returning:
		case <-retry:
		}
		retry, returning = nil, s.returning
		if !s.sendReturns() {
			retry, returning = s.deps.Clock.After(retryDelay), nil
		}
	}
}

// finish sends pending deletes and returns until all are sent or Close ends the calls.
func (s *Source) finish() {
	s.returnReady()
	for {
		s.resumeDeletes()
		sent := s.sendReturns()
		s.deleting.Wait()
		s.reportFailing()
		s.mu.Lock()
		sent = sent && len(s.deletes)+len(s.failedDeletes) == 0
		s.mu.Unlock()
		if sent {
			return
		}
		select {
		case <-s.calls.Done():
			return
		case <-s.deps.Clock.After(retryDelay):
		}
	}
}

// reportFailing reports why messages fail alone.
func (s *Source) reportFailing() {
	s.mu.Lock()
	err := anyOf(s.failing[deletion])
	if err == nil {
		err = anyOf(s.failing[visibility])
	}
	s.mu.Unlock()
	s.deps.Hooks.Trouble(err)
}

// blocked returns why received messages could not be finished, or nil. s.mu is held.
func (s *Source) blocked() error {
	for k, err := range s.trouble {
		if err != nil {
			return err
		}
		if len(s.failing[k]) >= maxFailing {
			return anyOf(s.failing[k])
		}
	}
	return nil
}

// anyOf returns one of the errors, nil when there is none.
func anyOf(failing map[*message]error) error {
	for _, err := range failing {
		return err
	}
	return nil
}

// sendReturns returns the pending messages, and reports whether none is left. Messages
// whose visibility has ended need no call.
func (s *Source) sendReturns() bool {
	now := s.deps.Clock.Now()
	s.mu.Lock()
	returns := slices.DeleteFunc(s.returns, func(m *message) bool {
		if m.state != over && !now.Before(m.hiddenUntil) {
			s.settle(m)
		}
		return m.state == over
	})
	s.returns = nil
	s.mu.Unlock()

	returns = s.change(s.calls, returns, func(m *message) time.Duration { return m.delay }, func(m *message) {
		s.settle(m)
		if m.delay > 0 {
			s.delayed.add(s.deps.Clock.Now().Add(m.delay))
		}
		s.deps.Hooks.Message(Returned)
	})

	s.mu.Lock()
	defer s.mu.Unlock()
	s.returns = append(returns, s.returns...)
	return len(returns) == 0
}

// renew checks all messages: it renews the visibility of those where half of it is
// over, and returns those that are not begun or were held for too long.
func (s *Source) renew() {
	now := s.deps.Clock.Now()
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
			s.returnExpired(m)
		case m.state == waiting && !m.held && now.Sub(m.received) >= maxWaiting:
			s.returnUnread(m, 0)
		case m.hiddenUntil.Before(end.Add(-margin)) && m.hiddenUntil.Sub(now) <= s.cfg.VisibilityTimeout/2:
			due = append(due, m)
		}
	}
	if len(s.messages) == 0 {
		s.trouble = [2]error{}
	}
	s.lanes.forget(now)
	s.giveWay(now)
	s.mu.Unlock()

	until := func(m *message) time.Time {
		at, end := now.Add(s.cfg.VisibilityTimeout), m.received.Add(maxHeld)
		if at.After(end) {
			at = end
		}
		return at
	}
	// The next beat retries failures, and Close needs no renewal.
	s.change(s.open, due, func(m *message) time.Duration { return until(m).Sub(now) },
		func(m *message) { m.hiddenUntil = until(m) })
}

// change sets the visibility of messages, up to QueueBatch per call and maxCalls at a
// time, and calls done for each success, with s.mu held. It returns the messages to
// retry: all others, after a call that failed.
func (s *Source) change(ctx context.Context, messages []*message, length func(*message) time.Duration, done func(*message)) (again []*message) {
	if len(messages) == 0 {
		return nil
	}
	var calls sync.WaitGroup
	var mu sync.Mutex // guards failure and again
	var failure error
	places := make(chan struct{}, maxCalls)
	for some := range slices.Chunk(messages, s3io.QueueBatch) {
		places <- struct{}{}
		mu.Lock()
		failed := failure != nil
		if failed {
			again = append(again, some...)
		}
		mu.Unlock()
		if failed {
			<-places
			continue
		}
		calls.Go(func() {
			defer func() { <-places }()
			rest, err := s.call(ctx, visibility, some, func(ctx context.Context) ([]error, error) {
				entries := make([]s3io.Visibility, len(some))
				for i, m := range some {
					entries[i] = s3io.Visibility{Receipt: m.receipt, For: length(m)}
				}
				return s.deps.SQS.SetVisibility(ctx, entries)
			}, done)
			mu.Lock()
			defer mu.Unlock()
			again = append(again, rest...)
			if err != nil {
				failure = err
			}
		})
	}
	calls.Wait()
	s.mu.Lock()
	s.trouble[visibility] = failure
	s.mu.Unlock()
	return again
}

// call makes one call for up to QueueBatch messages, and calls done for each success,
// with s.mu held. A message whose receipt is no longer valid is over. again are the
// messages to retry: all of them with a failure, else those that failed alone.
func (s *Source) call(ctx context.Context, k kind, some []*message, call func(context.Context) ([]error, error), done func(*message)) (again []*message, failure error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	errs, err := call(ctx)
	if err != nil {
		return some, orTimeout(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range some {
		delete(s.failing[k], m)
		switch {
		case errs[i] == nil:
			done(m)
		case errors.Is(errs[i], s3io.ErrReceipt):
			s.settle(m)
		case m.state != over: // over means it was received again meanwhile
			s.failing[k][m] = errs[i]
			again = append(again, m)
		}
	}
	return again, nil
}

// orTimeout returns an error that names the timeout when a call exceeded callTimeout.
func orTimeout(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: SQS does not answer", source.ErrUnreachable)
	}
	return err
}
