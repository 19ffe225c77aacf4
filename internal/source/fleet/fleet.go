// Package fleet polls many buckets and prefixes as one source: each is a member, a
// listing.Source of its own, with its own progress, status and back-off. There is no
// goroutine for each: up to maxPolls members list at a time, in turn.
//
//	waiting --due--> runnable --its turn--> polling --work--> offered --Next--> runnable
//	   ^                                       |
//	   +-----------------nothing---------------+
//
// # Fairness
//
// A member has one object offered at a time, so members take turns however many objects
// each has. Downloads are shared: one member has at most three quarters of them, and
// those that are in trouble, slow or failing, one quarter together. What members hold of
// their lists is bounded, too: one that has read a page waits for those without one.
//
// # Which buckets there are
//
// Names without * and ? are members from the start. Patterns are looked up in the list of
// buckets of each identity, a role or the collector itself, again and again. A bucket
// that is found later begins at the last list in which it was not. What is found is
// stored before it is read, so that a restart changes nothing. A bucket that a complete
// list lacks is not read any more; its progress stays.
//
// # What is stored
//
// One cursor, besides those of the members. Members' groups have names of their own,
// except those of a bucket that was read by a receiver of one bucket before.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

const (
	// maxPolls is how many members list at a time, besides those that take longer than
	// source.SlowAfter, and maxSlowPolls how many there are with these.
	maxPolls     = 16
	maxSlowPolls = 64
	// silentAfter is how long a list has no answer until that is logged.
	silentAfter = 30 * time.Second
	// maxMembers bounds the buckets times prefixes.
	maxMembers = 10_000

	// maxHeld bounds the objects of lists that members hold, about 300 bytes each.
	// Members that were caught up are not held to it, nor those in trouble, which would
	// hold up others; half of it allows no requests ahead.
	maxHeld = 128 * listing.MaxPage

	minPause = time.Second
	maxPause = 5 * time.Minute
)

// Accounts lists the buckets of accounts; *s3io.Clients has it.
type Accounts interface {
	// Identities returns the names of those that can list: a role's ARN, "" for the
	// collector itself.
	Identities() []string
	// Buckets lists the buckets of the n-th identity.
	Buckets(ctx context.Context, n int) (s3io.Buckets, error)
	// Use makes a bucket be read by the n-th identity.
	Use(n int, b s3io.FoundBucket, account string)
	// Locate notes only where a bucket is that the n-th identity listed.
	Locate(n int, b s3io.FoundBucket, account string)
}

// Deps are what a Source works with besides its settings. Accounts is required for
// patterns, the others always but for Clock.
type Deps struct {
	Accounts Accounts
	Progress source.Progress
	Clock    source.Clock // nil means the system clock
	// Downloads is how many objects are read at a time.
	Downloads int
	// Member returns what the source of a bucket and prefix works with. Progress, Clock,
	// Begin, OneOfMany, Woken and MayFetchAhead are set by this package.
	Member func(bucket, prefix string) listing.Deps
	// The functions below must not call the Source.
	//
	// Failed is called with why a bucket or an identity cannot be listed, nil once it can be.
	// identity is "" for a bucket, and what names it else.
	Failed func(bucket, identity string, err error)
	// Found is called with each bucket that is found, and of each that is not any more.
	Found func(bucket string, is bool)
	// Notice is called with what an operator should know.
	Notice func(warn bool, text string)
}

// Source implements source.Source and source.Stateful.
type Source struct {
	cfg  Config
	deps Deps

	cursors map[string]map[string][]byte // those stored before, by bucket

	open  context.Context // until Close
	close context.CancelFunc
	polls sync.WaitGroup
	wake  chan struct{} // one waiter, Next

	mu         sync.Mutex // guards everything below, and what members say
	stored     stored
	changed    bool // stored is
	members    map[listing.Place]*member
	waiting    dueHeap
	queue      []*member // runnable
	parked     []*member // in trouble: they wait for others that are
	unlisted   []*member // they wait until others hold less
	held       int       // sum of the members'
	offered    []*member
	running    map[*member]time.Time // polled, and since when
	reading    map[*member]struct{}  // those that read objects, or may soon
	accounts   []*account
	asking     int                               // accounts whose buckets are being listed
	forget     map[string]map[listing.Place]bool // plain groups, and which members want them forgotten
	opened     time.Time                         // when accounts was made
	leftOut    bool                              // a bucket that is to be read is not: the end would be none
	logged     bool                              // that there are too many
	loggedNone bool                              // that no bucket fits
}

// New prepares a source. An error means that a setting is wrong, or that a stored cursor
// cannot be read.
func New(cfg Config, deps Deps) (*Source, error) {
	if err := cfg.Validate("bucket"); err != nil {
		return nil, err
	}
	if deps.Clock == nil {
		deps.Clock = source.SystemClock{}
	}
	s := &Source{
		cfg: cfg, deps: deps, wake: make(chan struct{}, 1),
		members: map[listing.Place]*member{}, running: map[*member]time.Time{}, reading: map[*member]struct{}{}, forget: map[string]map[listing.Place]bool{},
	}
	var err error
	cursors := deps.Progress.Cursors()
	if s.stored, err = restore(cursors); err != nil {
		return nil, err
	}
	s.cursors = byBucket(cursors)
	s.changed = true
	s.open, s.close = context.WithCancel(context.Background())
	for _, name := range cfg.AllNames() {
		if s3io.IsPattern(name) {
			continue
		}
		if err := s.add(name, listing.Begin{}); err != nil {
			s.close()
			return nil, err
		}
	}
	if len(cfg.patterns()) > 0 {
		s.openAccounts()
	}
	return s, nil
}

// add begins to read a bucket. mu is held, or nobody else knows s.
func (s *Source) add(bucket string, begin listing.Begin) error {
	for _, prefix := range s.cfg.AllPrefixes() {
		at := listing.Place{Bucket: bucket, Prefix: prefix}
		if s.members[at] != nil {
			continue
		}
		if len(s.members) >= maxMembers {
			s.logTooMany()
			return nil
		}
		m := &member{Place: at, scope: newScope(s.deps.Progress, at, s.cursors[bucket], s.stored.isPlain(at))}
		deps := s.deps.Member(bucket, prefix)
		deps.Progress, deps.Clock, deps.Begin, deps.OneOfMany = m.scope, s.deps.Clock, begin, true
		deps.Woken = func() { s.woken(m) }
		deps.MayFetchAhead = s.mayFetchAhead
		listed := deps.Listed
		deps.Listed = func() {
			s.healthy(m)
			if listed != nil {
				listed()
			}
		}
		var err error
		if m.src, err = listing.New(s.cfg.Of(bucket, prefix), deps); err != nil {
			return err
		}
		s.members[at] = m
		s.run(m)
	}
	return nil
}

func (s *Source) logTooMany() {
	if !s.logged {
		s.logged = true
		s.deps.Notice(true, fmt.Sprintf("there are more than %d buckets and prefixes to read: the others are left out; "+
			"narrow the patterns in bucket.names, and use another receiver for the rest", maxMembers))
	}
}

// Next implements source.Source. It returns io.EOF once every member has ended, and each
// identity has listed its buckets.
func (s *Source) Next(ctx context.Context) (*source.Work, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		work, due, end := s.take()
		switch {
		case work != nil:
			return work, nil
		case end:
			return nil, io.EOF
		}
		select {
		case <-s.wake:
			continue
		default: // a timer for each object would be much
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-s.deps.Clock.After(due.Sub(s.deps.Clock.Now())):
		}
	}
}

// Change implements source.Stateful.
func (s *Source) Change() (all source.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	plain := 0
	for at, m := range s.members {
		own := m.src.Change()
		m.scope.addTo(&all, &own)
		if m.scope.groups == "" {
			plain++
			s.noteForget(at, own.Forget)
		}
	}
	for group, by := range s.forget {
		if len(by) == plain {
			all.Forget = append(all.Forget, group)
			delete(s.forget, group)
		}
	}
	if s.changed {
		s.changed = false
		all.SetCursor(cursorName, source.EncodeCursor(s.stored))
	}
	return all
}

// Backlog implements source.Backlogged.
func (s *Source) Backlog() (all []source.Backlog) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.members {
		if m.state != ended {
			all = append(all, m.src.Backlog()...)
		}
	}
	return all
}

// noteForget notes that a member needs plain groups no more: others may.
func (s *Source) noteForget(at listing.Place, groups []string) {
	for _, group := range groups {
		if s.forget[group] == nil {
			s.forget[group] = map[listing.Place]bool{}
		}
		s.forget[group][at] = true
	}
}

// Close implements source.Source. It cancels lists that are under way.
func (s *Source) Close() error {
	s.close()
	s.polls.Wait()
	var errs []error
	for _, m := range s.members {
		errs = append(errs, m.src.Close())
	}
	return errors.Join(errs...)
}
