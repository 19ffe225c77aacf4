package e2e

import (
	"bytes"
	varint "encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

// snapshotKeys is what a collector's storage holds, by the kinds of keys and the
// words that package checkpoint describes.
type snapshotKeys struct {
	generation  uint64 // of the state that the manifest names
	position    uint64 // of the manifest
	oldPosition uint64 // of the manifest before it
	newest      uint64 // generation of which there is a chunk
	replaced    uint64 // entries of the journal up to position
	entries     int    // of the journal
}

func (k snapshotKeys) String() string {
	return fmt.Sprintf("chunks of generation %d while the manifest names %d, %d of %d entries that it replaces, %d entries in all",
		k.newest, k.generation, k.replaced, k.position-k.oldPosition, k.entries)
}

// unnamed: a state is there that the manifest does not name.
func (k snapshotKeys) unnamed() bool { return k.newest > k.generation }

// undeleted: all that the manifest replaces is there.
func (k snapshotKeys) undeleted() bool {
	return k.replaced > 0 && k.replaced == k.position-k.oldPosition
}

// halfDeleted: of what the manifest replaces, some is gone and some is there.
func (k snapshotKeys) halfDeleted() bool {
	return k.replaced > 0 && k.replaced < k.position-k.oldPosition
}

// read takes over a key and its value.
func (k *snapshotKeys) read(key, value []byte) error {
	kind, number, _ := bytes.Cut(key, []byte("/"))
	number, _, _ = bytes.Cut(number, []byte("/"))
	switch string(kind) {
	case "manifest": // comes behind the journal
		numbers := bytes.NewReader(value[2:]) // magic and format are before them
		for _, n := range []*uint64{&k.generation, &k.position, new(uint64), new(uint64), &k.oldPosition} {
			var err error
			if *n, err = varint.ReadUvarint(numbers); err != nil {
				return err
			}
		}
	case "state":
		generation, err := strconv.ParseUint(string(number), 16, 64)
		k.newest = max(k.newest, generation)
		return err
	case "journal":
		k.entries++
	}
	return nil
}

// snapshotKeys looks into the storage that a collector left.
func (f *following) snapshotKeys(t testing.TB) (k snapshotKeys) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(f.storage, "*"))
	require.NoError(t, err)
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_marker") })
	require.Len(t, names, 1)
	db, err := bbolt.Open(names[0], 0o600, &bbolt.Options{ReadOnly: true})
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte("default"))
		if err := bucket.ForEach(k.read); err != nil {
			return err
		}
		end := fmt.Appendf(nil, "journal/%016x", k.position+1)
		keys := bucket.Cursor()
		for key, _ := keys.Seek([]byte("journal/")); key != nil && bytes.Compare(key, end) < 0; key, _ = keys.Next() {
			k.replaced++
		}
		return nil
	}))
	return k
}
