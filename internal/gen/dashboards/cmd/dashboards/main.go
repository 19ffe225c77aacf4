// Command dashboards writes the Grafana dashboards as JSON into a folder.
//
//	dashboards -out dashboards
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/gen/dashboards"
)

func main() {
	out := flag.String("out", "dashboards", "the folder for the files")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	for _, d := range dashboards.All() {
		text, err := d.JSON()
		if err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
		//nolint:gosec // G306: the files are for everybody to read
		if err := os.WriteFile(filepath.Join(folder, d.Name+".json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
