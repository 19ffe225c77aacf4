package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// fake is a storage in memory that counts what is written and fails when it is told to.
type fake struct {
	values map[string][]byte
	bytes  int
	fails  func(key string) error // before a write; nil: never
}

var errFake = errors.New("the disk is gone")

func newFake() *fake { return &fake{values: map[string][]byte{}} }

func (f *fake) Get(_ context.Context, key string) ([]byte, error) { return f.values[key], nil }

func (f *fake) Set(_ context.Context, key string, value []byte) error {
	if f.fails != nil {
		if err := f.fails(key); err != nil {
			return err
		}
	}
	f.bytes += len(value)
	f.values[key] = slices.Clone(value)
	return nil
}

func (f *fake) Delete(_ context.Context, key string) error {
	delete(f.values, key)
	return nil
}

func (f *fake) Batch(ctx context.Context, operations ...*storage.Operation) error {
	for _, o := range operations {
		if f.fails != nil {
			if err := f.fails(o.Key); err != nil {
				return err
			}
		}
		if o.Type == storage.Get {
			o.Value = f.values[o.Key]
			continue
		}
		if err := f.Delete(ctx, o.Key); err != nil {
			return err
		}
	}
	return nil
}

func (*fake) Close(context.Context) error { return nil }

// state is a tally for tests: all entries, one after the other.
type state struct{ all []byte }

func (s *state) restore(part []byte) error {
	s.all = append(s.all, part...)
	return nil
}

func (s *state) parts(yield func([]byte) bool) {
	for part := range slices.Chunk(s.all, 300_000) {
		if !yield(part) {
			return
		}
	}
}

func open(t *testing.T, f *fake) (*Store, *state) {
	t.Helper()
	of := &state{}
	s, err := Open(t.Context(), f, of.restore, of.restore)
	require.NoError(t, err)
	return s, of
}

func TestWhatWasStoredIsThereAfterARestart(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	f := newFake()
	s, of := open(t, f)
	for i := range 300 {
		entry := bytes.Repeat([]byte{byte(i)}, 1+random.IntN(40_000))
		require.NoError(t, s.Append(t.Context(), entry))
		require.NoError(t, of.restore(entry))
		if s.Due() {
			require.NoError(t, s.Snapshot(t.Context(), of.parts))
		}
		if i%37 == 0 {
			again, restored := open(t, f)
			require.True(t, bytes.Equal(of.all, restored.all), i)
			s = again
		}
	}
	assert.Positive(t, s.manifest.snapshot)
	assert.Less(t, len(f.values), 200, "what is not valid any more is deleted")
}

// The state grows without end here, which no tally does, so that snapshots get ever more
// expensive.
func TestWritesAreAtMostThreeTimesTheEntries(t *testing.T) {
	for _, keep := range []int{1, 3, 6} {
		f := newFake()
		s, of := open(t, f)
		entries := 0
		for range 3000 {
			entry := bytes.Repeat([]byte{7}, 10_000)
			require.NoError(t, s.Append(t.Context(), entry))
			entries += len(entry) + checksum
			for range keep {
				require.NoError(t, of.restore(entry[:2000]))
			}
			if s.Due() {
				require.NoError(t, s.Snapshot(t.Context(), of.parts))
			}
			require.LessOrEqual(t, f.bytes, 3*entries+1000)
		}
		assert.Greater(t, s.manifest.snapshot, uint64(3), "there are snapshots, keep %d", keep)
	}
}

// At each write, and each delete, of a snapshot the storage fails once.
func TestAFailureInASnapshotLosesNothing(t *testing.T) {
	for at := range 12 {
		t.Run(fmt.Sprint("operation ", at), func(t *testing.T) {
			f := newFake()
			s, of := open(t, f)
			add := func(n int) {
				for range n {
					entry := bytes.Repeat([]byte{byte(n)}, 100_000)
					require.NoError(t, s.Append(t.Context(), entry))
					require.NoError(t, of.restore(entry))
				}
			}
			add(11)
			require.NoError(t, s.Snapshot(t.Context(), of.parts))
			add(12)
			n := 0
			f.fails = func(string) error {
				if n++; n > at {
					return errFake
				}
				return nil
			}
			_ = s.Snapshot(t.Context(), of.parts)
			f.fails = nil
			_, restored := open(t, f)
			require.True(t, bytes.Equal(of.all, restored.all), "killed here, and started again")
			add(3)
			_, restored = open(t, f)
			assert.True(t, bytes.Equal(of.all, restored.all), "gone on from here")
		})
	}
}

// A clean of 1,700 entries breaks off, also within a batch, and the next start ends it.
func TestWhatACleanLeftIsDeletedAtTheNextStart(t *testing.T) {
	for _, at := range []int{0, 1, 499, 500, 777, 1234, 1699} {
		f := newFake()
		s, of := open(t, f)
		for range 1700 {
			require.NoError(t, s.Append(t.Context(), bytes.Repeat([]byte{9}, 700)))
		}
		deleted := 0
		f.fails = func(key string) error {
			if strings.HasPrefix(key, "journal/") {
				if deleted++; deleted > at {
					return errFake
				}
			}
			return nil
		}
		require.ErrorIs(t, s.Snapshot(t.Context(), of.parts), errFake)
		require.Len(t, f.values, 1+1700-at, "the manifest and the entries that are left")
		f.fails = nil
		_, _ = open(t, f)
		assert.Len(t, f.values, 1, "%d were deleted before", at)
	}
}

// What a manifest names and was never stored costs no time: deleting it would take years.
func TestAManifestThatNamesMoreThanThereIs(t *testing.T) {
	f := newFake()
	s, _ := open(t, f)
	m := manifest{snapshot: 2, first: 1 << 63, oldParts: 1 << 63, oldFirst: 1}
	require.NoError(t, s.set(t.Context(), keyManifest, m.encode()))
	s, _ = open(t, f)
	require.NoError(t, s.Append(t.Context(), []byte("entry")))
	_, restored := open(t, f)
	assert.Equal(t, "entry", string(restored.all))
}

func TestAFailedEntryIsWrittenOver(t *testing.T) {
	f := newFake()
	s, _ := open(t, f)
	f.fails = func(string) error { return errFake }
	require.ErrorIs(t, s.Append(t.Context(), []byte("first")), errFake)
	f.fails = nil
	require.NoError(t, s.Append(t.Context(), []byte("again")))
	_, restored := open(t, f)
	assert.Equal(t, "again", string(restored.all))
}

func TestDamageIsAnError(t *testing.T) {
	f := newFake()
	s, of := open(t, f)
	entry := bytes.Repeat([]byte("x"), fewest)
	require.NoError(t, s.Append(t.Context(), entry))
	require.NoError(t, of.restore(entry))
	require.NoError(t, s.Snapshot(t.Context(), of.parts))
	require.NoError(t, s.Append(t.Context(), []byte("y")))
	for key, value := range f.values {
		damaged := newFake()
		for k, v := range f.values {
			damaged.values[k] = slices.Clone(v)
		}
		damaged.values[key][len(value)-1] ^= 1
		_, err := Open(t.Context(), damaged, of.restore, of.restore)
		assert.ErrorIs(t, err, ErrDamaged, key)
		if strings.HasPrefix(key, "snapshot/") {
			delete(damaged.values, key)
			_, err = Open(t.Context(), damaged, of.restore, of.restore)
			assert.ErrorIs(t, err, ErrDamaged, "%s is missing", key)
		}
	}
}
