package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"
)

// A stored value is
//
//	magic, format, content, XXH3-64 of all before with the key's hash as seed
//
// so that neither a damaged value nor one that belongs to another key is taken
// for a good one. Numbers in the content are unsigned varints, strings and byte
// strings have their length before them.
const (
	magic     = 0xC5
	format    = 1
	headerLen = 2
	sumLen    = 8
	idLen     = len(ID{})
)

var (
	errMissing   = errors.New("it is missing")
	errTruncated = errors.New("it is truncated")
	errForeign   = errors.New("it is not a value of this receiver")
	errChecksum  = errors.New("its checksum is wrong")
	errContent   = errors.New("its content makes no sense")
)

// newValue begins a value whose content will have about size bytes. A value is
// never used again once it was given to the storage, which may keep it.
func newValue(size int) []byte {
	return append(make([]byte, 0, headerLen+size+sumLen), magic, format)
}

// finish ends a value that is to be stored under key.
func finish(key string, b []byte) []byte {
	return binary.BigEndian.AppendUint64(b, checksum(key, b))
}

// content returns what a stored value holds. The result is a part of value.
func content(key string, value []byte) ([]byte, error) {
	switch n := len(value) - sumLen; {
	case value == nil:
		return nil, errMissing
	case n < headerLen:
		return nil, errTruncated
	case value[0] != magic:
		return nil, errForeign
	case value[1] != format:
		return nil, fmt.Errorf("it has format %d and this version reads format %d", value[1], format)
	case binary.BigEndian.Uint64(value[n:]) != checksum(key, value[:n]):
		return nil, errChecksum
	default:
		return value[headerLen:n], nil
	}
}

func checksum(key string, b []byte) uint64 {
	return xxh3.HashSeed(b, xxh3.HashString(key))
}

func appendString[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendIDs(b []byte, ids []ID) []byte {
	b = binary.AppendUvarint(b, uint64(len(ids)))
	for i := range ids {
		b = append(b, ids[i][:]...)
	}
	return b
}

// reader reads content. After the first error all it returns is zero.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err, r.rest = err, nil
	}
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	switch {
	case size == 0:
		r.fail(errTruncated)
	case size < 0:
		r.fail(errContent)
	default:
		r.rest = r.rest[size:]
		return n
	}
	return 0
}

// below reads a number that has to be below limit.
func (r *reader) below(limit uint64) uint64 {
	n := r.uvarint()
	if n >= limit {
		r.fail(errContent)
		return 0
	}
	return n
}

// count reads the number of items that follow, of at least size bytes each. It
// is never more than the rest has room for, so it may be used to allocate.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/size) {
		r.fail(errTruncated)
		return 0
	}
	return int(n)
}

// take returns the next n bytes, a part of the content, or nil.
func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.fail(errTruncated)
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) bytes() []byte { return r.take(r.count(1)) }

func (r *reader) string() string { return string(r.bytes()) }

func (r *reader) id() (id ID) {
	copy(id[:], r.take(idLen))
	return id
}

func (r *reader) ids() []ID {
	ids := make([]ID, r.count(idLen))
	for i := range ids {
		ids[i] = r.id()
	}
	return ids
}

// end returns the error of reading, also when not all was read.
func (r *reader) end() error {
	if len(r.rest) > 0 {
		r.fail(errContent)
	}
	return r.err
}
