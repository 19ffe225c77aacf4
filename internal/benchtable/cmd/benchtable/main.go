// Command benchtable turns the output of `go test -bench` into Markdown tables
// of each benchmark beside its floor.
//
//	go test -run '^$' -bench . -benchmem ./... | benchtable -commit $(git describe --always) >table.md
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/benchtable"
)

const module = "github.com/otelcol-s3audit/otelcol-s3audit"

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchtable:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	c := benchtable.Circumstances{Date: time.Now().UTC().Format(time.DateOnly), Go: runtime.Version(), Cores: runtime.NumCPU()}
	flags := flag.NewFlagSet("benchtable", flag.ContinueOnError)
	flags.StringVar(&c.Commit, "commit", "", "what was measured")
	flags.StringVar(&c.Command, "command", "", "how it was measured")
	flags.StringVar(&c.Note, "note", "", "what else there is to know, such as the load of the machine")
	if err := flags.Parse(args); err != nil {
		return err
	}
	results, err := benchtable.Read(in, module)
	if err != nil {
		return err
	}
	return benchtable.Write(out, results, c)
}
