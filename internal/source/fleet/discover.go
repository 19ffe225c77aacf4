package fleet

import (
	"container/heap"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

// maxAsking is how many accounts are asked for their buckets at a time.
const maxAsking = 8

// account is an identity whose buckets are listed again and again.
type account struct {
	number   int
	name     string // of the identity
	due      time.Time
	asked    bool // a list is under way
	pause    time.Duration
	complete bool            // there was a list
	buckets  map[string]bool // that are read because of it
}

// openAccounts prepares to look patterns up.
func (s *Source) openAccounts() {
	now := s.deps.Clock.Now()
	known := map[string]bool{}
	for i, name := range s.deps.Accounts.Identities() {
		s.accounts = append(s.accounts, &account{number: i, name: name, due: now, buckets: map[string]bool{}})
		for _, pattern := range s.cfg.patterns() {
			known[listKey(pattern, name)] = true
		}
	}
	s.opened = now
	// A pattern or a role that comes again is as new.
	maps.DeleteFunc(s.stored.Listed, func(key string, _ time.Time) bool { return !known[key] })
	maps.DeleteFunc(s.stored.Seen, func(pattern string, _ time.Time) bool { return !slices.Contains(s.cfg.patterns(), pattern) })
}

func listKey(pattern, identity string) string { return pattern + " " + identity }

// askAccounts begins the lists that are due.
func (s *Source) askAccounts(now time.Time) {
	for _, a := range s.accounts {
		if a.asked || a.due.After(now) || s.asking >= maxAsking {
			continue
		}
		a.asked = true
		s.asking++
		s.polls.Go(func() { s.ask(a) })
	}
}

// ask lists the buckets of an account.
func (s *Source) ask(a *account) {
	got, err := s.deps.Accounts.Buckets(s.open, a.number)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.signal()
	a.asked = false
	s.asking--
	now := s.deps.Clock.Now()
	if s.open.Err() != nil {
		return
	}
	if err != nil {
		a.pause = longer(a.pause)
		a.due = now.Add(a.pause)
		s.deps.Failed("", a.name, err)
		return
	}
	s.deps.Failed("", a.name, nil)
	a.pause = 0
	a.due = now.Add(max(s.cfg.DiscoverInterval, s.cfg.PollInterval))
	if got.Date.IsZero() {
		got.Date = now
	}
	s.takeBuckets(a, got, now)
}

// takeBuckets takes a complete list of an account's buckets.
func (s *Source) takeBuckets(a *account, got s3io.Buckets, now time.Time) {
	patterns := s.cfg.patterns()
	for _, pattern := range patterns {
		if _, seen := s.stored.Seen[pattern]; !seen {
			s.stored.Seen[pattern] = got.Date.Add(-now.Sub(s.opened)).UTC()
		}
	}
	there := map[string]bool{}
	for _, b := range got.List {
		i := slices.IndexFunc(patterns, func(pattern string) bool { return s3io.Fits([]string{pattern}, b.Name) })
		if slices.Contains(s.cfg.AllNames(), b.Name) {
			s.deps.Accounts.Locate(a.number, b, got.Account)
			continue
		}
		if i < 0 || !s.assign(a, b.Name) {
			continue
		}
		there[b.Name] = true
		s.deps.Accounts.Use(a.number, b, got.Account)
		if !a.buckets[b.Name] {
			s.begin(a, b.Name, patterns[i])
		}
	}
	for bucket := range a.buckets {
		if !there[bucket] {
			s.drop(a, bucket)
		}
	}
	for _, pattern := range patterns {
		s.stored.Listed[listKey(pattern, a.name)] = got.Date.UTC()
	}
	s.forgetBegun()
	s.changed, a.complete = true, true
	s.logNone()
}

// assign gives a bucket to an account, unless one before it has it: of two that list a
// bucket the first wins.
func (s *Source) assign(a *account, bucket string) bool {
	for _, other := range s.accounts {
		switch {
		case !other.buckets[bucket] || other == a:
		case other.number < a.number:
			return false
		default:
			delete(other.buckets, bucket)
			a.buckets[bucket] = true
		}
	}
	return true
}

// begin begins to read a bucket that was found.
func (s *Source) begin(a *account, bucket, pattern string) {
	a.buckets[bucket] = true
	if s.revive(bucket) {
		s.deps.Found(bucket, true)
		return
	}
	begin := listing.Begin{Seen: s.stored.Seen[pattern]}
	missing, isNew := s.stored.New[bucket]
	switch {
	case isNew:
		begin.Missing = missing
	case len(s.cursors[bucket]) > 0:
		begin = listing.Begin{} // a prefix that is new is as one that the configuration names
	default:
		begin.Missing = s.stored.Listed[listKey(pattern, a.name)]
		s.stored.New[bucket] = begin.Missing
	}
	if err := s.add(bucket, begin); err != nil {
		s.leftOut = true
		s.deps.Failed(bucket, "", err)
		return
	}
	s.deps.Found(bucket, true)
}

// forgetBegun forgets that buckets are new of which every prefix is stored.
func (s *Source) forgetBegun() {
	if len(s.stored.New) == 0 {
		return
	}
	cursors := s.deps.Progress.Cursors()
	maps.DeleteFunc(s.stored.New, func(bucket string, _ time.Time) bool {
		for _, prefix := range s.cfg.AllPrefixes() {
			if !(listing.Place{Bucket: bucket, Prefix: prefix}).Begun(cursors) {
				return false
			}
		}
		return true
	})
}

// drop stops reading a bucket that is gone. Objects of it may be under way, so its members
// stay, in case it comes back.
func (s *Source) drop(a *account, bucket string) {
	delete(a.buckets, bucket)
	for at, m := range s.members {
		if at.Bucket != bucket {
			continue
		}
		switch m.state {
		case waiting:
			heap.Remove(&s.waiting, m.index)
		case runnable, parked, unlisted, offered:
			for _, list := range []*[]*member{&s.queue, &s.parked, &s.unlisted, &s.offered} {
				*list = slices.DeleteFunc(*list, func(other *member) bool { return other == m })
			}
		case polling, ended:
		}
		if m.state == offered {
			s.read(m, -1) // until it is offered again
		}
		m.state = ended
		s.hold(m, 0)
	}
	s.deps.Failed(bucket, "", nil)
	s.deps.Found(bucket, false)
}

// revive goes on with a bucket that was gone, and reports whether it was.
func (s *Source) revive(bucket string) (was bool) {
	for at, m := range s.members {
		if at.Bucket != bucket {
			continue
		}
		was = true
		switch {
		case m.state != ended:
		case m.work != nil:
			m.state = offered
			s.read(m, 1)
			s.offered = append(s.offered, m)
		case s.running[m].IsZero():
			s.run(m)
		default:
			m.state = polling
		}
	}
	return was
}

// logNone logs, once every account was asked, that no bucket fits.
func (s *Source) logNone() {
	incomplete := func(a *account) bool { return !a.complete }
	if s.loggedNone || len(s.members) > 0 || slices.ContainsFunc(s.accounts, incomplete) {
		return
	}
	s.loggedNone = true
	s.deps.Notice(true, fmt.Sprintf("no bucket fits bucket.names (%s): %d accounts were asked; one that is made later is found",
		strings.Join(s.cfg.AllNames(), ", "), len(s.accounts)))
}
