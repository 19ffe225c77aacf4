package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// input is what a directory of log objects holds.
type input struct {
	objects, packed int
	stored, text    int // bytes
	lines           int // that are not blank
}

func readObjects(dir string) (input, error) {
	var in input
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		stored, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text, err := samplelogs.ReadText(stored)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		in.objects++
		in.stored += len(stored)
		in.text += len(text)
		if len(text) > 0 && &text[0] != &stored[0] {
			in.packed++
		}
		for line := range bytes.Lines(text) {
			if len(bytes.TrimSpace(line)) > 0 {
				in.lines++
			}
		}
		return nil
	})
	return in, err
}

func (in input) print(w io.Writer) {
	fmt.Fprintf(w, "\nRead      %d objects (%d of them gzip), %d bytes, %d unpacked, %d lines\n",
		in.objects, in.packed, in.stored, in.text, in.lines)
}
