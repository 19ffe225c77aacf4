// Command scaling writes the tables of docs/scaling.md anew.
//
//	go run ./internal/scaling/cmd/scaling docs/scaling.md
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/scaling"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "scaling:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("give one page")
	}
	name := filepath.Clean(args[0])
	page, err := os.ReadFile(name) //nolint:gosec // G703: the page that the caller names
	if err != nil {
		return err
	}
	filled, err := scaling.Fill(string(page))
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(filled), 0o600) //nolint:gosec // G703: as above
}
