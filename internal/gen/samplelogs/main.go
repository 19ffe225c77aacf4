// Command samplelogs writes sample S3 server access logs: the week that is kept
// in testdata/sample, or files of any size for measurements.
//
//	samplelogs -week testdata/sample
//	samplelogs -bytes 2GB -out /tmp/one.log
//	samplelogs -bytes 200MB -objects 32 -out /tmp/many
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

//go:generate go run . -week ../../../testdata/sample

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "samplelogs:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("samplelogs", flag.ContinueOnError)
	week := flags.String("week", "", "write the week of sample objects into this directory, which is emptied first")
	size := flags.String("bytes", "", "write records until a file has this size, such as 200MB or 2GiB")
	objects := flags.Int("objects", 0, "write this many files, named as S3 does, into the directory -out")
	out := flags.String("out", "", "the file, or with -objects the directory, to write")
	seed := flags.Uint64("seed", samplelogs.Seed, "the same seed gives the same records")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case *week != "" && *size == "":
		return writeWeek(*week, *seed)
	case *week == "" && *size != "" && *out != "":
		n, err := parseSize(*size)
		if err != nil {
			return err
		}
		if *objects == 0 {
			return writeFile(*out, *seed, n)
		}
		return writeMany(*out, *seed, n, *objects)
	}
	return errors.New("give either -week DIR, or -bytes SIZE and -out PATH")
}

func writeWeek(dir string, seed uint64) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for _, o := range samplelogs.Week(seed) {
		file := filepath.Join(dir, filepath.FromSlash(o.Path))
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(file, o.Stored(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func writeMany(dir string, seed uint64, size int64, objects int) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for i := range objects {
		name := fmt.Sprintf("2026-11-09-00-%02d-%02d-%016d", i/60%60, i%60, i)
		if err := writeFile(filepath.Join(dir, name), seed+uint64(i), size); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(name string, seed uint64, size int64) (err error) {
	f, err := os.Create(filepath.Clean(name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	records, err := samplelogs.Write(f, seed, size)
	if err == nil {
		fmt.Printf("%s: %d records\n", name, records)
	}
	return err
}

// parseSize reads a number of bytes with a unit: powers of 1000 for kB, MB, GB,
// of 1024 for KiB, MiB, GiB.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "BGKMgikm")
	units := map[string]int64{
		"": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
	}
	unit, known := units[s[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !known || n < 0 {
		return 0, fmt.Errorf("size %q: want a whole number and a unit, such as 200MB or 2GiB", s)
	}
	return n * unit, nil
}
