package shutdownwhendoneextension

import (
	"maps"
	"slices"
	"sync"
)

// sources are those that receivers registered, by receiver. It is safe for concurrent
// use.
type sources struct {
	changed chan struct{} // has room for one: something below has changed

	mu   sync.Mutex // guards everything below
	byID map[string]*registered
}

// registered is a source of a receiver.
type registered struct {
	ends   bool
	waits  func() string
	done   bool
	counts map[string]int64
}

func newSources() *sources {
	return &sources{changed: make(chan struct{}, 1), byID: make(map[string]*registered)}
}

// register adds a source in place of an earlier one of the same receiver, whose done has
// no effect from then on.
func (s *sources) register(receiver string, r *registered) (done func(map[string]int64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[receiver] = r
	s.change()
	return func(counts map[string]int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		r.done, r.counts = true, maps.Clone(counts)
		s.change()
	}
}

func (s *sources) change() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// endless returns the receivers whose sources never end, sorted.
func (s *sources) endless() []string {
	return s.receivers(func(r *registered) bool { return !r.ends })
}

// open returns the receivers whose sources end and are not done, sorted.
func (s *sources) open() []string {
	return s.receivers(func(r *registered) bool { return r.ends && !r.done })
}

func (s *sources) receivers(which func(*registered) bool) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.byID)) {
		if which(s.byID[id]) {
			ids = append(ids, id)
		}
	}
	return ids
}

// done reports whether there are sources and all of them are done.
func (s *sources) done() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.byID {
		if !r.done {
			return false
		}
	}
	return len(s.byID) > 0
}

// waits returns what the source of a receiver waits for, "" when it reads.
func (s *sources) waits(receiver string) string {
	s.mu.Lock()
	r := s.byID[receiver]
	s.mu.Unlock()
	if r.waits == nil {
		return ""
	}
	return r.waits()
}

// counts returns the sums of what the sources counted.
func (s *sources) counts() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	sums := map[string]int64{}
	for _, r := range s.byID {
		for name, n := range r.counts {
			sums[name] += n
		}
	}
	return sums
}
