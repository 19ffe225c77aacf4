package listing

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/later"
)

// item is an object that was handed out and not acknowledged: its content, its
// receipt, its place in the flight.
type item struct {
	ticket
	from *Source
	work *source.Work // owned by whoever settles it next
}

// newItem prepares an object that this process hands out for the first time.
func (s *Source) newItem(o source.Object, id source.ID, group string) *item {
	it := &item{from: s, ticket: ticket{id: id}}
	it.work = &source.Work{Object: o, Content: it, Receipt: it, ID: id, Group: group}
	it.work.Offset, it.work.Attempt = s.deps.Progress.Reached(id)
	s.flight.add(&it.ticket)
	return it
}

// OpenAt implements source.Content.
func (it *item) OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error) {
	body, err := it.from.deps.Bucket.Open(ctx, it.work.Object, offset)
	if errors.Is(err, source.ErrArchived) { // in an archive tier of INTELLIGENT_TIERING: lists do not say so
		it.from.archived.add(it.work.Object.Name.Time)
	}
	return body, err
}

// Place implements source.Placed.
func (it *item) Place() (accountID, region string) {
	return it.from.deps.Place()
}

// Ack implements source.Receipt. Progress knows the object from now on.
func (it *item) Ack() {
	it.from.flight.remove(&it.ticket)
	if it.from.flight.empty() {
		it.from.later.Wake() // spans may be closed, or all be done
	}
}

// Nack implements source.Receipt.
func (it *item) Nack(offset int64, charge bool) {
	it.offerAgain(later.Again(it.work, offset, charge))
}

// Replace implements source.Receipt. The goroutine of Next decides which of the two is
// read, see renew: a list may show the other version meanwhile.
func (it *item) Replace(now source.Object) {
	w := *it.work
	w.Object = now
	it.offerAgain(later.Again(&w, 0, false))
}

// offerAgain sets work first: once it is pushed, Next may hand it out.
func (it *item) offerAgain(work *source.Work) {
	it.work = work
	it.from.later.Push(work, it.from.deps.Clock.Now())
}

// renew turns an item that was overwritten into one of the current version, at the
// same place of the flight: later objects wait for that one. It returns false when
// that version is done, or was handed out separately.
func (s *Source) renew(w *source.Work) bool {
	id := source.Identify(w.Object.Bucket, w.Object.Key, w.Object.ETag)
	if id == w.ID {
		return true
	}
	it := w.Receipt.(*item)
	// In this order: an object acknowledged in between is done.
	if s.flight.has(id) || s.deps.Progress.Done(id) {
		s.flight.remove(&it.ticket)
		return false
	}
	s.flight.rename(&it.ticket, id)
	w.ID = id
	w.Offset, w.Attempt = s.deps.Progress.Reached(id)
	return true
}

// flight holds the objects that were handed out and not acknowledged, in the order in
// which they were first handed out. It is safe for concurrent use.
type flight struct {
	mu   sync.Mutex // guards everything below, and all tickets
	last uint64     // number of the last one that was added
	byID map[source.ID]*ticket
	head ticket // of a ring
}

// ticket is an object's place in a flight.
type ticket struct {
	id         source.ID
	number     uint64
	prev, next *ticket
}

func newFlight() *flight {
	f := &flight{byID: map[source.ID]*ticket{}}
	f.head.prev, f.head.next = &f.head, &f.head
	return f
}

// add puts t, whose id is set, last.
func (f *flight) add(t *ticket) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	t.number = f.last
	t.prev, t.next = f.head.prev, &f.head
	t.prev.next, t.next.prev = t, t
	f.byID[t.id] = t
}

func (f *flight) remove(t *ticket) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t.prev.next, t.next.prev = t.next, t.prev
	t.prev, t.next = nil, nil
	delete(f.byID, t.id)
}

// rename makes t the ticket of another object.
func (f *flight) rename(t *ticket, id source.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.byID, t.id)
	t.id = id
	f.byID[id] = t
}

func (f *flight) has(id source.ID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.byID[id] != nil
}

func (f *flight) empty() bool { return f.oldest() == math.MaxUint64 }

// added returns the number of the last object that was handed out.
func (f *flight) added() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// oldest returns the number of the first object that is not acknowledged, or
// math.MaxUint64.
func (f *flight) oldest() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.head.next == &f.head {
		return math.MaxUint64
	}
	return f.head.next.number
}
