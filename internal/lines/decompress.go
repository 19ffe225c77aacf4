package lines

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// storedBuffer is how many stored bytes are read at a time for a decompressor.
const storedBuffer = 32 << 10

// bufferPool holds the *bufio.Reader between source and decompressor. The
// object that took one owns it until close.
var bufferPool = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, storedBuffer) }}

// object reads the decompressed bytes of an object.
//
//	source -> stored -> in -> unpack -> Reader
type object struct {
	stored stored
	in     *bufio.Reader // nil once closed
	unpack unpacker      // nil for plain text
}

// unpacker is a decompressor. Its errors are those of the data, unless
// stored.err is set. It owns what it took from a pool until release.
type unpacker interface {
	io.Reader
	release()
}

// open opens src at its beginning and finds out how it is packed.
func (o *object) open(ctx context.Context, src Opener, windows *Windows) error {
	o.stored = stored{ctx: ctx, src: src}
	if err := o.stored.open(0); err != nil {
		return err
	}
	o.in = bufferPool.Get().(*bufio.Reader)
	o.in.Reset(&o.stored)
	// An error of Peek comes again with the first Read.
	magic, _ := o.in.Peek(4)
	switch {
	case isGzip(magic):
		o.unpack = newGzipMembers(o.in)
	case isZstd(magic):
		o.unpack = newZstdFrames(o.in, &o.stored, windows)
	}
	return nil
}

func (o *object) plain() bool { return o.unpack == nil }

// reopen opens a plain object anew at offset.
func (o *object) reopen(offset int64) error {
	if err := o.stored.open(offset); err != nil {
		return err
	}
	o.in.Reset(&o.stored)
	return nil
}

// Read reads decompressed bytes. An error of the source is returned as it is,
// whatever the decompressor made of it; any other than io.EOF is ErrCorrupt.
func (o *object) Read(p []byte) (n int, err error) {
	if o.plain() {
		n, err = o.in.Read(p)
	} else {
		n, err = o.unpack.Read(p)
	}
	switch {
	case err == nil:
		return n, nil
	case o.stored.err != nil:
		return n, o.stored.err
	case errors.Is(err, io.EOF):
		return n, io.EOF
	}
	return n, fmt.Errorf("%w: %w", ErrCorrupt, err)
}

func (o *object) close() error {
	if o.unpack != nil {
		o.unpack.release()
		o.unpack = nil
	}
	if o.in != nil {
		o.in.Reset(nil) // the pool must not keep the source alive
		bufferPool.Put(o.in)
		o.in = nil
	}
	return o.stored.close()
}

// stored reads the stored bytes of an object and remembers the error that ended
// them, because decompressors hide or replace it.
type stored struct {
	ctx  context.Context // of Open: a Reader is used within one call's life
	src  Opener
	body io.ReadCloser // nil when nothing is open
	err  error         // never io.EOF
}

// open closes what is open and opens the object at offset.
func (s *stored) open(offset int64) error {
	_ = s.close() // nothing more is wanted from it
	body, err := s.src.OpenAt(s.ctx, offset)
	if err != nil {
		s.err = err
		return err
	}
	s.body = body
	return nil
}

// emptyReads is how often in a row a source may return neither bytes nor an
// error, as in package bufio.
const emptyReads = 100

func (s *stored) Read(p []byte) (int, error) {
	for range emptyReads {
		// Not every source looks at ctx, a file does not.
		if err := s.ctx.Err(); err != nil {
			s.err = err
			return 0, err
		}
		n, err := s.body.Read(p)
		if err != nil && !errors.Is(err, io.EOF) {
			s.err = err
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	s.err = io.ErrNoProgress
	return 0, s.err
}

func (s *stored) close() error {
	if s.body == nil {
		return nil
	}
	err := s.body.Close()
	s.body = nil
	return err
}
