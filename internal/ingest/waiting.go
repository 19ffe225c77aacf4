package ingest

import (
	"sync"
	"time"
)

// Waiting is the batch that is being delivered for the longest time, or the metrics that
// hold up the commits.
type Waiting struct {
	Object string // the first one of the batch; "" means metrics
	Offset int64  // of its first record, in decompressed bytes
	Since  time.Time
}

// waiting has what the commits wait for. It is safe for concurrent use.
type waiting struct {
	mu      sync.Mutex // guards everything below
	batches map[*batch]time.Time
	metrics time.Time // since when they hold up the commits; the zero value means that they do not
}

func (w *waiting) add(b *batch, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.batches == nil {
		w.batches = map[*batch]time.Time{}
	}
	w.batches[b] = now
}

func (w *waiting) remove(b *batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.batches, b)
}

// blockedByMetrics notes since when metrics hold up the commits, the zero time once they do not.
func (w *waiting) blockedByMetrics(since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.metrics = since
}

// Waiting returns what the commits wait for; ok is false when there is nothing. It is
// safe for concurrent use.
func (e *Engine) Waiting() (longest Waiting, ok bool) {
	w := &e.waiting
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.metrics.IsZero() {
		return Waiting{Since: w.metrics}, true // batches may wait for them
	}
	for b, since := range w.batches {
		if !ok || since.Before(longest.Since) {
			longest, ok = Waiting{b.marks[0].object.work.Object.URI(), b.begin, since}, true
		}
	}
	return longest, ok
}
