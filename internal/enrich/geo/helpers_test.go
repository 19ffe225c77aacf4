package geo

import (
	"bytes"
	"cmp"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	m "github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

func TestMain(t *testing.M) { goleak.VerifyTestMain(t) }

const sample = "../../../testdata/geo/sample.mmdb"

// networks are what a database of a test holds.
type networks map[string]m.DataType

// build returns the bytes of a database for IPv6 and IPv4.
func build(tb testing.TB, records networks) []byte {
	tb.Helper()
	return buildWith(tb, mmdbwriter.Options{}, records)
}

func buildWith(tb testing.TB, options mmdbwriter.Options, records networks) []byte {
	tb.Helper()
	if options.DatabaseType == "" {
		options.DatabaseType = "Test"
	}
	options.IncludeReservedNetworks = true
	options.DisableIPv4Aliasing = options.IPVersion == 4
	tree, err := mmdbwriter.New(options)
	require.NoError(tb, err)
	prefixes := slices.SortedFunc(maps.Keys(records), func(a, b string) int { // the narrow ones over the wide ones
		return cmp.Or(netip.MustParsePrefix(a).Bits()-netip.MustParsePrefix(b).Bits(), cmp.Compare(a, b))
	})
	for _, prefix := range prefixes {
		_, network, err := net.ParseCIDR(prefix)
		require.NoError(tb, err)
		require.NoError(tb, tree.Insert(network, records[prefix]))
	}
	var data bytes.Buffer
	_, err = tree.WriteTo(&data)
	require.NoError(tb, err)
	return data.Bytes()
}

// countryRecord is a record of the flat schema.
func countryRecord(code string) m.DataType { return m.Map{"country_code": m.String(code)} }

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

// look lets the DB look at its files, and returns what it told.
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
