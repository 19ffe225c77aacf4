package directory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/later"
)

// item is a file that was handed out and not acknowledged: its content, its receipt.
type item struct {
	from *Source
	work *source.Work // owned by whoever settles it next
	path string
	info fs.FileInfo   // when it was found
	tail atomic.Uint64 // of what is being read; see tailOf
}

func (s *Source) newItem(path string, info fs.FileInfo, name source.Name) *item {
	it := &item{from: s, path: path, info: info}
	it.work = &source.Work{
		Object:  source.Object{Key: path, Size: info.Size(), Name: name},
		Content: it, Receipt: it,
	}
	return it
}

// Ack implements source.Receipt.
func (it *item) Ack() {
	s := it.from
	s.mu.Lock()
	s.out--
	if s.cfg.Follow {
		s.files.done(idOf(it.path), it.info.Size(), it.tail.Load())
	}
	s.mu.Unlock()
	s.later.Wake()
}

// Nack implements source.Receipt.
func (it *item) Nack(offset int64, charge bool) {
	it.work = later.Again(it.work, offset, charge)
	it.from.later.Push(it.work, it.from.deps.Clock.Now()) // last: Next may hand it out at once
}

// Replace implements source.Receipt. It is not called: a replaced file is found as a
// new one.
func (it *item) Replace(source.Object) { it.Ack() }

// OpenAt implements source.Content. When following, it reads the file up to the size
// it was found with: bytes appended since are read later, and a file that was replaced
// or truncated is source.ErrChanged; the new one is offered later.
func (it *item) OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	it.tail.Store(0) // an earlier attempt may have read another file
	f, err := os.Open(it.path)
	if err != nil {
		return nil, readError(it.path, err)
	}
	r, err := it.reader(f, offset)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return r, nil
}

func (it *item) reader(f *os.File, offset int64) (*reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, readError(it.path, err)
	}
	end := info.Size()
	if it.from.cfg.Follow {
		if !os.SameFile(info, it.info) || end < it.info.Size() {
			return nil, fmt.Errorf("%w: %s was replaced", source.ErrChanged, it.path)
		}
		end = it.info.Size()
		it.tail.Store(tail(f, end))
	}
	if offset > end {
		return nil, fmt.Errorf("%w: %s ends before byte %d, where reading was to go on", source.ErrChanged, it.path, offset)
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, readError(it.path, err)
	}
	return &reader{file: f, path: it.path, left: end - offset}, nil
}

// reader reads a file up to a size.
type reader struct {
	file *os.File
	path string
	left int64
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.file.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF):
		return n, fmt.Errorf("%w: %s was cut while it was read", source.ErrChanged, r.path)
	case err != nil:
		return n, readError(r.path, err)
	}
	return n, nil
}

// Close implements io.Closer.
func (r *reader) Close() error { return r.file.Close() }

// readError returns an error that says what is wrong with a file.
func readError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s: it was removed before it was read", source.ErrGone, path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %s: allow user %d, as whom the collector runs, to read it", source.ErrDenied, path, os.Geteuid())
	default:
		return fmt.Errorf("%w: %w", source.ErrUnreachable, err) // err names the path
	}
}

// tailLen is how many bytes before a file's old end are compared to find out whether
// it was only appended to.
const tailLen = 256

// packed are the magic bytes of gzip and zstd. Offsets of work count decompressed
// bytes, so the size of such a file is not an offset.
var packed = [][]byte{{0x1f, 0x8b}, {0x28, 0xb5, 0x2f, 0xfd}}

// tail returns a hash of the last bytes before end in a plain file of whole lines,
// else 0.
func tail(f io.ReaderAt, end int64) uint64 {
	var head [4]byte
	var buf [tailLen]byte
	last := buf[:min(end, tailLen)]
	if len(last) < len(head) {
		return 0
	}
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return 0
	}
	for _, magic := range packed {
		if bytes.HasPrefix(head[:], magic) {
			return 0
		}
	}
	// ReadAt may return io.EOF together with the last byte.
	if n, _ := f.ReadAt(last, end-int64(len(last))); n < len(last) || last[n-1] != '\n' {
		return 0
	}
	return xxh3.Hash(last) | 1
}

// tailOf is tail of the first end bytes of a file.
func tailOf(path string, end int64) uint64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	return tail(f, end)
}
