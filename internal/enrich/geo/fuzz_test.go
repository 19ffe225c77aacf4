package geo

import (
	"net/netip"
	"os"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whatever the bytes are, they are refused, or every lookup works: no panic, and
// no place that the attributes could not carry. The minimizer would take its whole
// minute for each new input.
//
//	go test -run=- -fuzz=FuzzDatabase -fuzztime=60s -fuzzminimizetime=10x ./internal/enrich/geo
func FuzzDatabase(f *testing.F) {
	whole, err := os.ReadFile(sample)
	require.NoError(f, err)
	f.Add(whole)
	f.Add(contents(f, "berlin-and-country"))
	f.Add(contents(f, "four-of-32-bits"))
	f.Add([]byte("\xab\xcd\xefMaxMind.com"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) { tryDatabase(t, data) })
}

// The same over one byte changed at a time, which gets further than random bytes.
func FuzzMutatedDatabase(f *testing.F) {
	good := contents(f, "berlin-and-countries")
	f.Add(0, byte(1), 0, byte(0))
	f.Add(len(good)-1, byte(0xff), len(good)/2, byte(0x20))
	f.Fuzz(func(t *testing.T, i int, a byte, j int, b byte) {
		data := append([]byte{}, good...)
		data[uint(i)%uint(len(data))] ^= a
		data[uint(j)%uint(len(data))] ^= b
		tryDatabase(t, data)
	})
}

func tryDatabase(t *testing.T, data []byte) {
	t.Helper()
	reader, err := open(data)
	if err != nil {
		return
	}
	d := newDatabases([]*file{{data: data, reader: reader}})
	for _, text := range []string{"192.0.2.1", "198.51.100.1", "203.0.113.255", "0.0.0.1", "255.255.255.255", "2001:db8::1", "2002::1", "::1"} {
		p := d.lookup(netip.MustParseAddr(text))
		if p == nil {
			continue
		}
		for _, s := range []string{p.ContinentCode, p.CountryISOCode, p.RegionISOCode, p.LocalityName, p.PostalCode, p.ASOrganization} {
			assert.True(t, utf8.ValidString(s) && len(s) <= 3*maxText, "%q", s)
		}
		assert.True(t, p.Latitude >= -90 && p.Latitude <= 90 && p.Longitude >= -180 && p.Longitude <= 180)
		assert.Same(t, p, d.lookup(netip.MustParseAddr(text)), "from the cache")
	}
}
