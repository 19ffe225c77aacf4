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
	// written. Trying again does not help.
	ErrUnreadable = errors.New("stored progress cannot be read")
	// ErrClosed is returned by Commit and Tidy after Close.
	ErrClosed = errors.New("checkpoint is closed")
)

// Section is a part of the state that somebody else keeps in memory, such as
// the counters of metrics. What is stored of it is a state and the deltas since;
// both are the section's own, opaque bytes.
//
// Open is given a section that is empty, and fills it; when Open fails the
// section is of no use. At run time its owner applies a delta itself, after the
// Commit that had it returned nil, and before the next Commit or Tidy.
type Section interface {
	// Restore takes over a state that AppendState made. Open calls it once, before
	// Replay, unless there is none or it is empty. The bytes may be kept but not
	// written to.
	Restore(state []byte) error
	// Replay applies a delta that was committed after that state. Open calls it, in
	// the order of the commits. The bytes may be kept but not written to.
	Replay(delta []byte) error
	// AppendState appends the whole state, every committed delta in it, to b. Tidy
	// calls it.
	AppendState(b []byte) []byte
}

// limits are constants but for tests.
type limits struct {
	pageIDs    int // done objects in a page at most
	fewIDs     int // so few are no page, but a part of the state
	chunkBytes int // of the state in one value
	journal    int // bytes of the journal that are too few for a snapshot
	batchKeys  int // deletions in one call
}

// A page and a chunk, with what is around them, just fit into 8 and 16 pages of
// the database behind file_storage.
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
	owed         int // bytes of work that Tidy is behind
	snapshot     *snapshot

	mu    sync.RWMutex // guards what the readers below look at
	state state
}

// InMemory returns an empty Store without storage: it forgets all with the
// process. Commit fails only for ErrTooManyGroups and ErrClosed.
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

// Done reports whether an object is done. It takes about 100 ns, more with a
// million objects than with a thousand, but not with more groups.
func (s *Store) Done(id ID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.state.done.contains(id)
}

// Reached returns how much of an object is delivered, in decompressed bytes, and
// the attempts it was charged: zero for one that was not begun, and for one that
// is done.
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

// Cursors returns all cursors by name. The map is the caller's, the values are
// not to be written to.
func (s *Store) Cursors() map[string][]byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Clone(s.state.cursors)
}

// Commit stores a change by one write of one value, whose length depends on the
// change alone. When it returns nil the change is in effect, and found again
// after a crash. When it returns an error nothing has changed in memory: commit
// the same change again, or one that has more in it. Should the process die
// before that, the change may or may not be found again. An empty change is not
// written.
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
		s.owed += 2 * len(value)
	}
	s.position++
	done := s.state.room(c)
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
