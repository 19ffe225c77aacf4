package geo

import (
	"math"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// unknownCountry is what some databases write where others write nothing; ISO
// 3166 leaves it to its users, CLDR calls it the unknown region.
const unknownCountry = "ZZ"

// place returns a record in the form of the attributes. Invalid values are left
// out.
func (r *record) place() enrich.Place {
	p := enrich.Place{
		ContinentCode:  twoLetters(r.text[continent]),
		CountryISOCode: twoLetters(r.text[country]),
		LocalityName:   clean(r.text[locality]),
		PostalCode:     clean(r.text[postalCode]),
		ASOrganization: clean(r.text[organization]),
	}
	if p.CountryISOCode == unknownCountry {
		p.CountryISOCode = ""
	}
	p.RegionISOCode = regionCode(p.CountryISOCode, r.text[region])
	// NaN is in no range.
	lat, lon := r.number[latitude], r.number[longitude]
	if r.has[latitude] && r.has[longitude] && lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180 {
		p.HasLocation, p.Latitude, p.Longitude = true, lat, lon
	}
	if n := r.number[asNumber]; n >= 1 && n <= math.MaxUint32 && n == math.Trunc(n) {
		p.ASNumber = uint32(n)
	}
	return p
}

// regionCode returns the ISO 3166-2 code of a region, which databases write with
// or without its country. The flat schema has the name of a region there, which
// is none.
func regionCode(country, region string) string {
	region = strings.TrimPrefix(region, country+"-")
	if country == "" || region == "" || len(region) > 3 || strings.Trim(region, capitals+digits) != "" {
		return ""
	}
	return country + "-" + region
}

const (
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits   = "0123456789"
)

// twoLetters returns s if it is two capital letters, else "".
func twoLetters(s string) string {
	if len(s) != 2 || strings.Trim(s, capitals) != "" {
		return ""
	}
	return s
}

func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
