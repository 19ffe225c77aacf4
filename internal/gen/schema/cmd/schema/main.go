// Command schema writes docs/schema.md.
//
//	schema -out docs/schema.md
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/gen/schema"
)

func main() {
	out := flag.String("out", "docs/schema.md", "the file to write")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func write(name string) error {
	page, err := schema.Page()
	if err != nil {
		return err
	}
	//nolint:gosec // G306: the page is for everybody to read
	return os.WriteFile(name, []byte(page), 0o644)
}
