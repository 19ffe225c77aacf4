package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

var (
	// ErrUnreadable is wrapped by Open when a stored value is not what was
	// written. It is permanent.
	ErrUnreadable = errors.New("stored progress cannot be read")
	// ErrClosed is returned by Commit and Tidy after Close.
	ErrClosed = errors.New("checkpoint is closed")
)

// Section is a part of the state that its owner keeps in memory, such as the counters
// of metrics. Stored are a state and the deltas since, both opaque bytes.
//
// Open fills an empty section; after a failed Open the section must not be used. At
// run time the owner applies a delta itself, after the Commit with it returned nil,
// and before the next Commit or Tidy.
type Section interface {
	// Restore reads a state that AppendState made. Open calls it once, before Replay,
	// unless there is none or it is empty. The bytes may be kept but not written to.
	Restore(state []byte) error
	// Replay applies a delta that was committed after that state. Open calls it, in
	// the order of the commits. The bytes may be kept but not written to.
	Replay(delta []byte) error
	// AppendState appends the whole state, including all committed deltas, to b. Tidy
	// calls it.
	AppendState(b []byte) []byte
}

// limits are constants, except in tests.
type limits struct {
	pageIDs    int // done objects in a page at most
	fewIDs     int // up to so many loose IDs stay in the state instead of a page
	chunkBytes int // of the state in one value
	journal    int // bytes of the journal below which no snapshot is made
	batchKeys  int // deletions in one call
}

// A page and a chunk, with their headers, just fit into 8 and 16 pages of the
// database behind file_storage.
var defaultLimits = limits{pageIDs: 2040, fewIDs: 15, chunkBytes: 64<<10 - 128, journal: 128 << 10, batchKeys: 64}

// Store is the progress of one receiver. All methods may be called at any time:
// Commit, Tidy and Close wait for each other, the others never wait for storage.
type Store struct {
	client   storage.Client // nil without storage
	sections map[string]Section
	limits   limits
	fresh    bool

	writing      sync.Mutex // guards the following, and is held to write state
	closed       bool
	position     uint64 // number of the last committed entry
	manifest     manifest
	stateBytes   int // of the last snapshot, without pages
	journalBytes int // since the last snapshot
	tidyDebt     int // bytes that Tidy may spend
	snapshot     *snapshot

	mu    sync.RWMutex // guards state for the readers below
	state state
}

// InMemory returns an empty Store without storage. Commit returns only
// ErrTooManyGroups and ErrClosed.
func InMemory() *Store {
	s := &Store{limits: defaultLimits, fresh: true, state: newState()}
	s.state.volatile = true
	return s
}

// Fresh reports whether nothing had been committed when the store was opened.
func (s *Store) Fresh() bool { return s.fresh }

// InstanceID is a random UUID that was made when the storage was first used. It
// is "" without storage.
func (s *Store) InstanceID() string { return s.state.instance }

// Count returns how many objects are done, and how many are unfinished.
func (s *Store) Count() (done, unfinished int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.state.done.n, len(s.state.unfinished)
}

// Done reports whether an object is done. It takes about 100 ns, whatever the number
// of groups.
func (s *Store) Done(id ID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.state.done.contains(id)
}

// Reached returns how much of an object is delivered, in decompressed bytes, and its
// number of attempts: zero for an object that was not begun, and for one that is done.
func (s *Store) Reached(id ID) (offset int64, attempts int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	o := s.state.unfinished[id]
	return o.offset, o.attempts
}

// Groups returns the names of the groups that hold objects, done or not, sorted.
func (s *Store) Groups() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.state.groupNames()
}

// Cursors returns all cursors by name. The caller owns the map, but must not write to
// the values.
func (s *Store) Cursors() map[string][]byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Clone(s.state.cursors)
}

// Commit stores a change by one write of one value, whose length depends only on the
// change. When it returns nil the change is applied, and survives a crash. When it
// returns an error nothing has changed in memory: commit the same change again, or
// the same with additions. If the process dies before that, the change may or may not
// be stored. An empty change is not written.
func (s *Store) Commit(ctx context.Context, c *Change) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closed {
		return ErrClosed
	}
	if c.Empty() {
		return nil
	}
	if err := s.state.accepts(c); err != nil {
		return err
	}
	if s.client != nil {
		key := journalKey(s.position + 1)
		value := finish(key, c.appendTo(newValue(c.size())))
		if err := s.client.Set(ctx, key, value); err != nil {
			return fmt.Errorf("write %s: %w", key, err)
		}
		s.journalBytes += len(value)
		s.tidyDebt += 2 * len(value)
	}
	s.position++
	done := s.state.tableFor(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.apply(c, done)
	return nil
}

// Close closes the client. Further calls do nothing.
func (s *Store) Close(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closed || s.client == nil {
		s.closed = true
		return nil
	}
	s.closed = true
	return s.client.Close(ctx)
}
