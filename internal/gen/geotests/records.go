package main

import (
	"math"
	"strings"

	m "github.com/maxmind/mmdbwriter/mmdbtype"
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

// records are those of TestRecords, by its names with hyphens for spaces.
var records = map[string]m.DataType{
	"City":       berlin,
	"Country":    m.Map{"continent": m.Map{"code": m.String("AS")}, "country": m.Map{"iso_code": m.String("JP")}},
	"ASN":        system(64496, "Example"),
	"Enterprise": m.Map{"traits": m.Map{"autonomous_system_number": m.Uint32(4294967295), "isp": m.String("x")}},
	"flat-city": m.Map{
		"city": m.String("Los Angeles (Playa Vista)"), "country_code": m.String("US"), "latitude": m.Float32(33.9829),
		"longitude": m.Float32(-118.405), "postcode": m.String("90094"), "state1": m.String("California"),
		"state2": m.String(""), "timezone": m.String(""),
	},
	"flat-country":                   country("FR"),
	"a-flat-region-that-is-a-code":   m.Map{"country_code": m.String("US"), "state1": m.String("CA")},
	"a-region-with-its-country":      m.Map{"country_code": m.String("US"), "state1": m.String("US-CA")},
	"a-region-of-another-country":    m.Map{"country_code": m.String("US"), "state1": m.String("DE-BE")},
	"a-region-with-digits":           m.Map{"country_code": m.String("JP"), "state1": m.String("13")},
	"a-short-name-of-a-region":       m.Map{"country_code": m.String("FR"), "state1": m.String("Ain")},
	"a-region-of-no-country":         m.Map{"subdivisions": m.Slice{m.Map{"iso_code": m.String("BE")}}, "city": m.String("Berlin")},
	"no-subdivision":                 m.Map{"country_code": m.String("SG"), "subdivisions": m.Slice{}},
	"a-city-without-an-English-name": m.Map{"country_code": m.String("DE"), "city": m.Map{"names": m.Map{"de": m.String("Köln")}}},
	"codes-that-are-none": m.Map{
		"country_code": m.String("Germany"), "continent": m.Map{"code": m.String("eu")}, "city": m.String("Bonn"),
	},
	"the-unknown-country":         m.Map{"country_code": m.String("ZZ"), "city": m.String("Bonn")},
	"half-a-location":             m.Map{"country_code": m.String("DE"), "latitude": m.Float64(1)},
	"a-location-of-whole-numbers": m.Map{"latitude": m.Int32(-12), "longitude": m.Uint16(34)},
	"the-location-0,-0":           m.Map{"latitude": m.Float64(0), "longitude": m.Float64(0)},
	"a-location-off-the-globe": m.Map{
		"country_code": m.String("DE"), "latitude": m.Float64(90.1), "longitude": m.Float64(0),
	},
	"a-location-that-is-no-number": m.Map{
		"country_code": m.String("DE"), "latitude": m.Float64(math.NaN()), "longitude": m.Float32(math.NaN()),
	},
	"an-AS-number-too-large": m.Map{
		"autonomous_system_number": m.Uint64(1 << 32), "autonomous_system_organization": m.String("Example"),
	},
	"other-types-than-expected": m.Map{
		"country": m.String("Germany"), "continent": m.Slice{m.String("EU")}, "city": m.Slice{}, "location": m.Bool(true),
		"postal": m.Uint32(1), "subdivisions": m.Map{"iso_code": m.String("BE")}, "country_code": m.String("DE"),
		"latitude": m.String("1"), "autonomous_system_number": m.Map{}, "autonomous_system_organization": m.Float64(1),
	},
	"the-longest-text": m.Map{"city": m.String(strings.Repeat("x", 256))},
	"a-longer-text":    m.Map{"city": m.String(strings.Repeat("x", 257)), "postcode": m.String("1")},
}

// several are the records of TestSeveralDatabases.
var several = map[string]m.DataType{
	"berlin":             berlin,
	"as":                 system(64496, "Example"),
	"other-as":           m.Map{"autonomous_system_number": m.Uint32(64497)},
	"europe":             m.Map{"continent": m.Map{"code": m.String("EU")}, "country": m.Map{"iso_code": m.String("DE")}},
	"bonn":               m.Map{"country_code": m.String("DE"), "city": m.String("Bonn")},
	"paris":              m.Map{"country_code": m.String("FR"), "city": m.String("Paris"), "latitude": m.Float64(48), "longitude": m.Float64(2)},
	"nothing":            m.Map{},
	"germany":            country("DE"),
	"bonn-of-no-country": m.Map{"city": m.String("Bonn")},
}
