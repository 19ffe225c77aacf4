package geo

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func TestBothFamilies(t *testing.T) {
	for name, databases := range map[string][]string{
		"one file":          {"both"},
		"a file for each":   {"four", "six"},
		"in another order":  {"six", "four"},
		"IPv4 and all":      {"four", "both"},
		"IPv6 and all":      {"six", "both"},
		"with smaller ones": {"one-address", "both"},
	} {
		r := newRig(t, testFiles(databases)...)
		for addr, want := range map[string]string{
			"192.0.2.1": "DE", "192.0.2.255": "DE", "::ffff:192.0.2.1": "DE", "198.51.100.7": "FR", "198.51.100.8": "", "192.0.3.0": "",
			"2001:db8::1": "US", "2001:db8::1%eth0": "US", "2001:db8:1::1": "CA", "2001:db9::1": "",
		} {
			assert.Equal(t, want, r.country(addr), "%s: %s", name, addr)
		}
	}
}

func TestAnIPv4FileKnowsNoIPv6(t *testing.T) {
	r := newRig(t, testFile("four-everywhere"))
	assert.Equal(t, "DE", r.country("192.0.2.1"))
	assert.Equal(t, "DE", r.country("::ffff:192.0.2.1"))
	assert.Nil(t, r.at("2001:db8::1"))
}

func TestAddressesThatAreNotLookedUp(t *testing.T) {
	r := newRig(t, testFile("everywhere/DE"))
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
	wholeBerlin := enrich.Place{
		ContinentCode: "EU", CountryISOCode: "DE", RegionISOCode: "DE-BE", LocalityName: "Berlin", PostalCode: "10178",
		HasLocation: true, Latitude: 52.5196, Longitude: 13.4069,
	}
	withAS := wholeBerlin
	withAS.ASNumber, withAS.ASOrganization = 64496, "Example"
	for name, c := range map[string]struct {
		databases []string
		want      enrich.Place
	}{
		"City and ASN":                   {[]string{"several/berlin", "several/as"}, withAS},
		"ASN and City":                   {[]string{"several/as", "several/berlin"}, withAS},
		"Country, City and ASN":          {[]string{"several/europe", "several/berlin", "several/as"}, withAS},
		"the first that knows counts":    {[]string{"several/berlin", "several/bonn", "several/as", "several/other-as"}, withAS},
		"the rest of a place is one's":   {[]string{"several/bonn", "several/berlin"}, enrich.Place{ContinentCode: "EU", CountryISOCode: "DE", LocalityName: "Bonn"}},
		"countries that do not agree":    {[]string{"several/europe", "several/paris"}, enrich.Place{ContinentCode: "EU", CountryISOCode: "DE"}},
		"an AS is not a country's":       {[]string{"several/europe", "several/paris", "several/other-as"}, enrich.Place{ContinentCode: "EU", CountryISOCode: "DE", ASNumber: 64497}},
		"nothing and something":          {[]string{"several/nothing", "several/germany"}, enrich.Place{CountryISOCode: "DE"}},
		"a city of no country and a one": {[]string{"several/bonn-of-no-country", "several/europe"}, enrich.Place{ContinentCode: "EU", CountryISOCode: "DE", LocalityName: "Bonn"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testFiles(c.databases)...)
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
