package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// A stored value is
//
//	magic, format, content, XXH3-64 of all before with the key's hash as seed
//
// so that a damaged value, or that of another key, is detected. Numbers in the content
// are unsigned varints; strings and byte strings are prefixed with their length.
const (
	magic     = 0xC5
	format    = 1
	headerLen = 2
	sumLen    = 8
	idLen     = len(ID{})
)

var (
	errMissing  = errors.New("missing")
	errForeign  = errors.New("not a value of this receiver")
	errChecksum = errors.New("wrong checksum")
)

// newValue begins a value whose content will have about size bytes. A value must not
// be modified once it was given to the storage, which may keep it.
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
		return nil, wire.ErrTruncated
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

func appendIDs(b []byte, ids []ID) []byte {
	b = binary.AppendUvarint(b, uint64(len(ids)))
	for i := range ids {
		b = append(b, ids[i][:]...)
	}
	return b
}

// reader reads content; after the first error all results are zero.
type reader struct{ *wire.Reader }

func newReader(content []byte) reader { return reader{wire.NewReader(content)} }

func (r reader) id() (id ID) {
	copy(id[:], r.Take(idLen))
	return id
}

func (r reader) ids() []ID {
	ids := make([]ID, r.Count(idLen))
	for i := range ids {
		ids[i] = r.id()
	}
	return ids
}
