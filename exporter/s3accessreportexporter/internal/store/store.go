// Package store keeps a tally in a storage extension: a journal with one value for what
// was counted together, and now and then a snapshot that takes the journal's place.
//
// A storage's batch need not be atomic, so what counts is one write of one value: an entry
// of the journal, or the manifest, which names a snapshot's values and the first entry
// behind it. A Store is not safe for concurrent use.
package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/wire"
)

// ErrDamaged is the error of a value that is not what was stored.
var ErrDamaged = errors.New("stored value is damaged")

const (
	keyManifest = "manifest"
	version     = 1
	// fewest is how many bytes of journal there are before the first snapshot.
	fewest = 1 << 20
	// share bounds all writes: snapshots take at most twice the journal's bytes.
	share = 2
	// atOnce is how many keys are in one batch.
	atOnce = 500
)

// Store is an open store.
type Store struct {
	client   storage.Client
	manifest manifest
	next     uint64 // entry

	pending   int // bytes of the journal since the snapshot
	due       int // of pending
	journal   int // bytes written
	snapshots int // bytes written
}

// manifest says what is valid. The snapshot before the one that is valid, and the journal
// between them, are deleted after it was written.
type manifest struct {
	snapshot uint64 // number; 0: none
	parts    uint64
	first    uint64 // entry behind the snapshot
	oldParts uint64
	oldFirst uint64
}

// Open reads what is stored: the parts of the snapshot, then the journal, in order.
// Unless it returns an error, the client is the store's. The values are valid during the calls.
func Open(ctx context.Context, client storage.Client, restore, replay func([]byte) error) (*Store, error) {
	s := &Store{client: client, due: fewest}
	value, err := s.get(ctx, keyManifest)
	if err != nil {
		return nil, err
	}
	if value != nil {
		if err := s.manifest.decode(value); err != nil {
			return nil, fmt.Errorf("%s: %w", keyManifest, err)
		}
	}
	for i := range s.manifest.parts {
		key := keyPart(s.manifest.snapshot, i)
		value, err := s.get(ctx, key)
		if err == nil && value == nil {
			err = ErrDamaged
		}
		if err == nil {
			s.due += len(value)
			err = restore(value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	for s.next = s.manifest.first; ; s.next++ {
		value, err := s.get(ctx, keyEntry(s.next))
		if err != nil {
			return nil, err
		}
		if value == nil {
			s.journal = s.pending
			return s, s.cleanLeft(ctx)
		}
		s.pending += len(value)
		if err := replay(value); err != nil {
			return nil, fmt.Errorf("%s: %w", keyEntry(s.next), err)
		}
	}
}

// Append stores an entry: it is there after a restart if Append returned nil, and may be
// there if not.
func (s *Store) Append(ctx context.Context, entry []byte) error {
	if err := s.set(ctx, keyEntry(s.next), entry); err != nil {
		return err
	}
	s.next++
	s.pending += len(entry)
	s.journal += len(entry)
	return nil
}

// Due reports whether the journal is long enough for a snapshot.
func (s *Store) Due() bool { return s.pending >= s.due }

// Snapshot stores parts in place of the journal, unless they are too many bytes: then it
// is due again when the journal has grown enough. An error leaves all that was stored.
func (s *Store) Snapshot(ctx context.Context, parts iter.Seq[[]byte]) error {
	size := 0
	for part := range parts {
		size += len(part)
	}
	if short := (s.snapshots+size)/share - s.journal; short > 0 {
		s.due = s.pending + short
		return nil
	}
	m := manifest{snapshot: s.manifest.snapshot + 1, first: s.next, oldParts: s.manifest.parts, oldFirst: s.manifest.first}
	for part := range parts {
		if err := s.set(ctx, keyPart(m.snapshot, m.parts), part); err != nil {
			return err
		}
		m.parts++
	}
	if err := s.set(ctx, keyManifest, m.encode()); err != nil {
		return err
	}
	s.manifest, s.pending, s.due = m, 0, max(fewest, size)
	s.snapshots += size
	return s.clean(ctx, 0, m.oldFirst)
}

// clean deletes what is not valid any more: parts of the snapshot before from one on, and
// entries before the snapshot from one on. It ascends, see left.
func (s *Store) clean(ctx context.Context, part, entry uint64) error {
	return errors.Join(
		s.remove(ctx, s.keyOldPart, part, s.manifest.oldParts),
		s.remove(ctx, keyEntry, entry, s.manifest.first))
}

// cleanLeft is clean for what one that broke off may have left.
func (s *Store) cleanLeft(ctx context.Context) error {
	part, err := s.left(ctx, s.keyOldPart, 0, s.manifest.oldParts)
	if err != nil {
		return err
	}
	entry, err := s.left(ctx, keyEntry, s.manifest.oldFirst, s.manifest.first)
	if err != nil {
		return err
	}
	return s.clean(ctx, part, entry)
}

func (s *Store) remove(ctx context.Context, key func(uint64) string, from, to uint64) error {
	for from < to {
		end := from + min(to-from, atOnce)
		if err := s.client.Batch(ctx, batch(storage.DeleteOperation, key, from, end)...); err != nil {
			return err
		}
		from = end
	}
	return nil
}

// left returns the number from which on values may be left. They are deleted in ascending
// order, so it looks down from the highest until atOnce are missing: a manifest that names
// more than was ever stored costs no more than what is there.
func (s *Store) left(ctx context.Context, key func(uint64) string, from, to uint64) (uint64, error) {
	for to > from {
		begin := to - min(to-from, atOnce)
		values := batch(storage.GetOperation, key, begin, to)
		if err := s.client.Batch(ctx, values...); err != nil {
			return 0, err
		}
		if !slices.ContainsFunc(values, func(o *storage.Operation) bool { return o.Value != nil }) {
			break
		}
		to = begin
	}
	return to, nil
}

func batch(operation func(key string) *storage.Operation, key func(uint64) string, from, to uint64) []*storage.Operation {
	operations := make([]*storage.Operation, 0, to-from)
	for i := from; i < to; i++ {
		operations = append(operations, operation(key(i)))
	}
	return operations
}

// Close closes the client.
func (s *Store) Close(ctx context.Context) error { return s.client.Close(ctx) }

func keyEntry(number uint64) string { return "journal/" + strconv.FormatUint(number, 10) }

func keyPart(snapshot, part uint64) string {
	return "snapshot/" + strconv.FormatUint(snapshot, 10) + "/" + strconv.FormatUint(part, 10)
}

func (s *Store) keyOldPart(part uint64) string { return keyPart(s.manifest.snapshot-1, part) }

// A value has a checksum before it.
const checksum = 8

func (s *Store) set(ctx context.Context, key string, value []byte) error {
	sealed := binary.LittleEndian.AppendUint64(make([]byte, 0, checksum+len(value)), xxhash.Sum64(value))
	return s.client.Set(ctx, key, append(sealed, value...))
}

// get returns nil when there is no value.
func (s *Store) get(ctx context.Context, key string) ([]byte, error) {
	sealed, err := s.client.Get(ctx, key)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", key, err)
	case sealed == nil:
		return nil, nil
	case len(sealed) < checksum || binary.LittleEndian.Uint64(sealed) != xxhash.Sum64(sealed[checksum:]):
		return nil, fmt.Errorf("%s: %w", key, ErrDamaged)
	}
	return sealed[checksum:], nil
}

func (m *manifest) encode() []byte {
	b := wire.Uint(nil, version)
	for _, n := range m.all() {
		b = wire.Uint(b, *n)
	}
	return b
}

func (m *manifest) decode(value []byte) error {
	r := wire.NewReader(value)
	if v := r.Uint(); v != version {
		return fmt.Errorf("it is of version %d and not %d", v, version)
	}
	for _, n := range m.all() {
		*n = r.Uint()
	}
	return r.Close()
}

func (m *manifest) all() [5]*uint64 {
	return [5]*uint64{&m.snapshot, &m.parts, &m.first, &m.oldParts, &m.oldFirst}
}
