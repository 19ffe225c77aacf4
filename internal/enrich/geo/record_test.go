package geo

import (
	"math"
	"strings"
	"testing"

	m "github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// berlin is a record as a GeoLite2 City database has it.
var berlin = m.Map{
	"city": m.Map{"geoname_id": m.Uint32(2950159), "names": m.Map{"de": m.String("Berlin-Stadt"), "en": m.String("Berlin")}},
	"continent": m.Map{
		"code": m.String("EU"), "geoname_id": m.Uint32(6255148), "names": m.Map{"en": m.String("Europe")},
	},
	"country": m.Map{
		"geoname_id": m.Uint32(2921044), "is_in_european_union": m.Bool(true), "iso_code": m.String("DE"),
		"names": m.Map{"en": m.String("Germany")},
	},
	"location": m.Map{
		"accuracy_radius": m.Uint16(20), "latitude": m.Float64(52.5196), "longitude": m.Float64(13.4069),
		"time_zone": m.String("Europe/Berlin"),
	},
	"postal":             m.Map{"code": m.String("10178")},
	"registered_country": m.Map{"iso_code": m.String("US")},
	"subdivisions": m.Slice{
		m.Map{"geoname_id": m.Uint32(2950157), "iso_code": m.String("BE")},
		m.Map{"iso_code": m.String("XX")},
	},
}

func TestRecords(t *testing.T) {
	for name, c := range map[string]struct {
		record m.DataType
		want   enrich.Place
	}{
		"City": {berlin, enrich.Place{
			ContinentCode: "EU", CountryISOCode: "DE", RegionISOCode: "DE-BE", LocalityName: "Berlin", PostalCode: "10178",
			HasLocation: true, Latitude: 52.5196, Longitude: 13.4069,
		}},
		"Country": {
			m.Map{"continent": m.Map{"code": m.String("AS")}, "country": m.Map{"iso_code": m.String("JP")}},
			enrich.Place{ContinentCode: "AS", CountryISOCode: "JP"},
		},
		"ASN": {
			m.Map{"autonomous_system_number": m.Uint32(64496), "autonomous_system_organization": m.String("Example")},
			enrich.Place{ASNumber: 64496, ASOrganization: "Example"},
		},
		"Enterprise": {
			m.Map{"traits": m.Map{"autonomous_system_number": m.Uint32(4294967295), "isp": m.String("x")}},
			enrich.Place{ASNumber: 4294967295},
		},
		"flat city": {
			m.Map{
				"city": m.String("Los Angeles (Playa Vista)"), "country_code": m.String("US"), "latitude": m.Float32(33.9829),
				"longitude": m.Float32(-118.405), "postcode": m.String("90094"), "state1": m.String("California"),
				"state2": m.String(""), "timezone": m.String(""),
			},
			enrich.Place{
				CountryISOCode: "US", LocalityName: "Los Angeles (Playa Vista)", PostalCode: "90094",
				HasLocation: true, Latitude: 33.9829, Longitude: -118.405,
			},
		},
		"flat country": {countryRecord("FR"), enrich.Place{CountryISOCode: "FR"}},
		"a flat region that is a code": {
			m.Map{"country_code": m.String("US"), "state1": m.String("CA")},
			enrich.Place{CountryISOCode: "US", RegionISOCode: "US-CA"},
		},
		"a region with its country": {
			m.Map{"country_code": m.String("US"), "state1": m.String("US-CA")},
			enrich.Place{CountryISOCode: "US", RegionISOCode: "US-CA"},
		},
		"a region of another country": {
			m.Map{"country_code": m.String("US"), "state1": m.String("DE-BE")},
			enrich.Place{CountryISOCode: "US"},
		},
		"a region with digits": {
			m.Map{"country_code": m.String("JP"), "state1": m.String("13")},
			enrich.Place{CountryISOCode: "JP", RegionISOCode: "JP-13"},
		},
		"a short name of a region": {
			m.Map{"country_code": m.String("FR"), "state1": m.String("Ain")},
			enrich.Place{CountryISOCode: "FR"},
		},
		"a region of no country": {
			m.Map{"subdivisions": m.Slice{m.Map{"iso_code": m.String("BE")}}, "city": m.String("Berlin")},
			enrich.Place{LocalityName: "Berlin"},
		},
		"no subdivision": {
			m.Map{"country_code": m.String("SG"), "subdivisions": m.Slice{}},
			enrich.Place{CountryISOCode: "SG"},
		},
		"a city without an English name": {
			m.Map{"country_code": m.String("DE"), "city": m.Map{"names": m.Map{"de": m.String("Köln")}}},
			enrich.Place{CountryISOCode: "DE"},
		},
		"codes that are none": {
			m.Map{"country_code": m.String("Germany"), "continent": m.Map{"code": m.String("eu")}, "city": m.String("Bonn")},
			enrich.Place{LocalityName: "Bonn"},
		},
		"the unknown country": {m.Map{"country_code": m.String("ZZ"), "city": m.String("Bonn")}, enrich.Place{LocalityName: "Bonn"}},
		"half a location":     {m.Map{"country_code": m.String("DE"), "latitude": m.Float64(1)}, enrich.Place{CountryISOCode: "DE"}},
		"a location of whole numbers": {
			m.Map{"latitude": m.Int32(-12), "longitude": m.Uint16(34)},
			enrich.Place{HasLocation: true, Latitude: -12, Longitude: 34},
		},
		"the location 0, 0": {
			m.Map{"latitude": m.Float64(0), "longitude": m.Float64(0)},
			enrich.Place{HasLocation: true},
		},
		"a location off the globe": {
			m.Map{"country_code": m.String("DE"), "latitude": m.Float64(90.1), "longitude": m.Float64(0)},
			enrich.Place{CountryISOCode: "DE"},
		},
		"a location that is no number": {
			m.Map{"country_code": m.String("DE"), "latitude": m.Float64(math.NaN()), "longitude": m.Float32(math.NaN())},
			enrich.Place{CountryISOCode: "DE"},
		},
		"an AS number too large": {
			m.Map{"autonomous_system_number": m.Uint64(1 << 32), "autonomous_system_organization": m.String("Example")},
			enrich.Place{ASOrganization: "Example"},
		},
		"other types than expected": {
			m.Map{
				"country": m.String("Germany"), "continent": m.Slice{m.String("EU")}, "city": m.Slice{}, "location": m.Bool(true),
				"postal": m.Uint32(1), "subdivisions": m.Map{"iso_code": m.String("BE")}, "country_code": m.String("DE"),
				"latitude": m.String("1"), "autonomous_system_number": m.Map{}, "autonomous_system_organization": m.Float64(1),
			},
			enrich.Place{CountryISOCode: "DE"},
		},
		"the longest text": {m.Map{"city": m.String(strings.Repeat("x", 256))}, enrich.Place{LocalityName: strings.Repeat("x", 256)}},
		"a longer text":    {m.Map{"city": m.String(strings.Repeat("x", 257)), "postcode": m.String("1")}, enrich.Place{PostalCode: "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, stored(t, "test.mmdb", build(t, networks{"192.0.2.0/24": c.record})))
			require.NotNil(t, r.at("192.0.2.7"))
			assert.Equal(t, c.want, *r.at("192.0.2.7"))
		})
	}
}

// A database's invalid UTF-8 is no log attribute's.
func TestInvalidTextIsRepaired(t *testing.T) {
	assert.Equal(t, "K\uFFFDln", clean("K\xf6ln"))
	assert.Equal(t, "Köln", clean("Köln"))
}

// A record without anything of use is nothing, however often it is asked for.
func TestEmptyRecords(t *testing.T) {
	r := newRig(t, stored(t, "test.mmdb", build(t, networks{
		"192.0.2.0/28":  m.Map{},
		"192.0.2.16/28": m.Map{"is_anonymous": m.Bool(true)},
		"192.0.2.32/28": m.String("text"),
		"192.0.2.48/28": m.Slice{},
		"192.0.2.64/28": countryRecord("DE"),
	})))
	for range 2 {
		for _, addr := range []string{"192.0.2.1", "192.0.2.17", "192.0.2.33", "192.0.2.49", "192.0.2.81"} {
			assert.Nil(t, r.at(addr), addr)
		}
		assert.Equal(t, "DE", r.country("192.0.2.65"))
	}
}
