package checkpoint

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// readAhead is how many values are read in one call: with some clients each call is a
// transaction.
const readAhead = 16

// Open reads the progress that client holds, or initializes it. Sections that are
// stored but not given stay stored. The Store owns the client; Close closes it, an
// Open that fails does not. An error that wraps ErrUnreadable is permanent and its
// text says what to do; retry after any other.
func Open(ctx context.Context, client storage.Client, sections map[string]Section) (*Store, error) {
	return open(ctx, client, sections, defaultLimits)
}

func open(ctx context.Context, client storage.Client, sections map[string]Section, l limits) (*Store, error) {
	s := &Store{client: client, sections: sections, limits: l}
	value, err := client.Get(ctx, manifestKey)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", manifestKey, err)
	case value == nil:
		err = s.begin(ctx)
	default:
		err = s.load(ctx, value)
	}
	if err != nil {
		return nil, err
	}
	s.fresh = s.position == 0
	return s, nil
}

// unreadable returns the error for a value that is not what was written.
func unreadable(key string, why error) error {
	return fmt.Errorf("%w: value %q: %w; to start anew, without what was done so far, delete this receiver's data in the storage extension (both its files, for file_storage) or give the receiver another name",
		ErrUnreadable, key, why)
}

// begin stores a first, empty snapshot.
func (s *Store) begin(ctx context.Context) error {
	first := journalKey(1)
	switch value, err := s.client.Get(ctx, first); {
	case err != nil:
		return fmt.Errorf("read %s: %w", first, err)
	case value != nil:
		return unreadable(manifestKey, errMissing)
	}
	s.state = newState()
	s.state.sections = s.sections
	s.state.instance = uuid.NewString()
	for s.beginSnapshot(); !s.snapshot.stored; {
		if _, err := s.tidyStep(ctx); err != nil {
			return fmt.Errorf("begin to store progress: %w", err)
		}
	}
	s.snapshot = nil
	return nil
}

// load reads the state: snapshot, pages, journal. Then it cleans up after a crash.
func (s *Store) load(ctx context.Context, manifestValue []byte) error {
	b, err := content(manifestKey, manifestValue)
	if err == nil {
		s.manifest, err = decodeManifest(b)
	}
	if err != nil {
		return unreadable(manifestKey, err)
	}
	if err := s.loadState(ctx); err != nil {
		return err
	}
	given := s.state.garbage
	s.state.garbage = nil
	if err := s.loadPages(ctx); err != nil {
		return err
	}
	if err := s.replay(ctx); err != nil {
		return err
	}
	if err := s.dropOrphans(ctx); err != nil {
		return err
	}
	return s.resumeCleaning(ctx, given)
}

func (s *Store) loadState(ctx context.Context) error {
	var all []byte
	err := s.read(ctx, s.manifest.chunks, func(i uint64) string { return stateKey(s.manifest.generation, i) }, func(b []byte) error {
		all = append(all, b...)
		return nil
	})
	if err != nil {
		return err
	}
	if xxh3.Hash(all) != s.manifest.checksum {
		return unreadable(manifestKey, errChecksum)
	}
	s.stateBytes = len(all)
	if s.state, err = decodeState(all); err == nil {
		err = s.state.claim(s.sections)
	}
	if err != nil {
		return unreadable(stateKey(s.manifest.generation, 0), err)
	}
	return nil
}

func (s *Store) loadPages(ctx context.Context) error {
	for _, name := range s.state.groupNames() {
		g := s.state.groups[name]
		err := s.read(ctx, uint64(len(g.pages)), func(i uint64) string { return pageKey(g.pages[i]) }, func(b []byte) error {
			r := newReader(b)
			ids, done := r.ids(), &s.state.done
			if !done.hasRoom(len(ids)) { // not by a sixteenth: that takes twice as long
				*done = done.without(nil, done.n/4+len(ids))
			}
			for _, id := range ids {
				done.insert(id, g.slot, 0)
			}
			return r.End()
		})
		if err != nil {
			return err
		}
	}
	s.state.done = s.state.done.without(nil, 1) // frees unused room
	return nil
}

// replay applies the journal's entries after the snapshot.
func (s *Store) replay(ctx context.Context) error {
	s.position = s.manifest.position
	for n := s.position + 1; ; n += readAhead {
		values, err := s.get(ctx, n, readAhead, journalKey)
		if err != nil {
			return err
		}
		before := s.position
		for i, value := range values {
			at := n + uint64(i)
			if value == nil {
				continue
			}
			if s.position+1 < at { // entries are written one after the other
				return unreadable(journalKey(s.position+1), errMissing)
			}
			if err := s.replayEntry(journalKey(at), value); err != nil {
				return unreadable(journalKey(at), err)
			}
			s.position = at
			s.journalBytes += len(value)
		}
		if s.position == before {
			return nil
		}
	}
}

func (s *Store) replayEntry(key string, value []byte) error {
	b, err := content(key, value)
	if err != nil {
		return err
	}
	c, err := decodeChange(b)
	if err != nil {
		return err
	}
	if err := s.state.accepts(c); err != nil {
		return err
	}
	s.state.apply(c, s.state.tableFor(c))
	for _, d := range c.deltas {
		if owner := s.sections[d.section]; owner != nil {
			if err := owner.Replay(d.payload); err != nil {
				return fmt.Errorf("section %s: %w", d.section, err)
			}
		}
	}
	return nil
}

// dropOrphans deletes the values of a snapshot that was never completed. They are
// written in ascending order and deleted in descending order, so that the first one
// exists as long as any does.
func (s *Store) dropOrphans(ctx context.Context) error {
	nextChunk := func(i uint64) string { return stateKey(s.manifest.generation+1, i) }
	nextPage := func(i uint64) string { return pageKey(s.state.nextPage + i) }
	for _, key := range []func(uint64) string{nextChunk, nextPage} {
		n := uint64(0)
		for {
			value, err := s.client.Get(ctx, key(n))
			if err != nil {
				return fmt.Errorf("read %s: %w", key(n), err)
			}
			if value == nil {
				break
			}
			n++
		}
		for ; n > 0; n-- {
			if err := s.client.Delete(ctx, key(n-1)); err != nil {
				return fmt.Errorf("delete %s: %w", key(n-1), err)
			}
		}
	}
	return nil
}

// resumeCleaning lets Tidy continue the deletions after the last manifest. pages are
// those of groups that were forgotten before it.
func (s *Store) resumeCleaning(ctx context.Context, pages []uint64) error {
	garbage := s.manifest.garbage(pages)
	if len(garbage) == 0 {
		return nil
	}
	last := garbage[len(garbage)-1]
	value, err := s.client.Get(ctx, last)
	if err != nil {
		return fmt.Errorf("read %s: %w", last, err)
	}
	if value != nil {
		s.snapshot = &snapshot{manifest: s.manifest, stored: true, garbage: garbage}
	}
	return nil
}

// read calls use with the content of n values, in order.
func (s *Store) read(ctx context.Context, n uint64, key func(uint64) string, use func([]byte) error) error {
	for from := uint64(0); from < n; from += readAhead {
		values, err := s.get(ctx, from, min(readAhead, n-from), key)
		if err != nil {
			return err
		}
		for i, value := range values {
			key := key(from + uint64(i))
			b, err := content(key, value)
			if err == nil {
				err = use(b)
			}
			if err != nil {
				return unreadable(key, err)
			}
		}
	}
	return nil
}

// get returns n values, nil for those that are not stored.
func (s *Store) get(ctx context.Context, from, n uint64, key func(uint64) string) ([][]byte, error) {
	ops := make([]*storage.Operation, n)
	for i := range ops {
		ops[i] = storage.GetOperation(key(from + uint64(i)))
	}
	if err := s.client.Batch(ctx, ops...); err != nil {
		return nil, fmt.Errorf("read %s and on: %w", key(from), err)
	}
	values := make([][]byte, n)
	for i, op := range ops {
		values[i] = op.Value
	}
	return values, nil
}
