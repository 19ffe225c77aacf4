// Command geotests writes internal/enrich/geo/testdata, the databases of the tests
// there and of a benchmark of internal/ingest. The same program writes the same bytes.
//
//	geotests -out internal/enrich/geo/testdata
package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

//go:generate go run . -out ../../enrich/geo/testdata

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "geotests:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("geotests", flag.ContinueOnError)
	out := flags.String("out", "", "the folder to write to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" {
		return errors.New("give -out FOLDER")
	}
	for name, d := range databases() {
		data, err := d.build()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		path := filepath.Join(*out, filepath.FromSlash(name)+".mmdb")
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// networks are what a database holds: records by prefix.
type networks map[string]mmdbtype.DataType

// database is one for IPv6 and IPv4 of the type "Test", but for what its options say.
type database struct {
	networks
	options mmdbwriter.Options
}

// build returns the bytes of the file. A narrow network lies over a wide one.
func (d database) build() ([]byte, error) {
	options := d.options
	options.DatabaseType = cmp.Or(options.DatabaseType, "Test")
	options.BuildEpoch = cmp.Or(options.BuildEpoch, built.Unix())
	options.IncludeReservedNetworks = true
	options.DisableIPv4Aliasing = options.IPVersion == 4
	tree, err := mmdbwriter.New(options)
	if err != nil {
		return nil, err
	}
	prefixes := slices.SortedFunc(maps.Keys(d.networks), func(a, b string) int {
		return cmp.Or(netip.MustParsePrefix(a).Bits()-netip.MustParsePrefix(b).Bits(), cmp.Compare(a, b))
	})
	for _, prefix := range prefixes {
		_, network, err := net.ParseCIDR(prefix)
		if err != nil {
			return nil, err
		}
		if err := tree.Insert(network, d.networks[prefix]); err != nil {
			return nil, fmt.Errorf("%s: %w", prefix, err)
		}
	}
	var data bytes.Buffer
	_, err = tree.WriteTo(&data)
	return data.Bytes(), err
}
