package geo

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

func TestMain(t *testing.M) { goleak.VerifyTestMain(t) }

const sample = "../../../testdata/geo/sample.mmdb"

// testFile returns the path of a database that internal/gen/geotests has written, by its
// name there.
func testFile(name string) string { return filepath.Join("testdata", name+".mmdb") }

func testFiles(names []string) []string {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = testFile(name)
	}
	return paths
}

// contents returns the bytes of such a database.
func contents(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(testFile(name))
	require.NoError(tb, err)
	return data
}

// store puts bytes at a path as a careful program does: beside it, then in its
// place.
func store(tb testing.TB, path string, data []byte) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(path+".new", data, 0o600))
	require.NoError(tb, os.Rename(path+".new", path))
}

// stored is store into a new folder.
func stored(tb testing.TB, name string, data []byte) (path string) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), name)
	store(tb, path, data)
	return path
}

// rig is a DB whose looks at its files a test decides about.
type rig struct {
	*DB
	ticks    chan time.Time
	waiting  chan struct{} // a look has ended
	attempts []Attempt     // of the last look
}

func newRig(tb testing.TB, paths ...string) *rig {
	tb.Helper()
	r := &rig{ticks: make(chan time.Time), waiting: make(chan struct{})}
	db, err := Open(Config{Databases: paths, ReloadInterval: time.Minute}, Deps{
		Attempted: func(a Attempt) { r.attempts = append(r.attempts, a) },
		After: func(d time.Duration) <-chan time.Time {
			require.Equal(tb, time.Minute, d)
			r.waiting <- struct{}{}
			return r.ticks
		},
	})
	require.NoError(tb, err)
	r.DB = db
	<-r.waiting
	<-db.Ready()
	tb.Cleanup(db.Close)
	return r
}

// look lets the DB look at its files, and returns what it logged.
func (r *rig) look() []Attempt {
	r.attempts = nil
	r.ticks <- time.Time{}
	<-r.waiting
	return r.attempts
}

func (r *rig) at(addr string) *enrich.Place { return r.Lookup(netip.MustParseAddr(addr)) }

// country returns the country of an address, "" without one.
func (r *rig) country(addr string) string {
	if p := r.at(addr); p != nil {
		return p.CountryISOCode
	}
	return ""
}
