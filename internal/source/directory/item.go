package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/later"
)

// item is a file that was handed out and not acknowledged: its content, its receipt.
type item struct {
	from  *Source
	work  *source.Work // owned by whoever settles it next
	path  string
	place place
	info  fs.FileInfo // when it was found
	end   int64       // the size, or the end of the last whole line
	torn  bool        // the size is not the end
	began reading     // what was read of it before it grew

	file   fileID
	same   source.ID // see sameID; zero means unknown
	read   reading   // what will have been read
	opened atomic.Bool
}

func (s *Source) newItem(at found, name source.Name, group string) *item {
	it := &item{from: s, path: at.path, place: at.place, info: at.info, end: at.info.Size(), file: fileOf(at.path, at.info)}
	it.work = &source.Work{
		Object:  source.Object{Key: at.path, Size: it.end, Name: name},
		Content: it, Receipt: it, Group: group,
	}
	return it
}

// identify sets the work's ID, and what is committed of it.
func (it *item) identify(id source.ID) {
	it.work.ID, it.work.Object.ETag = id, version(it.end, it.info)
	it.work.Offset, it.work.Attempt = it.from.deps.Progress.Reached(id)
}

// grew reports whether a beginning of the file was read before, which may be empty.
func (it *item) grew() bool { return it.began.hash != 0 && it.began.end < it.read.end }

// Ack implements source.Receipt.
func (it *item) Ack() {
	s := it.from
	s.mu.Lock()
	s.out--
	delete(s.reading, it.file)
	read := it.read
	if !it.opened.Load() { // it was given up
		read = reading{}
	}
	if it.grew() && read.hash != 0 {
		s.known.grew(it.file, read)
	}
	if alias := it.work.Alias; it.opened.Load() && alias != (source.ID{}) && !s.known.done(alias) { // given up
		s.known.add(it.work.Group, alias)
	}
	if s.cfg.Follow {
		s.files.done(idOf(it.path), it.file, read, it.torn)
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
	it.opened.Store(false)
	f, info, err := it.place.open()
	if err != nil {
		return nil, readError(it.path, err)
	}
	r, err := it.reader(f, info, offset)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	it.opened.Store(true)
	return r, nil
}

func (it *item) reader(f *os.File, info fs.FileInfo, offset int64) (*reader, error) {
	end := info.Size()
	if it.from.cfg.Follow {
		if !os.SameFile(info, it.info) || end < it.info.Size() {
			return nil, fmt.Errorf("%w: %s was replaced", source.ErrChanged, it.path)
		}
		end = it.end
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
