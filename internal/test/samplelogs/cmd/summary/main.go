// Command summary shows what a collector made of a directory of log objects: it
// reads the objects, and the OTLP JSON that the file exporter wrote, and fails
// when there are not as many records as lines, or not as many requests counted.
//
//	summary -samples testdata/sample -records _run/records.jsonl -metrics _run/metrics.jsonl
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
	records := flag.String("records", "", "the file exporter's output of the logs")
	metrics := flag.String("metrics", "", "the file exporter's output of the metrics")
	flag.Parse()
	if err := run(os.Stdout, *samples, *records, *metrics); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, samples, records, metrics string) error {
	in, err := readObjects(samples)
	if err != nil {
		return err
	}
	out, err := readRecords(records)
	if err != nil {
		return err
	}
	sums, err := readMetrics(metrics)
	if err != nil {
		return err
	}
	page := bufio.NewWriter(w)
	in.print(page)
	out.print(page)
	sums.print(page)
	if err := page.Flush(); err != nil {
		return err
	}
	if out.records+len(out.malformed) != in.lines {
		return fmt.Errorf("the objects hold %d lines, the collector gave %d records and %d malformed ones",
			in.lines, out.records, len(out.malformed))
	}
	if t := sums.totals["aws.s3.server.requests"]; t == nil || t.count != int64(out.records) {
		return fmt.Errorf("%d records came out, and %+v requests were counted", out.records, t)
	}
	return nil
}
