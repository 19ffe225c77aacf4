// Package later keeps work that was handed back until it may be offered again.
// A Queue is safe for concurrent use.
package later

import (
	"sync"
	"time"
)

// Queue holds items in the order in which they were handed back, each for the
// same time. It has no bound of its own: whoever fills it stops handing out new
// work while Full, so it holds little more than that limit and what was out by then.
type Queue[T any] struct {
	wait  time.Duration
	limit int
	wake  chan struct{}

	mu    sync.Mutex // guards everything below
	items []entry[T] // items[head:] is the queue
	head  int
	probe time.Time // see Full
}

type entry[T any] struct {
	item T
	due  time.Time
}

// New returns a queue that keeps each item for wait and is full with limit items.
func New[T any](wait time.Duration, limit int) *Queue[T] {
	return &Queue[T]{wait: wait, limit: limit, wake: make(chan struct{}, 1)}
}

// Push adds an item that was handed back now.
func (q *Queue[T]) Push(item T, now time.Time) {
	q.mu.Lock()
	q.items = append(q.items, entry[T]{item, now.Add(q.wait)})
	q.mu.Unlock()
	q.Wake()
}

// Pop takes the first item if it is due.
func (q *Queue[T]) Pop(now time.Time) (item T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.items) || q.items[q.head].due.After(now) {
		return item, false
	}
	item = q.items[q.head].item
	q.items[q.head] = entry[T]{} // the queue keeps nothing alive that it gave away
	q.head++
	if q.head*2 >= len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return item, true
}

// Due tells when the first item may be taken; ok is false when there is none.
func (q *Queue[T]) Due() (at time.Time, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.items) {
		return time.Time{}, false
	}
	return q.items[q.head].due, true
}

// Full tells that no new work should be handed out before some of this is gone.
// Once in each wait it lets one piece of new work pass all the same: the trouble
// may be with what was handed back alone.
func (q *Queue[T]) Full(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.atLimit() && now.Before(q.probe)
}

// Passed tells that new work was handed out.
func (q *Queue[T]) Passed(now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.atLimit() {
		q.probe = now.Add(q.wait)
	}
}

func (q *Queue[T]) atLimit() bool { return len(q.items)-q.head >= q.limit }

// Wake makes the channel of Woken readable, as Push does.
func (q *Queue[T]) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Woken is readable after something changed that a waiting Next must look at.
// It is for one waiter.
func (q *Queue[T]) Woken() <-chan struct{} { return q.wake }
