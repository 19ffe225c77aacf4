package listing

import (
	"maps"

	"github.com/zeebo/xxh3"

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

// strays holds the keys that were counted as skipped and may not be committed yet. All
// others are done in Progress.
type strays struct {
	fresh   map[source.ID]struct{}
	dayless int // in strayGroup, by this process
}

// strayIn counts a key of a prefix that is not a log object's, except the prefix
// itself: consoles create such objects for folders.
func (s *Source) strayIn(p *prefix, key string) {
	if key != p.base {
		s.stray(key, key[len(p.base):])
	}
}

// strayFolders counts the folders next to the names of the simple layout, unless they
// may be those of accounts.
func (s *Source) strayFolders(got *s3io.Page) {
	if s.cfg.Layout == Simple {
		for _, folder := range got.Prefixes {
			s.stray(folder, "")
		}
	}
}

// stray counts a key that is not a log object's, once. rest is its end that begins
// with a day, if any.
func (s *Source) stray(key, rest string) {
	if !s.inShard(key) {
		return
	}
	id := source.Identify(s.cfg.Name, key, "")
	if _, fresh := s.strays.fresh[id]; fresh || s.deps.Progress.Done(id) {
		return
	}
	if len(s.strays.fresh) >= freshLimit {
		maps.DeleteFunc(s.strays.fresh, func(id source.ID, _ struct{}) bool { return s.deps.Progress.Done(id) })
	}
	if s.strays.fresh == nil {
		s.strays.fresh = map[source.ID]struct{}{}
	}
	s.strays.fresh[id] = struct{}{}
	s.notes.done(s.groupOfStray(rest), id)
	s.deps.Skipped(key)
}

func (s *Source) groupOfStray(rest string) string {
	if d, _, ok := cutDay(rest); ok && s.isOpen(d) {
		return d.group()
	}
	if s.strays.dayless++; s.strays.dayless > strayLimit {
		s.strays.dayless = 0
		s.notes.forget(strayGroup)
	}
	return strayGroup
}

// inShard reports whether a key is of this shard.
func (s *Source) inShard(key string) bool {
	count := uint64(s.cfg.Shard.Count)
	return count <= 1 || xxh3.HashString(key)%count == uint64(s.cfg.Shard.Index)
}
