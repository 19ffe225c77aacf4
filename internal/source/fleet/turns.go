package fleet

import (
	"container/heap"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

// take returns work, or when to look again.
func (s *Source) take() (work *source.Work, due time.Time, end bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.deps.Clock.Now()
	s.askAccounts(now)
	for len(s.waiting) > 0 && !s.waiting[0].due.After(now) {
		s.run(heap.Pop(&s.waiting).(*member))
	}
	if len(s.offered) > 0 {
		m := s.offered[0]
		s.offered = slices.Delete(s.offered, 0, 1)
		work = m.handOut(s)
		s.run(m)
	}
	s.logSlow(now)
	s.dispatch(now)
	return work, s.nextDue(now), work == nil && s.finished()
}

// logSlow logs the members whose list has no answer for long.
func (s *Source) logSlow(now time.Time) {
	for m, since := range s.running {
		if waits := now.Sub(since); waits > silentAfter && !m.cannot && m.state != ended {
			m.cannot = true
			s.deps.Failed(m.Bucket, "", fmt.Errorf("%w: s3://%s/%s: the list has no answer for %v; check the network, aws.endpoint and proxies",
				source.ErrUnreachable, m.Bucket, m.Prefix, silentAfter))
		}
	}
}

// nextDue returns when take has something to do without having been woken.
func (s *Source) nextDue(now time.Time) time.Time {
	due := now.Add(time.Hour)
	if len(s.running) > 0 || len(s.parked) > 0 {
		due = now.Add(source.SlowAfter)
	}
	if len(s.waiting) > 0 && s.waiting[0].due.Before(due) {
		due = s.waiting[0].due
	}
	for _, a := range s.accounts {
		if !a.asked && a.due.Before(due) {
			due = a.due
		}
	}
	return due
}

// finished reports whether every member has ended, and no other one can be found.
func (s *Source) finished() bool {
	if s.cfg.Until == "" || s.leftOut || slices.ContainsFunc(s.accounts, func(a *account) bool { return !a.complete }) {
		return false
	}
	for _, m := range s.members {
		if m.state != ended {
			return false
		}
	}
	return true
}

// run gives a member its turn after those that have theirs.
func (s *Source) run(m *member) {
	m.state = runnable
	s.queue = append(s.queue, m)
}

// dispatch polls the members whose turn it is.
func (s *Source) dispatch(now time.Time) {
	for m := s.pick(now); m != nil; m = s.pick(now) {
		s.polls.Go(func() {
			for m := m; m != nil; {
				m = s.poll(m)
			}
		})
	}
}

// pick returns the next member to poll, or nil.
func (s *Source) pick(now time.Time) *member {
	if len(s.queue) == 0 || len(s.running)+len(s.offered) >= maxSlowPolls {
		return nil
	}
	quick, troubled := 0, 0
	for _, since := range s.running {
		if now.Sub(since) <= source.SlowAfter {
			quick++
		}
	}
	for m := range s.reading {
		if m.isTroubled(now) {
			troubled++
		}
	}
	for quick < maxPolls && len(s.queue) > 0 {
		m := s.queue[0]
		s.queue = s.queue[1:]
		switch {
		case m.isTroubled(now) && (m.reading > 0 || troubled >= s.share(4)):
			m.state = parked
			s.parked = append(s.parked, m)
			s.hold(m, 0)
		case m.reading > 0 && m.reading >= s.deps.Downloads-s.share(4) && len(s.members) > 1:
			m.state = parked
		case s.mustNotList(m, now):
			m.state = unlisted
			s.unlisted = append(s.unlisted, m)
		default:
			m.state, m.woken = polling, false
			if m.held == 0 && !m.isTroubled(now) {
				s.hold(m, listing.MaxPage) // what it may list
			}
			s.read(m, 1) // what it may find
			s.running[m] = now
			return m
		}
	}
	return nil
}

// share returns one of n shares of the downloads.
func (s *Source) share(n int) int { return max(1, s.deps.Downloads/n) }

// read adds to the objects that a member reads.
func (s *Source) read(m *member, n int) {
	if m.reading += n; m.reading > 0 {
		s.reading[m] = struct{}{}
	} else {
		delete(s.reading, m)
	}
}

// poll polls a member once, and returns the next one.
func (s *Source) poll(m *member) (next *member) {
	before := m.src.Held()
	work, due, err := m.src.Poll(s.open)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, m)
	if work == nil {
		s.read(m, -1)
	}
	now := s.deps.Clock.Now()
	again := work == nil && err == nil && !due.After(now)
	switch {
	case m.isTroubled(now), err != nil, m.state == ended:
		s.hold(m, 0)
	case again && before == 0 && m.src.Held() == 0: // it will list
	default:
		s.hold(m, m.src.Held())
		m.caughtUp = m.caughtUp && m.held < listing.MaxPage
	}
	switch {
	case m.state == ended || s.open.Err() != nil: // meanwhile
		m.state, m.work = ended, work
		if work != nil {
			s.read(m, -1) // until it is offered again
		}
	case errors.Is(err, io.EOF):
		m.state = ended
		s.recover(m)
	case err != nil:
		m.cannot = true
		m.pause = longer(m.pause)
		s.wait(m, now.Add(m.pause))
		s.deps.Failed(m.Bucket, "", err)
	case work != nil:
		m.state, m.work = offered, work
		s.offered = append(s.offered, m)
	case m.woken || again:
		s.run(m)
	default:
		m.caughtUp = true
		s.wait(m, due)
	}
	s.unpark(m)
	s.signal()
	if s.open.Err() != nil {
		return nil
	}
	return s.pick(now)
}

// mustNotList reports whether a member that would list has to wait: members hold enough.
func (s *Source) mustNotList(m *member, now time.Time) bool {
	return s.held >= maxHeld && m.held == 0 && !m.caughtUp && !m.isTroubled(now)
}

// hold notes how many objects of lists a member holds, and gives those their turn that
// wait for room.
func (s *Source) hold(m *member, n int) {
	s.held += n - m.held
	m.held = n
	for len(s.unlisted) > 0 && s.held < maxHeld {
		next := s.unlisted[0]
		s.unlisted = s.unlisted[1:]
		s.held += listing.MaxPage
		next.held = listing.MaxPage
		s.run(next)
	}
}

func (s *Source) mayFetchAhead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held < maxHeld/2
}

// longer returns the pause after a further failure.
func longer(pause time.Duration) time.Duration { return min(max(2*pause, minPause), maxPause) }

func (s *Source) wait(m *member, due time.Time) {
	m.state, m.due = waiting, due
	heap.Push(&s.waiting, m)
}

// unpark gives a member its turn, and the first of those in trouble: something ended.
func (s *Source) unpark(m *member) {
	next := []*member{m}
	if len(s.parked) > 0 {
		next = append(next, s.parked[0])
	}
	for _, m := range next {
		if m.state == parked {
			s.parked = slices.DeleteFunc(s.parked, func(other *member) bool { return other == m })
			s.run(m)
		}
	}
}

func (s *Source) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// woken is called when a member has something to do before it is due.
func (s *Source) woken(m *member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.woken = true
	if m.state == waiting && !m.cannot {
		heap.Remove(&s.waiting, m.index)
		s.run(m)
		s.signal()
	}
}

// healthy is called when a member's list worked.
func (s *Source) healthy(m *member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.pause = 0
	s.recover(m)
}

// recover notes that a member does not fail. Its bucket recovers once none of its prefixes
// does.
func (s *Source) recover(m *member) {
	if !m.cannot {
		return
	}
	m.cannot = false
	for _, other := range s.members {
		if other.Bucket == m.Bucket && other.cannot {
			return
		}
	}
	s.deps.Failed(m.Bucket, "", nil)
}

// beginDownload notes a download. The first one of an object was counted when the object
// was looked for.
func (s *Source) beginDownload(m *member, again bool) (at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if again {
		s.read(m, 1)
	}
	at = s.deps.Clock.Now()
	m.openings.Begin(at)
	return at
}

// noteAnswer notes how a download that was begun at a time was answered; ended means that
// nobody waited for the answer.
func (s *Source) noteAnswer(m *member, begun time.Time, err error, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.openings.Answer(begun, err, ended)
}

func (s *Source) endDownload(m *member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read(m, -1)
	if m.state == parked || len(s.parked) > 0 {
		s.unpark(m)
		s.signal()
	}
}
