package geo

import (
	"flag"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oschwald/maxminddb-golang/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

var folder = flag.String("databases", "", "a folder of databases to look all networks up in")

func TestEveryNetworkOfTheSample(t *testing.T) {
	assert.Equal(t, 37, compare(t, sample))
}

// A thousand networks in each family, nested in one another, of all shapes.
func TestEveryNetworkOfManyShapes(t *testing.T) {
	assert.Greater(t, compare(t, testFile("shapes")), 1000)
}

// MaxMind's public test databases are in no Go module that is to be had: the
// proxy refuses github.com/maxmind/MaxMind-DB, and the readers' modules leave them
// out, as a submodule. Who has them, or any other databases, can look all of
// their networks up.
//
//	go test -v -run EveryNetworkOfTheFolder ./internal/enrich/geo -databases MaxMind-DB/test-data
func TestEveryNetworkOfTheFolder(t *testing.T) {
	if *folder == "" {
		t.Skip("no folder is named by -databases: no Go module carries MaxMind's test databases")
	}
	paths, err := filepath.Glob(filepath.Join(*folder, "*.mmdb"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if _, err := load(path); err != nil {
				t.Skip("refused: ", err) // the folder also holds databases of other things, and broken ones
			}
			t.Log(compare(t, path), "networks")
		})
	}
}

// compare looks the first and the last address of every network up, and holds
// what comes against what the reader itself decodes. It returns how many networks
// there are.
func compare(t *testing.T, path string) (n int) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	reader, err := maxminddb.OpenBytes(data)
	require.NoError(t, err)
	r := newRig(t, path)
	require.Len(t, r.Databases(), 1)
	for result := range reader.Networks() {
		var record any
		require.NoError(t, result.Decode(&record))
		want, prefix := oracle(record), result.Prefix()
		for _, addr := range []netip.Addr{prefix.Addr(), lastOf(prefix)} {
			place := r.Lookup(addr)
			if !enrich.Public(addr) || want == (enrich.Place{}) {
				if place != nil {
					t.Fatalf("%s: %+v, want nothing", addr, place)
				}
				continue
			}
			if place == nil || *place != want {
				t.Fatalf("%s: %+v, want %+v of %v", addr, place, want, record)
			}
		}
		n++
	}
	return n
}

func lastOf(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Addr().AsSlice()
	for i := prefix.Bits(); i < len(bytes)*8; i++ {
		bytes[i/8] |= 0x80 >> (i % 8)
	}
	addr, _ := netip.AddrFromSlice(bytes)
	return addr
}

// oracle makes a place of a decoded record, in the plainest way.
func oracle(record any) enrich.Place {
	text := func(path ...any) string {
		s, _ := follow(record, path...).(string)
		if len(s) > maxText {
			return ""
		}
		return s
	}
	or := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	p := enrich.Place{
		ContinentCode:  text("continent", "code"),
		CountryISOCode: or(text("country", "iso_code"), text("country_code")),
		LocalityName:   or(text("city", "names", "en"), text("city")),
		PostalCode:     or(text("postal", "code"), text("postcode")),
		ASOrganization: or(text("autonomous_system_organization"), text("traits", "autonomous_system_organization")),
	}
	if c := p.CountryISOCode; len(c) != 2 || c != strings.ToUpper(c) || c == "ZZ" {
		p.CountryISOCode = ""
	}
	region := strings.TrimPrefix(or(text("subdivisions", 0, "iso_code"), text("state1")), p.CountryISOCode+"-")
	if p.CountryISOCode != "" && region != "" && len(region) <= 3 && region == strings.ToUpper(region) {
		p.RegionISOCode = p.CountryISOCode + "-" + region
	}
	lat, hasLat := number(or2(follow(record, "location", "latitude"), follow(record, "latitude")))
	lon, hasLon := number(or2(follow(record, "location", "longitude"), follow(record, "longitude")))
	if hasLat && hasLon && math.Abs(lat) <= 90 && math.Abs(lon) <= 180 {
		p.HasLocation, p.Latitude, p.Longitude = true, lat, lon
	}
	as, _ := number(or2(follow(record, "autonomous_system_number"), follow(record, "traits", "autonomous_system_number")))
	p.ASNumber = uint32(as)
	return p
}

func or2(a, b any) any {
	if a != nil {
		return a
	}
	return b
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		var short float64
		_, err := fmt.Sscan(fmt.Sprint(v), &short)
		return short, err == nil
	case uint64:
		return float64(v), true
	}
	return 0, false
}

func follow(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			entries, _ := v.(map[string]any)
			v = entries[step]
		case int:
			elements, _ := v.([]any)
			if len(elements) <= step {
				return nil
			}
			v = elements[step]
		}
	}
	return v
}
