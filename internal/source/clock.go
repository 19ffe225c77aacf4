package source

import (
	"context"
	"time"
)

// Clock is the source of time, replaced in tests.
type Clock interface {
	Now() time.Time
	// After sends the time once, d from now.
	After(d time.Duration) <-chan time.Time
}

// SystemClock is the system clock.
type SystemClock struct{}

// Now is time.Now.
func (SystemClock) Now() time.Time { return time.Now() }

// After is time.After.
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Sleep waits for d by the system clock, or until ctx is done, and returns
// ctx's error. A d of 0 or less does not wait.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
