// Command cookbook writes docs/cookbook.md.
//
//	cookbook -out docs/cookbook.md
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/gen/cookbook"
)

func main() {
	out := flag.String("out", "docs/cookbook.md", "the file to write")
	flag.Parse()
	//nolint:gosec // G306: the page is for everybody to read
	if err := os.WriteFile(*out, []byte(cookbook.Page()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "cookbook:", err)
		os.Exit(1)
	}
}
