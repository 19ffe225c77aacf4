// Package later keeps work that was returned until it may be offered again.
// A RetryList is safe for concurrent use.
package later

import (
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// RetryList holds work in the order in which it was returned, each piece for the same
// time. It is not bounded itself: its user hands out no new work while it is Full, so
// it holds at most the limit and the work that was handed out by then.
type RetryList struct {
	wait  time.Duration
	limit int
	wake  chan struct{}
	woken func() // see OnWake

	mu    sync.Mutex // guards everything below
	items []entry    // items[head:] is what is kept
	head  int
	probe time.Time // see Full
}

type entry struct {
	work *source.Work
	due  time.Time
}

// New returns a list that keeps each piece of work for wait and is full with
// limit of them.
func New(wait time.Duration, limit int) *RetryList {
	return &RetryList{wait: wait, limit: limit, wake: make(chan struct{}, 1)}
}

// Again returns a copy of w to be offered again, see source.Receipt's Nack. w itself
// is not changed, since the goroutine that returned it may still read it.
func Again(w *source.Work, offset int64, charge bool) *source.Work {
	again := *w
	again.Offset = offset
	if charge {
		again.Attempt++
	}
	return &again
}

// Push keeps work that was returned at now. From then on another goroutine may take
// and settle it, so its receipt must be complete before.
func (r *RetryList) Push(work *source.Work, now time.Time) {
	r.mu.Lock()
	r.items = append(r.items, entry{work, now.Add(r.wait)})
	r.mu.Unlock()
	r.Wake()
}

// Pop takes the first piece of work if it is due, or returns nil.
func (r *RetryList) Pop(now time.Time) *source.Work {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.head == len(r.items) || r.items[r.head].due.After(now) {
		return nil
	}
	work := r.items[r.head].work
	r.items[r.head] = entry{} // for the garbage collector
	r.head++
	if r.head*2 >= len(r.items) {
		n := copy(r.items, r.items[r.head:])
		clear(r.items[n:])
		r.items, r.head = r.items[:n], 0
	}
	return work
}

// Due returns when the first piece of work may be taken; ok is false when there is
// none.
func (r *RetryList) Due() (at time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.head == len(r.items) {
		return time.Time{}, false
	}
	return r.items[r.head].due, true
}

// Full reports whether no new work should be handed out until some of this is gone.
// Once per wait it lets one piece of new work pass: only the returned work may fail.
func (r *RetryList) Full(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.atLimit() && now.Before(r.probe)
}

// Passed notes that new work was handed out.
func (r *RetryList) Passed(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.atLimit() {
		r.probe = now.Add(r.wait)
	}
}

func (r *RetryList) atLimit() bool { return len(r.items)-r.head >= r.limit }

// OnWake sets a function that is called when Woken becomes readable. It must not block.
// It is set before the list is used.
func (r *RetryList) OnWake(woken func()) { r.woken = woken }

// Wake makes the channel of Woken readable, as Push does.
func (r *RetryList) Wake() {
	if r.woken != nil {
		r.woken()
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Woken is readable after a change that a waiting Next must handle. It is for one
// waiter.
func (r *RetryList) Woken() <-chan struct{} { return r.wake }
