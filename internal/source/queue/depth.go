package queue

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// depthAge is how often the queue is asked how many messages it has, and depthLimit
	// how long an answer holds.
	depthAge   = time.Minute
	depthLimit = 3 * depthAge
)

// depth is how full the queue is. It is safe for concurrent use.
type depth struct {
	ended  chan struct{} // closed when runDepth has ended
	logged bool          // only for runDepth

	mu    sync.Mutex // guards everything below
	last  s3io.Depth
	at    time.Time       // of last; the zero value means there is none
	empty source.IdleMark // the last receives got all there was
}

// runDepth asks the queue once a minute, and rarely while that is denied.
func (s *Source) runDepth() {
	defer close(s.depth.ended)
	for {
		wait := s.askDepth()
		select {
		case <-s.deps.Clock.After(wait):
		case <-s.open.Done():
			return
		}
	}
}

// askDepth returns how long to wait before the next time.
func (s *Source) askDepth() time.Duration {
	ctx, cancel := context.WithTimeout(s.calls, callTimeout)
	defer cancel()
	d := &s.depth
	got, err := s.deps.Depth(ctx)
	switch {
	case err == nil:
		d.mu.Lock()
		defer d.mu.Unlock()
		d.last, d.at = got, s.deps.Clock.Now()
	case errors.Is(err, source.ErrDenied):
		if !d.logged {
			d.logged = true
			s.deps.Hooks.NoDepth(err)
		}
		return deniedAge
	}
	return depthAge
}

// setEmpty notes whether receives got all there was.
func (d *depth) setEmpty(empty bool, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.empty.Set(empty, now)
}

// Backlog implements source.Backlogged: an object for each message, also one that waits for
// another try, and those that were received and are not handed out. Messages that are being
// read are not in it.
func (s *Source) Backlog() []source.Backlog {
	now := s.deps.Clock.Now()
	s.mu.Lock()
	b := source.Backlog{Objects: int64(len(s.ready) + s.lanes.held + s.waitingNow())}
	s.mu.Unlock()
	d := &s.depth
	d.mu.Lock()
	defer d.mu.Unlock()
	if b.Objects == 0 {
		b.Idle = d.empty.Last(now)
	}
	if !d.at.IsZero() && now.Sub(d.at) <= depthLimit {
		b.Objects += d.last.Visible + d.last.Delayed
		b.Total = true
	}
	return []source.Backlog{b}
}
