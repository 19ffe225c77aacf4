package checkpoint

import (
	"context"
	"fmt"

	"github.com/zeebo/xxh3"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/killpoint"
)

// snapshot is a snapshot being written: first the chunks, then the manifest, then
// the garbage is deleted.
type snapshot struct {
	manifest manifest
	state    []byte // not yet written
	chunk    uint64 // number of the next chunk
	pages    []uint64
	stored   bool     // the manifest is written
	garbage  []string // still to be deleted
}

// Tidy does a piece of the housekeeping that keeps storage small and Open fast. It
// writes at most about 64 KiB, or twice what the commits since the last call wrote if
// that is more; mostly by one call of the storage, and mostly nothing. Call it after
// each Commit, once the waiters of the commit are notified. An error means that a
// write failed; ctx being done is not an error. Either way nothing is lost, and the
// next call continues.
func (s *Store) Tidy(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.client == nil:
		return nil
	}
	for budget := max(s.tidyDebt, 1); budget > 0; {
		spent, err := s.tidyStep(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("tidy up stored progress: %w", err)
		}
		if spent == 0 {
			break
		}
		budget -= spent
	}
	s.tidyDebt = 0
	return nil
}

// tidyStep makes at most one call of the storage and returns its bytes, an estimate
// for deletions, or 0 when there is nothing to do.
func (s *Store) tidyStep(ctx context.Context) (int, error) {
	enough := s.limits.pageIDs
	if s.snapshot == nil && s.snapshotIsDue() {
		enough = s.limits.fewIDs + 1
	}
	for _, g := range s.state.groups {
		if g.loose >= enough {
			return s.writePage(ctx, g)
		}
	}
	if s.snapshot == nil {
		if !s.snapshotIsDue() {
			return 0, nil
		}
		s.beginSnapshot()
	}
	switch p := s.snapshot; {
	case len(p.state) > 0:
		return s.writeChunk(ctx, p)
	case !p.stored:
		return s.writeManifest(ctx, p)
	default:
		return s.clean(ctx, p)
	}
}

// writePage moves loose objects of a group into a page. Until a manifest names the
// page, a restart still finds them in the journal or in the state.
func (s *Store) writePage(ctx context.Context, g *group) (int, error) {
	places := s.state.done.loosePlaces(g.slot, min(g.loose, s.limits.pageIDs))
	ids := make([]ID, len(places))
	for i, place := range places {
		ids[i] = s.state.done.ids[place].id()
	}
	key := pageKey(s.state.nextPage)
	value := finish(key, appendIDs(newValue(len(ids)*idLen+4), ids))
	if err := s.client.Set(ctx, key, value); err != nil {
		return 0, err
	}
	for _, place := range places {
		s.state.done.slots[place] &^= loose
	}
	g.loose -= len(places)
	g.pages = append(g.pages, s.state.nextPage)
	s.state.nextPage++
	return len(value), nil
}

// snapshotIsDue reports whether a snapshot frees as much as it writes, so that all
// snapshots together write no more than all commits.
func (s *Store) snapshotIsDue() bool {
	if s.position == s.manifest.position {
		return false
	}
	freed := s.journalBytes + len(s.state.garbage)*s.limits.pageIDs*idLen
	return freed >= max(s.limits.journal, s.stateBytes)
}

func (s *Store) beginSnapshot() {
	state := s.state.appendTo(nil)
	s.snapshot = &snapshot{
		manifest: manifest{
			generation: s.manifest.generation + 1, position: s.position,
			checksum:    xxh3.Hash(state),
			oldPosition: s.manifest.position, oldChunks: s.manifest.chunks,
		},
		state: state,
		pages: s.state.garbage,
	}
	s.snapshot.manifest.chunks = uint64((len(state) + s.limits.chunkBytes - 1) / s.limits.chunkBytes)
	s.state.garbage = nil
	s.stateBytes, s.journalBytes = len(state), 0
}

func (s *Store) writeChunk(ctx context.Context, p *snapshot) (int, error) {
	part := p.state[:min(s.limits.chunkBytes, len(p.state))]
	key := stateKey(p.manifest.generation, p.chunk)
	value := finish(key, append(newValue(len(part)), part...))
	if err := s.client.Set(ctx, key, value); err != nil {
		return 0, err
	}
	p.state = p.state[len(part):]
	p.chunk++
	killpoint.Reached(killpoint.ChunkWritten)
	return len(value), nil
}

func (s *Store) writeManifest(ctx context.Context, p *snapshot) (int, error) {
	value := finish(manifestKey, p.manifest.appendTo(newValue(64)))
	if err := s.client.Set(ctx, manifestKey, value); err != nil {
		return 0, err
	}
	p.stored = true
	p.garbage = p.manifest.garbage(p.pages)
	s.manifest = p.manifest
	killpoint.Reached(killpoint.ManifestWritten)
	return len(value), nil
}

// clean deletes a batch of keys. A batch is not atomic or ordered, so the very last
// key, by which Open detects an incomplete deletion, is deleted by itself.
func (s *Store) clean(ctx context.Context, p *snapshot) (int, error) {
	n := min(len(p.garbage)-1, s.limits.batchKeys)
	switch {
	case n > 0:
		ops := make([]*storage.Operation, n)
		for i, key := range p.garbage[:n] {
			ops[i] = storage.DeleteOperation(key)
		}
		if err := s.client.Batch(ctx, ops...); err != nil {
			return 0, err
		}
		p.garbage = p.garbage[n:]
		killpoint.Reached(killpoint.GarbageDeleted)
	default:
		if err := s.client.Delete(ctx, p.garbage[0]); err != nil {
			return 0, err
		}
		s.snapshot = nil
	}
	return s.limits.chunkBytes, nil
}
