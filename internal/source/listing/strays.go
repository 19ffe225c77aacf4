package listing

import (
	"fmt"
	"maps"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// strayGroup is the group of keys without a day. It is reset at strayLimit keys:
	// those that still exist are counted once more.
	strayGroup = "other"
	strayLimit = 10_000
	// freshLimit is how many counted keys are kept before those that Progress has are
	// removed.
	freshLimit = 1024
)

// fresh are ids that are to be committed as done, and may not be yet.
type fresh struct {
	ids   map[source.ID]struct{}
	clean int // how many there may be before those are removed that are committed
}

func (f *fresh) has(id source.ID) bool {
	_, known := f.ids[id]
	return known
}

func (f *fresh) add(id source.ID, committed source.Progress) {
	if f.ids == nil {
		f.ids, f.clean = map[source.ID]struct{}{}, freshLimit
	}
	if len(f.ids) >= f.clean {
		maps.DeleteFunc(f.ids, func(id source.ID, _ struct{}) bool { return committed.Done(id) })
		f.clean = max(2*len(f.ids), freshLimit)
	}
	f.ids[id] = struct{}{}
}

// strays holds the keys that were counted as skipped and may not be committed yet. All
// others are done in Progress.
type strays struct {
	fresh   fresh
	dayless int // in strayGroup, by this process
	count   int
	example string
	logged  bool
}

// strayIn counts a key of a prefix that is not a log object's.
func (s *Source) strayIn(p *prefix, key string) {
	if p.owns(key) {
		rest := key[len(p.base):]
		if d, _, ok := p.form.cut(rest); ok {
			rest = d.String()
		}
		s.stray(key, rest)
	}
}

// seeFolders takes the folders next to names: those to search, or strays.
func (s *Source) seeFolders(got *s3io.Page) {
	if s.cfg.Layout != Simple {
		s.find.see(got.Prefixes)
		return
	}
	for _, folder := range got.Prefixes {
		s.stray(folder, "")
	}
}

// stray counts a key that is not a log object's, once. rest is its end that begins
// with a day, if any.
func (s *Source) stray(key, rest string) {
	if !s.sharing.hasNow(key) {
		return
	}
	id := source.Identify(s.cfg.Name, key, "")
	if s.strays.fresh.has(id) || s.deps.Progress.Done(id) {
		return
	}
	s.strays.fresh.add(id, s.deps.Progress)
	s.notes.done(s.groupOfStray(rest), id)
	s.deps.Skipped(key)
	if s.strays.count++; s.strays.example == "" {
		s.strays.example = key
	}
}

// logStrays logs, once, what is left out.
func (s *Source) logStrays() {
	if s.strays.count == 0 || s.strays.logged || s.empty { // Empty has an example of its own
		return
	}
	s.strays.logged = true
	s.deps.Notice(false, fmt.Sprintf("%d keys or folders below s3://%s/%s are not log objects and are left out, such as %q",
		s.strays.count, s.cfg.Name, s.cfg.Prefix, s.strays.example))
}

func (s *Source) groupOfStray(rest string) string {
	if d, _, ok := days.cut(rest); ok && s.isOpen(d) {
		return d.group()
	}
	if s.strays.dayless++; s.strays.dayless > strayLimit {
		s.strays.dayless = 0
		s.notes.forget(strayGroup)
	}
	return strayGroup
}
