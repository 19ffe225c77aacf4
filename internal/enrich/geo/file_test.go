package geo

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is no database is refused by its end, whatever its size, when it is read
// first and when it takes the place of a database.
func TestWhatIsNoDatabaseIsNotRead(t *testing.T) {
	zeroes := filepath.Join(t.TempDir(), "zeroes.mmdb")
	require.NoError(t, os.WriteFile(zeroes, []byte(metadataMarker), 0o600)) // where it says nothing
	require.NoError(t, os.Truncate(zeroes, maxSize))
	var before, after runtime.MemStats
	check := func(r *rig) {
		runtime.ReadMemStats(&after)
		require.Equal(t, []LoadOutcome{Refused}, outcomes(r.attempts))
		require.ErrorIs(t, r.attempts[0].Err, errNoMetadata)
		require.ErrorContains(t, r.attempts[0].Err, zeroes)
		require.ErrorContains(t, r.attempts[0].Err, "name an .mmdb file, unpacked and whole")
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
	}
	runtime.ReadMemStats(&before)
	r := newRig(t, zeroes)
	check(r)

	runtime.ReadMemStats(&before)
	r.look()
	check(r)

	store(t, zeroes, everywhere(t, "DE"))
	require.Equal(t, []LoadOutcome{Loaded}, outcomes(r.look()))
	require.NoError(t, os.Truncate(zeroes, maxSize))
	runtime.ReadMemStats(&before)
	r.look()
	check(r)
	assert.Equal(t, "DE", r.country("192.0.2.1"))
}

// The marker counts within the last 128 KiB, with all of its bytes.
func TestWhereTheMetadataMayBegin(t *testing.T) {
	for size, ok := range map[int]bool{0: true, 1000: true, metadataSize - len(metadataMarker): true, metadataSize - len(metadataMarker) + 1: false} {
		data := append(bytes.Repeat([]byte{0}, 3*metadataSize), metadataMarker...)
		path := stored(t, "test.mmdb", append(data, make([]byte, size)...))
		got, _, err := read(path)
		if !ok {
			require.ErrorIs(t, err, errNoMetadata, size)
			continue
		}
		require.NoError(t, err, size)
		assert.Len(t, got, 3*metadataSize+len(metadataMarker)+size)
	}
}

// A file that ends before the size it had is being written.
func TestAFileThatShrinksIsChanging(t *testing.T) {
	_, err := readFrom(bytes.NewReader([]byte("abc")), 1, 5)
	require.ErrorIs(t, err, errChanging)
	got, err := readFrom(bytes.NewReader([]byte("abc")), 1, 3)
	require.NoError(t, err)
	assert.Equal(t, "bc", string(got))
}
