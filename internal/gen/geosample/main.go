// Command geosample writes testdata/geo/sample.mmdb, the database for the sample
// logs. The same program writes the same bytes.
//
//	geosample -out testdata/geo/sample.mmdb
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// built is when the sample logs were written, too.
var built = time.Date(2026, time.November, 9, 0, 0, 0, 0, time.UTC)

//go:generate go run . -out ../../../testdata/geo/sample.mmdb

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "geosample:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("geosample", flag.ContinueOnError)
	out := flags.String("out", "", "the file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" {
		return errors.New("give -out FILE")
	}
	data, err := database()
	if err != nil {
		return err
	}
	return os.WriteFile(*out, data, 0o600)
}

// database returns the bytes of the sample database: MaxMind's schema of a City
// and an ASN database in one.
func database() ([]byte, error) {
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType:            "otelcol-s3audit-Sample-City-ASN",
		Description:             map[string]string{"en": "Invented allocations of addresses set apart for documentation"},
		Languages:               []string{"en"},
		BuildEpoch:              built.Unix(),
		RecordSize:              24,
		IncludeReservedNetworks: true, // that is where documentation lives
	})
	if err != nil {
		return nil, err
	}
	for _, a := range allocations {
		_, network, err := net.ParseCIDR(a.network)
		if err != nil {
			return nil, err
		}
		if err := tree.Insert(network, a.record()); err != nil {
			return nil, fmt.Errorf("%s: %w", a.network, err)
		}
	}
	var data bytes.Buffer
	_, err = tree.WriteTo(&data)
	return data.Bytes(), err
}

func (a *allocation) record() mmdbtype.Map {
	return mmdbtype.Map{
		"continent":    mmdbtype.Map{"code": mmdbtype.String(a.continent), "names": english(continents[a.continent])},
		"country":      mmdbtype.Map{"iso_code": mmdbtype.String(a.country)},
		"subdivisions": mmdbtype.Slice{mmdbtype.Map{"iso_code": mmdbtype.String(a.region)}},
		"city":         mmdbtype.Map{"names": english(a.city)},
		"postal":       mmdbtype.Map{"code": mmdbtype.String(a.postal)},
		"location":     mmdbtype.Map{"latitude": mmdbtype.Float64(a.lat), "longitude": mmdbtype.Float64(a.lon)},

		"autonomous_system_number":       mmdbtype.Uint32(a.as),
		"autonomous_system_organization": mmdbtype.String(organizations[a.as]),
	}
}

func english(name string) mmdbtype.Map { return mmdbtype.Map{"en": mmdbtype.String(name)} }
