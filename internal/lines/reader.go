package lines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

var errClosed = errors.New("lines: reader is closed")

// nearOffset is up to where plain text is read and thrown away to get to an
// offset, in bytes: cheaper than asking for the object a second time.
const nearOffset = 64 << 10

// scratchPool holds buffers of chunkSize bytes. The Reader that took one owns
// it until Close.
var scratchPool = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// Reader reads chunks. It is for one goroutine.
//
//	scratch:  [ returned | pending ........ | room ]
//	                     ^start             ^end
//
// Bytes are gathered in scratch and copied out as the string of a chunk. That
// copy costs no more than clearing fresh memory to read into, and a chunk is
// never larger than its text, however small the object.
type Reader struct {
	object object
	limits Limits

	pooled     *[chunkSize]byte // what scratch was at first; nil once closed
	scratch    []byte           // grows for a line that is longer, to Limits.Line+2 at most
	start, end int
	offset     int64 // of the pending bytes in the decompressed object

	// err is what ended the reading; it stands behind the pending bytes.
	err error
}

// Open opens src and begins at offset: 0, a Chunk.End of an earlier reading, or where a
// record begins within a line, whose rest is then the first line.
// gzip, of any number of members, and zstd, of any number of frames, are told by
// their magic bytes; packed data inside packed data is not text. A UTF-8 byte
// order mark at the beginning is passed over. An offset past the end gives an
// object without further lines.
//
// Open returns the errors of src.OpenAt and ErrNotText. All others come from
// Next, behind the lines before them. ctx is used until Close.
func Open(ctx context.Context, src Opener, offset int64, limits Limits) (*Reader, error) {
	r := &Reader{limits: limits, pooled: scratchPool.Get().(*[chunkSize]byte)}
	r.scratch = r.pooled[:]
	err := r.object.open(ctx, src, limits.Windows)
	if err == nil {
		err = r.begin(offset)
	}
	if err != nil {
		_ = r.Close() // the error of opening is the one that tells
		return nil, err
	}
	return r, nil
}

// begin looks at the head of the object and goes to offset.
func (r *Reader) begin(offset int64) error {
	r.fill(headSize)
	head := r.pending()
	head = bytes.TrimPrefix(head[:min(len(head), headSize)], byteOrderMark)
	// A head that an error cut short says nothing about the type.
	if r.err == nil || errors.Is(r.err, io.EOF) {
		if kind, ok := textual(head); !ok {
			return fmt.Errorf("%w: looks like %s", ErrNotText, kind)
		}
	}
	if offset == 0 && bytes.HasPrefix(r.pending(), byteOrderMark) {
		offset = int64(len(byteOrderMark))
	}
	if r.object.plain() && offset > nearOffset && r.err == nil {
		return r.jump(offset)
	}
	r.skip(offset)
	return nil
}

// jump opens a plain object anew at offset. It asks for one byte more, because
// a range that begins at an object's end is an error to S3.
func (r *Reader) jump(offset int64) error {
	if offset > r.limits.Object {
		r.start, r.end, r.err = 0, 0, r.tooLarge()
		return nil
	}
	if err := r.object.reopen(offset - 1); err != nil {
		return err
	}
	r.start, r.end, r.offset = 0, 0, offset-1
	r.skip(offset)
	return nil
}

// skip drops bytes up to offset, or up to the end of the object.
func (r *Reader) skip(offset int64) {
	for r.offset < offset {
		r.fill(1)
		n := min(int64(len(r.pending())), offset-r.offset)
		if n == 0 {
			return
		}
		r.drop(int(n))
	}
}

// Next returns the next chunk, io.EOF after the last. After an error the chunks
// before it stand; the line that the error broke is not returned. An error is
// ErrCorrupt (with its cause), ErrTooLarge, or what src or ctx reported; it is
// returned again by every later call.
func (r *Reader) Next() (Chunk, error) {
	// A line that ends within this many bytes is not longer than Limits.Line.
	size := min(chunkSize, r.limits.Line+1)
	r.fill(size)
	text := r.pending()
	if len(text) == 0 {
		return Chunk{}, r.err
	}
	if last := bytes.LastIndexByte(text[:min(len(text), size)], '\n'); last >= 0 {
		return r.take(last + 1), nil
	}
	return r.single()
}

// single returns the first pending line as a chunk of its own: it is longer
// than a chunk, longer than Limits.Line, or the last line, without a newline.
func (r *Reader) single() (Chunk, error) {
	most := r.limits.Line + len("\r\n")
	var newline, seen int // newline counts from seen; below 0 there is none
	for {
		text := r.pending()
		newline = bytes.IndexByte(text[seen:], '\n')
		if newline >= 0 || r.err != nil || len(text) >= most {
			break
		}
		seen = len(text)
		r.fill(min(max(2*seen, chunkSize), most))
	}
	text := r.pending()
	switch {
	case newline >= 0:
		newline += seen
		if len(trimReturn(text[:newline])) <= r.limits.Line {
			return r.take(newline + 1), nil
		}
	case r.err == nil: // no newline within what a line may take
	case !errors.Is(r.err, io.EOF):
		return Chunk{}, r.err
	case len(text) <= r.limits.Line:
		return r.take(len(text)), nil
	}
	return r.long()
}

// Close returns what Open took and closes what it opened. A second Close does
// nothing.
func (r *Reader) Close() error {
	if r.pooled == nil {
		return nil
	}
	scratchPool.Put(r.pooled)
	r.pooled, r.scratch, r.start, r.end, r.err = nil, nil, 0, 0, errClosed
	return r.object.close()
}

// pending are the bytes that were read but not yet returned, valid until the
// next fill.
func (r *Reader) pending() []byte { return r.scratch[r.start:r.end] }

// take returns the first n pending bytes as a chunk.
func (r *Reader) take(n int) Chunk {
	c := Chunk{Text: string(r.pending()[:n]), Offset: r.offset}
	r.drop(n)
	c.End = r.offset
	return c
}

func (r *Reader) drop(n int) {
	r.start += n
	r.offset += int64(n)
}

// fill reads until n bytes are pending or r.err is set. It is the only place
// that reads, and so the one that holds Limits.Object.
func (r *Reader) fill(n int) {
	if r.err != nil || r.end-r.start >= n {
		return
	}
	if len(r.scratch)-r.start < n {
		to := r.scratch
		if len(to) < n {
			to = make([]byte, n)
		}
		r.end = copy(to, r.pending())
		r.scratch, r.start = to, 0
	}
	for r.err == nil && r.end-r.start < n {
		room := r.scratch[r.end:]
		// One byte past the limit shows that the object goes on.
		left := r.limits.Object - r.offset - int64(r.end-r.start)
		if int64(len(room)) > left {
			room = room[:left+1]
		}
		var got int
		got, r.err = r.object.Read(room)
		if int64(got) > left {
			got, r.err = int(left), r.tooLarge()
		}
		r.end += got
	}
}

func (r *Reader) tooLarge() error {
	return fmt.Errorf("%w (%d bytes)", ErrTooLarge, r.limits.Object)
}
