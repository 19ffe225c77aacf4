package geo

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// everywhere is a database of one record for all addresses: a country, or an AS.
func everywhere(tb testing.TB, code string) []byte {
	tb.Helper()
	return contents(tb, "everywhere/"+code)
}

func outcomes(attempts []Attempt) []LoadOutcome {
	var all []LoadOutcome
	for _, a := range attempts {
		all = append(all, a.Outcome)
	}
	return all
}

func TestAReplacementIsNoticed(t *testing.T) {
	for name, replace := range map[string]func(t *testing.T, path string){
		"renamed over": func(t *testing.T, path string) {
			store(t, path, everywhere(t, "FR"))
		},
		"written in place": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, everywhere(t, "FR"), 0o600))
		},
		"removed and made anew, with the old time": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.WriteFile(path, everywhere(t, "FR"), 0o600))
			require.NoError(t, os.Chtimes(path, time.Time{}, info.ModTime()))
		},
		"written in place, of the same size and time, built later": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			later := everywhere(t, "FR-later")
			require.Len(t, later, int(info.Size()))
			require.NoError(t, os.WriteFile(path, later, 0o600))
			require.NoError(t, os.Chtimes(path, time.Time{}, info.ModTime()))
		},
		"a link that leads elsewhere": func(t *testing.T, path string) {
			other := stored(t, "other.mmdb", everywhere(t, "FR"))
			require.NoError(t, os.Symlink(other, path+".link"))
			require.NoError(t, os.Rename(path+".link", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := stored(t, "test.mmdb", everywhere(t, "DE"))
			r := newRig(t, path)
			assert.Equal(t, []Attempt{{Path: path, Outcome: Loaded}}, r.attempts)
			before := r.at("192.0.2.1")
			assert.Equal(t, "DE", before.CountryISOCode)
			assert.Empty(t, r.look(), "nothing has changed")

			replace(t, path)
			assert.Equal(t, "DE", r.country("192.0.2.1"), "not looked at yet")
			assert.Equal(t, []Attempt{{Path: path, Outcome: Loaded}}, r.look())
			assert.Equal(t, "FR", r.country("192.0.2.1"))
			assert.Equal(t, "DE", before.CountryISOCode, "what was handed out stays as it was")
			assert.Empty(t, r.look())
		})
	}
}

// endless is a database of a kilobyte with 2^32 networks, all empty: both sides of
// each node lead to the next one. The verification finds nothing wrong with it.
func endless() []byte {
	const nodes = 32
	var data []byte
	for i := range byte(nodes) {
		data = append(data, 0, 0, i+1, 0, 0, i+1)
	}
	data = append(data, make([]byte, 16)...) // no records follow
	data = append(data, "\xab\xcd\xefMaxMind.com\xe9"...)
	text := func(s string) string { return string(rune(0x40+len(s))) + s }
	for key, value := range map[string]string{
		"binary_format_major_version": "\xa1\x02", "binary_format_minor_version": "\xa0", "build_epoch": "\x01\x02\x01",
		"database_type": text("Test"), "description": "\xe1" + text("en") + text("Test"), "ip_version": "\xa1\x04",
		"languages": "\x00\x04", "node_count": "\xc1\x20", "record_size": "\xa1\x18",
	} {
		data = append(data, text(key)+value...)
	}
	return data
}

func TestAnEndlessTreeIsVerified(t *testing.T) {
	reader, err := maxminddb.OpenBytes(endless())
	require.NoError(t, err)
	require.NoError(t, reader.Verify(), "else it says nothing about what follows the verification")
}

// broken are files that must not come into use, with what is said of them.
func broken(tb testing.TB) map[string]struct {
	data []byte
	why  string
} {
	tb.Helper()
	good := everywhere(tb, "FR")
	torn := append([]byte{}, good...)
	torn[0] ^= 0x40 // the first node
	return map[string]struct {
		data []byte
		why  string
	}{
		"empty":         {nil, "invalid MaxMind DB file"},
		"text":          {[]byte("<html>404</html>"), "invalid MaxMind DB file"},
		"half of one":   {good[:len(good)/2], "invalid MaxMind DB file"},
		"a broken tree": {torn, "search tree"},
		"of other things": {
			contents(tb, "anonymous"),
			`it is a "GeoIP2-Anonymous-IP" database`,
		},
		"with endless networks": {endless(), "none of its records"},
		"without networks":      {contents(tb, "without-networks"), "none of its records"},
	}
}

func TestABrokenReplacementIsRefused(t *testing.T) {
	for name, c := range broken(t) {
		t.Run(name, func(t *testing.T) {
			path := stored(t, "test.mmdb", everywhere(t, "DE"))
			r := newRig(t, path)
			was := r.Databases()
			store(t, path, c.data)
			for range 2 { // it is tried, and logged, at each check
				attempts := r.look()
				require.Equal(t, []LoadOutcome{Refused}, outcomes(attempts))
				assert.Equal(t, path, attempts[0].Path)
				assert.ErrorContains(t, attempts[0].Err, path)
				assert.ErrorContains(t, attempts[0].Err, c.why)
				assert.Equal(t, "DE", r.country("192.0.2.1"))
				assert.Equal(t, was, r.Databases())
			}
			store(t, path, everywhere(t, "US"))
			assert.Equal(t, []Attempt{{Path: path, Outcome: Loaded}}, r.look())
			assert.Equal(t, "US", r.country("192.0.2.1"))
			assert.Empty(t, r.look())
		})
	}
}

// The old file put back is as good as a new one: that it recovers is logged.
func TestTheOldFileComesBack(t *testing.T) {
	path := stored(t, "test.mmdb", everywhere(t, "DE"))
	r := newRig(t, path)
	require.NoError(t, os.Rename(path, path+".away"))
	assert.Equal(t, []LoadOutcome{Refused}, outcomes(r.look()))
	assert.Equal(t, "DE", r.country("192.0.2.1"))
	require.NoError(t, os.Rename(path+".away", path))
	assert.Equal(t, []LoadOutcome{Loaded}, outcomes(r.look()))
	assert.Empty(t, r.look())
}

// One database that cannot be loaded leaves the others at work.
func TestAMissingDatabaseIsWaitedFor(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.mmdb")
	other := testFile("everywhere/AS")
	r := newRig(t, missing, other)
	assert.Equal(t, []LoadOutcome{Refused, Loaded}, outcomes(r.attempts))
	require.ErrorIs(t, r.attempts[0].Err, os.ErrNotExist)
	assert.Equal(t, "", r.country("192.0.2.1"))
	assert.Equal(t, uint32(64496), r.at("192.0.2.1").ASNumber)
	assert.Equal(t, other, r.Databases()[0].Path)

	store(t, missing, everywhere(t, "DE"))
	assert.Equal(t, []Attempt{{Path: missing, Outcome: Loaded}}, r.look())
	assert.Equal(t, "DE", r.country("192.0.2.1"))
	assert.Equal(t, uint32(64496), r.at("192.0.2.1").ASNumber)
	assert.Equal(t, missing, r.Databases()[0].Path)
}

// The files are not mapped: one that is truncated in use does no harm.
func TestATruncatedFileStaysInUse(t *testing.T) {
	path := stored(t, "test.mmdb", everywhere(t, "DE"))
	r := newRig(t, path)
	require.NoError(t, os.Truncate(path, 0))
	assert.Equal(t, "DE", r.country("198.51.100.1"))
	assert.Equal(t, []LoadOutcome{Refused}, outcomes(r.look()))
	assert.Equal(t, "DE", r.country("203.0.113.1"))
}
