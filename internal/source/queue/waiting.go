package queue

import (
	"container/heap"
	"time"
)

const (
	// SQS keeps this many messages of a queue in flight, those that wait for another try
	// included, and then gives out no others.
	quota     = 120_000
	quotaFIFO = 20_000
	// shortBackoff is the back-off when half of the quota waits.
	shortBackoff = 3 * time.Second
	// manyWaiting is how many messages wait when Hooks.Waiting is called, once an interval.
	manyWaiting     = 5000
	waitingInterval = time.Minute
)

// waitingList holds when the messages that were returned with a delay are visible again.
// It is what this collector knows: others may have received them early.
type waitingList []time.Time

func (w waitingList) Len() int           { return len(w) }
func (w waitingList) Less(i, j int) bool { return w[i].Before(w[j]) }
func (w waitingList) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }

// Push implements heap.Interface.
func (w *waitingList) Push(at any) { *w = append(*w, at.(time.Time)) }

// Pop implements heap.Interface.
func (w *waitingList) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}

// add adds when a message is visible again.
func (w *waitingList) add(at time.Time) { heap.Push(w, at) }

// prune forgets those that are visible again.
func (w *waitingList) prune(now time.Time) {
	for len(*w) > 0 && !(*w)[0].After(now) {
		heap.Pop(w)
	}
}

// Waiting returns how many messages were returned for another try and are not visible
// yet. It is safe for concurrent use.
func (s *Source) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waitingNow()
}

// waitingNow includes messages whose return is not sent yet. s.mu is held.
func (s *Source) waitingNow() int {
	s.delayed.prune(s.deps.Clock.Now())
	return len(s.delayed) + len(s.returns)
}

// backoff is how long a message that was received n times stays invisible. It shrinks
// while more than a quarter of SQS's quota waits, so that at most about half of it does:
// readable messages have to fit in, and there may be another collector. s.mu is held.
func (s *Source) backoff(n int) time.Duration {
	limit := s.cfg.Quota() / 2
	d := backoff(n)
	if left := limit - s.waitingNow(); left < limit/2 {
		d = time.Duration(float64(d) * float64(left) / float64(limit/2))
	}
	return max(d, shortBackoff).Truncate(time.Second)
}

// backoff is how long a message that was received n times stays invisible while there is
// room for it.
func backoff(n int) time.Duration {
	d := minBackoff
	for ; n > 1 && d < maxBackoff; n-- {
		d *= 4
	}
	return min(d, maxBackoff)
}

// reportWaiting calls Hooks.Waiting if it is due. Only the renewer calls it.
func (s *Source) reportWaiting() {
	now := s.deps.Clock.Now()
	if now.Sub(s.waitingLogged) < waitingInterval {
		return
	}
	if n := s.Waiting(); n >= manyWaiting {
		s.waitingLogged = now
		s.deps.Hooks.Waiting(n)
	}
}
