// Package later keeps work that was handed back until it may be offered again.
// A Queue is safe for concurrent use.
package later

import (
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Queue holds work in the order in which it was handed back, each piece for the
// same time. It has no bound of its own: whoever fills it stops handing out new
// work while Full, so it holds little more than that limit and what was out by then.
type Queue struct {
	wait  time.Duration
	limit int
	wake  chan struct{}

	mu    sync.Mutex // guards everything below
	items []entry    // items[head:] is the queue
	head  int
	probe time.Time // see Full
}

type entry struct {
	work *source.Work
	due  time.Time
}

// New returns a queue that keeps each piece of work for wait and is full with
// limit of them.
func New(wait time.Duration, limit int) *Queue {
	return &Queue{wait: wait, limit: limit, wake: make(chan struct{}, 1)}
}

// Again returns w as it is to be offered again, see source.Receipt's Nack. w
// itself is not changed, since the goroutine that handed it back may still read it.
func Again(w *source.Work, offset int64, charge bool) *source.Work {
	again := *w
	again.Offset = offset
	if charge {
		again.Attempt++
	}
	return &again
}

// Push keeps work that was handed back at now. From then on another goroutine may
// take and settle it, so what its receipt needs is set before.
func (q *Queue) Push(work *source.Work, now time.Time) {
	q.mu.Lock()
	q.items = append(q.items, entry{work, now.Add(q.wait)})
	q.mu.Unlock()
	q.Wake()
}

// Pop takes the first piece of work if it is due, or returns nil.
func (q *Queue) Pop(now time.Time) *source.Work {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.items) || q.items[q.head].due.After(now) {
		return nil
	}
	work := q.items[q.head].work
	q.items[q.head] = entry{} // the queue keeps nothing alive that it gave away
	q.head++
	if q.head*2 >= len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return work
}

// Due tells when the first piece of work may be taken; ok is false when there is
// none.
func (q *Queue) Due() (at time.Time, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.items) {
		return time.Time{}, false
	}
	return q.items[q.head].due, true
}

// Full reports whether no new work should be handed out before some of this is gone.
// Once in each wait it lets one piece of new work pass all the same: the trouble
// may be with what was handed back alone.
func (q *Queue) Full(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.atLimit() && now.Before(q.probe)
}

// Passed notes that new work was handed out.
func (q *Queue) Passed(now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.atLimit() {
		q.probe = now.Add(q.wait)
	}
}

func (q *Queue) atLimit() bool { return len(q.items)-q.head >= q.limit }

// Wake makes the channel of Woken readable, as Push does.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Woken is readable after something changed that a waiting Next must look at.
// It is for one waiter.
func (q *Queue) Woken() <-chan struct{} { return q.wake }
