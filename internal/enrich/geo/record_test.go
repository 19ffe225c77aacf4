package geo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// The records are in internal/gen/geotests, with hyphens in their names.
func TestRecords(t *testing.T) {
	for name, want := range map[string]enrich.Place{
		"City": {
			ContinentCode: "EU", CountryISOCode: "DE", RegionISOCode: "DE-BE", LocalityName: "Berlin", PostalCode: "10178",
			HasLocation: true, Latitude: 52.5196, Longitude: 13.4069,
		},
		"Country":    {ContinentCode: "AS", CountryISOCode: "JP"},
		"ASN":        {ASNumber: 64496, ASOrganization: "Example"},
		"Enterprise": {ASNumber: 4294967295},
		"flat city": {
			CountryISOCode: "US", LocalityName: "Los Angeles (Playa Vista)", PostalCode: "90094",
			HasLocation: true, Latitude: 33.9829, Longitude: -118.405,
		},
		"flat country":                   {CountryISOCode: "FR"},
		"a flat region that is a code":   {CountryISOCode: "US", RegionISOCode: "US-CA"},
		"a region with its country":      {CountryISOCode: "US", RegionISOCode: "US-CA"},
		"a region of another country":    {CountryISOCode: "US"},
		"a region with digits":           {CountryISOCode: "JP", RegionISOCode: "JP-13"},
		"a short name of a region":       {CountryISOCode: "FR"},
		"a region of no country":         {LocalityName: "Berlin"},
		"no subdivision":                 {CountryISOCode: "SG"},
		"a city without an English name": {CountryISOCode: "DE"},
		"codes that are none":            {LocalityName: "Bonn"},
		"the unknown country":            {LocalityName: "Bonn"},
		"half a location":                {CountryISOCode: "DE"},
		"a location of whole numbers":    {HasLocation: true, Latitude: -12, Longitude: 34},
		"the location 0, 0":              {HasLocation: true},
		"a location off the globe":       {CountryISOCode: "DE"},
		"a location that is no number":   {CountryISOCode: "DE"},
		"an AS number too large":         {ASOrganization: "Example"},
		"other types than expected":      {CountryISOCode: "DE"},
		"the longest text":               {LocalityName: strings.Repeat("x", 256)},
		"a longer text":                  {PostalCode: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testFile("records/"+strings.ReplaceAll(name, " ", "-")))
			require.NotNil(t, r.at("192.0.2.7"))
			assert.Equal(t, want, *r.at("192.0.2.7"))
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
	r := newRig(t, testFile("without-places"))
	for range 2 {
		for _, addr := range []string{"192.0.2.1", "192.0.2.17", "192.0.2.33", "192.0.2.49", "192.0.2.81"} {
			assert.Nil(t, r.at(addr), addr)
		}
		assert.Equal(t, "DE", r.country("192.0.2.65"))
	}
}
