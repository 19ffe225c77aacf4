package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/maxmind/mmdbwriter"
	m "github.com/maxmind/mmdbwriter/mmdbtype"
)

// built and later are when databases were built.
var (
	built = time.Date(2026, time.November, 9, 0, 0, 0, 0, time.UTC)
	later = time.Unix(2_000_000_000, 0)
)

// databases returns all databases by name: the file's path without its ending.
func databases() map[string]database {
	all := map[string]database{
		// The families.
		"both": {networks: networks{
			"192.0.2.0/24": country("DE"), "198.51.100.7/32": country("FR"),
			"2001:db8::/32": country("US"), "2001:db8:1::/48": country("CA"),
		}},
		"four": {
			networks{"192.0.2.0/24": country("DE"), "198.51.100.7/32": country("FR")},
			mmdbwriter.Options{IPVersion: 4},
		},
		"six":             {networks: networks{"2001:db8::/32": country("US"), "2001:db8:1::/48": country("CA")}},
		"one-address":     {networks: networks{"192.0.2.9/32": country("DE")}},
		"four-everywhere": {networks{"0.0.0.0/0": country("DE")}, mmdbwriter.Options{IPVersion: 4}},

		// One record for all addresses, in files of the same size.
		"everywhere/DE":       {networks: networks{"::/0": country("DE")}},
		"everywhere/FR":       {networks: networks{"::/0": country("FR")}},
		"everywhere/US":       {networks: networks{"::/0": country("US")}},
		"everywhere/FR-later": {networks{"::/0": country("FR")}, mmdbwriter.Options{BuildEpoch: later.Unix()}},

		"everywhere/AS":    {networks: networks{"::/0": m.Map{"autonomous_system_number": m.Uint32(64496)}}},
		"everywhere/AS-DE": {networks: networks{"::/0": system(64496, "Example DE")}},
		"everywhere/AS-FR": {networks: networks{"::/0": system(64497, "Example FR")}},

		// Without a place.
		"anonymous":        {networks{"::/0": m.Map{"is_vpn": m.Bool(true)}}, mmdbwriter.Options{DatabaseType: "GeoIP2-Anonymous-IP"}},
		"without-networks": {},
		"without-places": {networks: networks{
			"192.0.2.0/28":  m.Map{},
			"192.0.2.16/28": m.Map{"is_anonymous": m.Bool(true)},
			"192.0.2.32/28": m.String("text"),
			"192.0.2.48/28": m.Slice{},
			"192.0.2.64/28": country("DE"),
		}},

		// Whole places.
		"berlin":             {networks: networks{"192.0.2.0/24": berlin, "2001:db8::/32": berlin, "198.51.100.0/24": m.Map{}}},
		"berlin-and-country": {networks: networks{"192.0.2.0/24": berlin, "2001:db8::/32": country("DE")}},
		"berlin-and-countries": {networks: networks{
			"192.0.2.0/24": berlin, "198.51.100.0/25": country("FR"), "2001:db8::/32": country("DE"),
		}},
		"four-of-32-bits": {networks{"192.0.2.0/24": country("DE")}, mmdbwriter.Options{IPVersion: 4, RecordSize: 32}},

		"shapes": {networks: shapes()},

		// Those of benchmarks.
		"bench/city":    {numbered(20, numberedBerlin), mmdbwriter.Options{IPVersion: 4}},
		"bench/asn":     {numbered(20, func(i int) m.DataType { return system(i+1, "Example") }), mmdbwriter.Options{IPVersion: 4}},
		"bench/clients": {numbered(18, numberedCity), mmdbwriter.Options{DatabaseType: "GeoLite2-City"}},
	}
	for name, record := range records {
		all["records/"+name] = database{networks: networks{"192.0.2.0/24": record}}
	}
	for name, record := range several {
		// A second network, so that the database holds places in any case.
		all["several/"+name] = database{networks: networks{"192.0.2.0/24": record, "198.51.100.0/24": country("GB")}}
	}
	return all
}

// country returns a record of the flat schema.
func country(code string) m.DataType { return m.Map{"country_code": m.String(code)} }

// system returns a record of an ASN database.
func system(number int, organization string) m.DataType {
	return m.Map{"autonomous_system_number": m.Uint32(number), "autonomous_system_organization": m.String(organization)}
}

// shapes returns a thousand networks in each family, nested in one another, with
// records of all shapes.
func shapes() networks {
	all := networks{}
	for i := range 1000 {
		record := m.Map{"country_code": m.String([]string{"DE", "fr", "ZZ", "US"}[i%4])}
		switch i % 5 {
		case 0:
			record["city"], record["latitude"], record["longitude"] = m.String(fmt.Sprint("City ", i)), m.Float32(float32(i)/10), m.Float32(-1.1)
		case 1:
			record = numberedBerlin(i).(m.Map)
		case 2:
			record = system(i, "Example").(m.Map)
		case 3:
			record["state1"] = m.String([]string{"Ohio", "OH", "OHIO", "1"}[i/5%4])
		}
		all[fmt.Sprintf("%d.%d.0.0/%d", 11+i%200, i%256, 9+i%16)] = record
		all[fmt.Sprintf("2001:%x::/%d", i, 24+i%40)] = record
	}
	return all
}

// numbered returns all networks of 20.0.0.0/8 with so many bits, each with a record
// of its own.
func numbered(bits int, record func(i int) m.DataType) networks {
	all := networks{}
	for i := range 1 << (bits - 8) {
		n := i << (24 - bits + 8)
		all[fmt.Sprintf("20.%d.%d.0/%d", n>>16, n>>8&255, bits)] = record(i)
	}
	return all
}

func numberedBerlin(i int) m.DataType {
	city := berlin.Copy().(m.Map)
	city["postal"] = m.Map{"code": m.String(strconv.Itoa(i))}
	return city
}

func numberedCity(i int) m.DataType {
	return m.Map{
		"continent": m.Map{"code": m.String("NA")},
		"country":   m.Map{"iso_code": m.String("US")},
		"city":      m.Map{"names": m.Map{"en": m.String(fmt.Sprintf("City %d", i))}},
		"location":  m.Map{"latitude": m.Float64(i % 90), "longitude": m.Float64(i % 180)},
		"postal":    m.Map{"code": m.String(strconv.Itoa(i))},
	}
}
