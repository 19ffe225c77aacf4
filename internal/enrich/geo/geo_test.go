package geo

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	m "github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func TestBothFamilies(t *testing.T) {
	both := build(t, networks{
		"192.0.2.0/24": countryRecord("DE"), "198.51.100.7/32": countryRecord("FR"),
		"2001:db8::/32": countryRecord("US"), "2001:db8:1::/48": countryRecord("CA"),
	})
	four := buildWith(t, mmdbwriter.Options{IPVersion: 4}, networks{"192.0.2.0/24": countryRecord("DE"), "198.51.100.7/32": countryRecord("FR")})
	six := build(t, networks{"2001:db8::/32": countryRecord("US"), "2001:db8:1::/48": countryRecord("CA")})
	for name, r := range map[string]*rig{
		"one file":          newRig(t, stored(t, "both.mmdb", both)),
		"a file for each":   newRig(t, stored(t, "four.mmdb", four), stored(t, "six.mmdb", six)),
		"in another order":  newRig(t, stored(t, "six.mmdb", six), stored(t, "four.mmdb", four)),
		"IPv4 and all":      newRig(t, stored(t, "four.mmdb", four), stored(t, "both.mmdb", both)),
		"IPv6 and all":      newRig(t, stored(t, "six.mmdb", six), stored(t, "both.mmdb", both)),
		"with smaller ones": newRig(t, stored(t, "x.mmdb", build(t, networks{"192.0.2.9/32": countryRecord("DE")})), stored(t, "both.mmdb", both)),
	} {
		for addr, want := range map[string]string{
			"192.0.2.1": "DE", "192.0.2.255": "DE", "::ffff:192.0.2.1": "DE", "198.51.100.7": "FR", "198.51.100.8": "", "192.0.3.0": "",
			"2001:db8::1": "US", "2001:db8::1%eth0": "US", "2001:db8:1::1": "CA", "2001:db9::1": "",
		} {
			assert.Equal(t, want, r.country(addr), "%s: %s", name, addr)
		}
	}
}

func TestAnIPv4FileKnowsNoIPv6(t *testing.T) {
	r := newRig(t, stored(t, "four.mmdb", buildWith(t, mmdbwriter.Options{IPVersion: 4}, networks{"0.0.0.0/0": countryRecord("DE")})))
	assert.Equal(t, "DE", r.country("192.0.2.1"))
	assert.Equal(t, "DE", r.country("::ffff:192.0.2.1"))
	assert.Nil(t, r.at("2001:db8::1"))
}

func TestAddressesThatAreNotLookedUp(t *testing.T) {
	r := newRig(t, stored(t, "all.mmdb", build(t, networks{"::/0": countryRecord("DE")})))
	for _, addr := range []string{
		"10.0.0.1", "172.16.0.1", "192.168.0.1", "127.0.0.1", "169.254.1.1", "224.0.0.1", "0.0.0.0",
		"::", "::1", "fd00::1", "fe80::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
	} {
		assert.Nil(t, r.at(addr), addr)
	}
	assert.Nil(t, r.Lookup(netip.Addr{}))
	assert.Equal(t, "DE", r.country("192.0.2.1"))
	assert.Equal(t, "DE", r.country("2001:db8::1"))
}

// The databases are in the order of the settings; all hold 192.0.2.0/24.
func TestSeveralDatabases(t *testing.T) {
	as := m.Map{"autonomous_system_number": m.Uint32(64496), "autonomous_system_organization": m.String("Example")}
	otherAS := m.Map{"autonomous_system_number": m.Uint32(64497)}
	europe := m.Map{"continent": m.Map{"code": m.String("EU")}, "country": m.Map{"iso_code": m.String("DE")}}
	bonn := m.Map{"country_code": m.String("DE"), "city": m.String("Bonn")}
	paris := m.Map{"country_code": m.String("FR"), "city": m.String("Paris"), "latitude": m.Float64(48), "longitude": m.Float64(2)}
	wholeBerlin := enrich.Place{
		ContinentCode: "EU", CountryISOCode: "DE", RegionISOCode: "DE-BE", LocalityName: "Berlin", PostalCode: "10178",
		HasLocation: true, Latitude: 52.5196, Longitude: 13.4069,
	}
	withAS := wholeBerlin
	withAS.ASNumber, withAS.ASOrganization = 64496, "Example"
	for name, c := range map[string]struct {
		records []m.DataType
		want    enrich.Place
	}{
		"City and ASN":                   {[]m.DataType{berlin, as}, withAS},
		"ASN and City":                   {[]m.DataType{as, berlin}, withAS},
		"Country, City and ASN":          {[]m.DataType{europe, berlin, as}, withAS},
		"the first that knows counts":    {[]m.DataType{berlin, bonn, as, otherAS}, withAS},
		"the rest of a place is one's":   {[]m.DataType{bonn, berlin}, enrich.Place{ContinentCode: "EU", CountryISOCode: "DE", LocalityName: "Bonn"}},
		"countries that do not agree":    {[]m.DataType{europe, paris}, enrich.Place{ContinentCode: "EU", CountryISOCode: "DE"}},
		"an AS is not a country's":       {[]m.DataType{europe, paris, otherAS}, enrich.Place{ContinentCode: "EU", CountryISOCode: "DE", ASNumber: 64497}},
		"nothing and something":          {[]m.DataType{m.Map{}, countryRecord("DE")}, enrich.Place{CountryISOCode: "DE"}},
		"a city of no country and a one": {[]m.DataType{m.Map{"city": m.String("Bonn")}, europe}, enrich.Place{ContinentCode: "EU", CountryISOCode: "DE", LocalityName: "Bonn"}},
	} {
		t.Run(name, func(t *testing.T) {
			var paths []string
			for _, record := range c.records {
				// A second network, so that the database holds places in any case.
				data := build(t, networks{"192.0.2.0/24": record, "198.51.100.0/24": countryRecord("GB")})
				paths = append(paths, stored(t, "test.mmdb", data))
			}
			r := newRig(t, paths...)
			for range 2 { // from the file, from the cache
				require.NotNil(t, r.at("192.0.2.1"))
				assert.Equal(t, c.want, *r.at("192.0.2.1"))
			}
		})
	}
}

func TestWrongSettings(t *testing.T) {
	for want, set := range map[string]Config{
		"`geoip::reload_interval` is 0s":                       {},
		"`geoip::databases::1` is empty":                       {Databases: []string{"a", ""}, ReloadInterval: 1},
		"`geoip::databases::2` is a, which is named before":    {Databases: []string{"a", "b", "a"}, ReloadInterval: 1},
		"`geoip::databases` has 9 files: it must be 8 at most": {Databases: strings.Split("abcdefghi", ""), ReloadInterval: 1},
	} {
		_, err := Open(set, Deps{})
		assert.ErrorContains(t, err, want)
	}
}

func TestWithoutDatabases(t *testing.T) {
	r := newRig(t)
	assert.Nil(t, r.at("192.0.2.1"))
	assert.Empty(t, r.Databases())
	assert.Empty(t, r.look())
}

func TestWithTheMachinesClock(t *testing.T) {
	db, err := Open(Config{Databases: []string{sample}, ReloadInterval: time.Hour}, Deps{})
	require.NoError(t, err)
	<-db.Ready()
	db.Close()
	db.Close()
	assert.NotNil(t, db.Lookup(netip.MustParseAddr("192.0.2.1")), "a closed DB still answers")
}

// Every client of the sample logs has a whole place.
func TestTheSampleDatabaseCoversTheSampleLogs(t *testing.T) {
	r := newRig(t, sample)
	assert.Equal(t, []Database{{
		Path: sample, Type: "otelcol-s3audit-Sample-City-ASN", Entries: r.Databases()[0].Entries,
		Built: time.Date(2026, time.November, 9, 0, 0, 0, 0, time.UTC).Local(),
	}}, r.Databases())
	assert.Greater(t, r.Databases()[0].Entries, uint64(37))
	countries := map[string]bool{}
	for _, line := range samplelogs.Records(samplelogs.Seed, 20_000) {
		_, after, _ := strings.Cut(line, "] ")
		text, _, _ := strings.Cut(after, " ")
		addr, ok := enrich.ParseAddr(text)
		if !ok || !enrich.Public(addr) {
			continue
		}
		p := r.Lookup(addr)
		require.NotNil(t, p, text)
		assert.True(t, p.ContinentCode != "" && p.CountryISOCode != "" && p.RegionISOCode != "" && p.LocalityName != "" &&
			p.PostalCode != "" && p.HasLocation && p.ASNumber != 0 && p.ASOrganization != "", "%s: %+v", text, p)
		countries[p.CountryISOCode] = true
	}
	assert.Greater(t, len(countries), 20)
}

func TestPathsAreNamedInErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.mmdb")
	_, err := load(missing)
	require.ErrorContains(t, err, missing)
	assert.Equal(t, 1, strings.Count(err.Error(), missing), err.Error())
}
