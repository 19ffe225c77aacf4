// Package wire has numbers and texts in stored values: varints, and texts with their
// length before them.
package wire

import (
	"encoding/binary"
	"errors"
)

// ErrInvalid is the error of what was not written by this package.
var ErrInvalid = errors.New("invalid content")

// Uint appends a number.
func Uint(to []byte, v uint64) []byte { return binary.AppendUvarint(to, v) }

// Int appends a number that may be negative.
func Int(to []byte, v int64) []byte { return binary.AppendVarint(to, v) }

// Text appends a text.
func Text[T string | []byte](to []byte, v T) []byte { return append(Uint(to, uint64(len(v))), v...) }

// Reader reads what was appended. After the first error it returns zeros.
type Reader struct {
	rest []byte
	err  error
}

// NewReader returns a reader of a value, which stays the caller's.
func NewReader(value []byte) *Reader { return &Reader{rest: value} }

// Uint reads a number.
func (r *Reader) Uint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Int reads a number that may be negative.
func (r *Reader) Int() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Below reads a number that is less than a limit.
func (r *Reader) Below(limit int) int {
	v := r.Uint()
	if v >= uint64(limit) {
		r.fail()
		return 0
	}
	return int(v)
}

// Count reads how many things follow, each of a byte at least.
func (r *Reader) Count() int { return r.Below(len(r.rest) + 1) }

// Text reads a text of at most so many bytes. It points into the value.
func (r *Reader) Text(most int) []byte {
	n := r.Uint()
	if n > uint64(most) || n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	text := r.rest[:n:n]
	r.rest = r.rest[n:]
	return text
}

// Fixed reads a number of 8 bytes.
func (r *Reader) Fixed() uint64 {
	if len(r.rest) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return v
}

// Fixed appends a number as 8 bytes.
func Fixed(to []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(to, v) }

// Fail lets the reader have an error: what was read makes no sense.
func (r *Reader) Fail() { r.fail() }

// Failed reports whether there was an error.
func (r *Reader) Failed() bool { return r.err != nil }

// More reports whether there is more to read.
func (r *Reader) More() bool { return r.err == nil && len(r.rest) > 0 }

// Close returns ErrInvalid when there was an error or there is more to read.
func (r *Reader) Close() error {
	if len(r.rest) > 0 {
		r.fail()
	}
	return r.err
}

func (r *Reader) fail() {
	r.err = ErrInvalid
	r.rest = nil
}
