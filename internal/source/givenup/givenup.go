// Package givenup offers objects that were given up by earlier processes once more,
// beside what another source offers.
package givenup

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/later"
)

const (
	// maxOut is how many objects are out at a time: those that can be read come first.
	maxOut = 4
	// retryAfter is how long returned work waits before it is offered again.
	retryAfter = 5 * time.Second
)

// Deps are what a Source works with besides the objects. All but Clock are required.
type Deps struct {
	Source   source.Source
	Progress source.Progress
	Clock    source.Clock // nil means the system clock
	// Content returns the content of work; nil means that it is not tried this time.
	Content func(w *source.Work) source.Content
}

// Source implements source.Source and source.Stateful.
type Source struct {
	source.Source
	deps  Deps
	again *later.RetryList

	answers chan answer // of the other source's Next, while objects are left
	asking  bool        // Next of the other source was called and its answer not taken
	asked   sync.WaitGroup

	mu   sync.Mutex // guards everything below
	left []*source.Work
	out  int // handed out and not settled
}

type answer struct {
	work *source.Work
	err  error
}

// New returns a Source with the objects that were given up. An error means that these
// cannot be decoded.
func New(deps Deps) (*Source, error) {
	if deps.Clock == nil {
		deps.Clock = source.SystemClock{}
	}
	all, _, err := source.GivenUpObjects(deps.Progress.Cursors())
	if err != nil {
		return nil, err
	}
	s := &Source{Source: deps.Source, deps: deps, again: later.New(retryAfter, maxOut), answers: make(chan answer, 1)}
	for id, g := range all {
		w := &source.Work{Object: g.Object, ID: id, Group: g.Group, Offset: g.Offset, Retrial: true}
		w.Receipt = &receipt{s, w}
		if w.Content = deps.Content(w); w.Content != nil {
			s.left = append(s.left, w)
		}
	}
	slices.SortFunc(s.left, func(a, b *source.Work) int { return a.Object.Name.Time.Compare(b.Object.Name.Time) })
	return s, nil
}

// Next implements source.Source. It returns io.EOF when the other source has ended and
// every object was tried.
func (s *Source) Next(ctx context.Context) (*source.Work, error) {
	ended := false
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		work, over := s.take()
		switch {
		case work != nil:
			return work, nil
		case over && ended:
			return nil, io.EOF
		case over && !s.asking:
			return s.Source.Next(ctx)
		}
		if !s.asking && !ended {
			s.ask(ctx)
		}
		var due <-chan time.Time
		if at, ok := s.again.Due(); ok {
			due = s.deps.Clock.After(at.Sub(s.deps.Clock.Now()))
		}
		select {
		case a := <-s.answers:
			s.asking = false
			if ended = errors.Is(a.err, io.EOF); !ended {
				return a.work, a.err
			}
		case <-due:
		case <-s.again.Woken():
		case <-ctx.Done():
		}
	}
}

// ask calls the other source's Next.
func (s *Source) ask(ctx context.Context) {
	s.asking = true
	s.asked.Go(func() {
		work, err := s.Source.Next(ctx)
		s.answers <- answer{work, err}
	})
}

// take returns an object that is to be tried now; over reports whether all were.
func (s *Source) take() (work *source.Work, over bool) {
	if work = s.again.Pop(s.deps.Clock.Now()); work != nil {
		return work, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.left) > 0 && s.out < maxOut {
		work = s.left[0]
		s.left = s.left[1:]
		s.out++
	}
	return work, len(s.left) == 0 && s.out == 0 && work == nil
}

// Change implements source.Stateful: the engine keeps what is stored of the objects.
func (s *Source) Change() source.Change {
	if other, ok := s.Source.(source.Stateful); ok {
		return other.Change()
	}
	return source.Change{}
}

// Backlog implements source.Backlogged with what the other source knows: what was given up
// is looked at beside it.
func (s *Source) Backlog() []source.Backlog {
	if other, ok := s.Source.(source.Backlogged); ok {
		return other.Backlog()
	}
	return nil
}

// Close implements source.Source. The context of Next is done by then.
func (s *Source) Close() error {
	s.asked.Wait()
	return s.Source.Close()
}

// receipt settles an object. The work is what is offered next.
type receipt struct {
	from *Source
	work *source.Work // owned by whoever settles it next
}

// Ack implements source.Receipt.
func (r *receipt) Ack() {
	r.from.mu.Lock()
	r.from.out--
	r.from.mu.Unlock()
	r.from.again.Wake()
}

// Nack implements source.Receipt.
func (r *receipt) Nack(offset int64, charge bool) { r.offerAgain(later.Again(r.work, offset, charge)) }

// Replace implements source.Receipt.
func (r *receipt) Replace(now source.Object) {
	w := later.Again(r.work, 0, false)
	w.Object, w.ID = now, source.Identify(now.Bucket, now.Key, now.ETag)
	r.offerAgain(w)
}

// offerAgain sets work first: once it is pushed, Next may hand it out.
func (r *receipt) offerAgain(w *source.Work) {
	w.Content = r.from.deps.Content(w)
	r.work = w
	r.from.again.Push(w, r.from.deps.Clock.Now())
}
