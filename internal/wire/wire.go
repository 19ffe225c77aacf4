// Package wire writes length-prefixed strings, and reads these and the varints that
// encoding/binary appends: the contents of stored values. It owns no memory.
package wire

import (
	"encoding/binary"
	"errors"
)

var (
	// ErrTruncated means that the content ends too early.
	ErrTruncated = errors.New("truncated")
	// ErrContent means that no writer makes this content.
	ErrContent = errors.New("invalid content")
)

// AppendString appends a length-prefixed string.
func AppendString[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Reader reads content from its front. After the first error all results are zero, so
// that only End has to be checked. It never panics and never allocates more than the
// length of the content.
type Reader struct {
	rest []byte
	err  error
}

// NewReader returns a Reader of content, which must not change while parts of it
// are in use.
func NewReader(content []byte) *Reader { return &Reader{rest: content} }

// Fail sets the error unless there is one.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err, r.rest = err, nil
	}
}

// Err returns the error so far.
func (r *Reader) Err() error { return r.err }

// Uvarint reads a number.
func (r *Reader) Uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	return uint64(number(r, int64(n), size))
}

// Varint reads a number that may be negative.
func (r *Reader) Varint() int64 {
	n, size := binary.Varint(r.rest)
	return number(r, n, size)
}

func number(r *Reader, n int64, size int) int64 {
	switch {
	case size == 0:
		r.Fail(ErrTruncated)
	case size < 0:
		r.Fail(ErrContent)
	default:
		r.rest = r.rest[size:]
		return n
	}
	return 0
}

// Below reads a number that has to be below limit.
func (r *Reader) Below(limit uint64) uint64 {
	n := r.Uvarint()
	if n >= limit {
		r.Fail(ErrContent)
		return 0
	}
	return n
}

// Count reads the number of items that follow, of at least size bytes each. It is
// checked against the length of the rest, so it may be used to allocate.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(len(r.rest)/size) {
		r.Fail(ErrTruncated)
		return 0
	}
	return int(n)
}

// Take returns the next n bytes, a part of the content, or nil.
func (r *Reader) Take(n int) []byte {
	if n > len(r.rest) {
		r.Fail(ErrTruncated)
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// Bytes reads what AppendString wrote, as a part of the content.
func (r *Reader) Bytes() []byte { return r.Take(r.Count(1)) }

// String reads what AppendString wrote, as a copy.
func (r *Reader) String() string { return string(r.Bytes()) }

// End returns the first error; unread content is one.
func (r *Reader) End() error {
	if len(r.rest) > 0 {
		r.Fail(ErrContent)
	}
	return r.err
}
