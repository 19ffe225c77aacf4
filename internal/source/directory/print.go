package directory

import (
	"bytes"
	"errors"
	"io"

	"github.com/zeebo/xxh3"
)

const (
	// edgeLen is how many bytes of a file's beginning and end tell it from others.
	edgeLen = 4 << 10
	// lineLen is how far before a file's end the beginning of its last line is looked
	// for.
	lineLen = 1 << 20
)

// packed are the magic bytes of gzip and zstd. Offsets of work count decompressed
// bytes, so the size of such a file is not an offset.
var packed = [][]byte{{0x1f, 0x8b}, {0x28, 0xb5, 0x2f, 0xfd}}

// edges hashes a file's first and last edgeLen bytes before end. It is never 0.
func edges(f io.ReaderAt, end int64) (uint64, error) {
	var buf [edgeLen]byte
	b := buf[:min(end, edgeLen)]
	if err := readAt(f, b, 0); err != nil {
		return 0, err
	}
	hash := xxh3.Hash(b)
	if end > edgeLen {
		if err := readAt(f, b, end-edgeLen); err != nil {
			return 0, err
		}
		hash = xxh3.HashSeed(b, hash)
	}
	return hash | 1, nil
}

// isPacked reports whether a file is compressed.
func isPacked(f io.ReaderAt) bool {
	var head [4]byte
	n, _ := f.ReadAt(head[:], 0) // an error shows when the file is read
	for _, magic := range packed {
		if bytes.HasPrefix(head[:n], magic) {
			return true
		}
	}
	return false
}

// wholeLines returns the offset behind the last newline before end; 0 when there is none
// within lineLen.
func wholeLines(f io.ReaderAt, end int64) (int64, error) {
	var buf [edgeLen]byte
	for to := end; to > max(0, end-lineLen); to -= edgeLen {
		b := buf[:min(to, edgeLen)]
		if err := readAt(f, b, to-int64(len(b))); err != nil {
			return 0, err
		}
		if last := bytes.LastIndexByte(b, '\n'); last >= 0 {
			return to - int64(len(b)) + int64(last) + 1, nil
		}
	}
	return 0, nil
}

// readAt fills b. ReadAt may return io.EOF together with the last byte.
func readAt(f io.ReaderAt, b []byte, at int64) error {
	if n, err := f.ReadAt(b, at); n < len(b) {
		return errors.Join(io.ErrUnexpectedEOF, err)
	}
	return nil
}
