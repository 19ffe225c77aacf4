// Command summary shows what a collector made of a directory of log objects: it
// reads the objects, and the OTLP JSON that the file exporter wrote, and fails
// when there are not as many records as lines.
//
//	summary -samples testdata/sample -records _run/records.jsonl
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	samples := flag.String("samples", "", "the directory of log objects that was read")
	records := flag.String("records", "", "the file exporter's output")
	flag.Parse()
	if err := run(os.Stdout, *samples, *records); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, samples, records string) error {
	in, err := readObjects(samples)
	if err != nil {
		return err
	}
	out, err := readRecords(records)
	if err != nil {
		return err
	}
	page := bufio.NewWriter(w)
	in.print(page)
	out.print(page)
	if err := page.Flush(); err != nil {
		return err
	}
	if out.records+len(out.malformed) != in.lines {
		return fmt.Errorf("the objects hold %d lines, the collector gave %d records and %d malformed ones",
			in.lines, out.records, len(out.malformed))
	}
	return nil
}
