package source

import (
	"errors"
	"slices"
	"time"
)

// SlowAfter is how long a request waits for its answer until its bucket counts as one in
// trouble.
const SlowAfter = 2 * time.Second

// Openings says how the opening of a bucket's objects goes. It is not safe for concurrent
// use.
type Openings struct {
	begun []time.Time // of those that wait for an answer
	fails bool        // the last answer was that the storage fails
}

// Begin notes an opening.
func (o *Openings) Begin(now time.Time) { o.begun = append(o.begun, now) }

// Answer notes how the opening that was begun at a time ended; ended means that nobody
// waited for an answer any more.
func (o *Openings) Answer(begun time.Time, err error, ended bool) {
	if i := slices.Index(o.begun, begun); i >= 0 {
		o.begun = slices.Delete(o.begun, i, i+1)
	}
	if !ended {
		o.fails = errors.Is(err, ErrUnreachable)
	}
}

// Wait reports whether an opening waits for its answer.
func (o *Openings) Wait() bool { return len(o.begun) > 0 }

// Troubled reports whether the bucket is slow or failing.
func (o *Openings) Troubled(now time.Time) bool {
	return o.fails || o.Wait() && now.Sub(o.begun[0]) > SlowAfter
}
