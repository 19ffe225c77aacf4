package wire

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatIsAppendedIsRead(t *testing.T) {
	unsigned := []uint64{0, 1, 127, 128, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}
	signed := []int64{0, 1, -1, math.MinInt64, math.MaxInt64}
	texts := []string{"", "a", "\x00\xff", strings.Repeat("x", 300)}
	var b []byte
	for _, n := range unsigned {
		b = binary.AppendUvarint(b, n)
	}
	for _, n := range signed {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range texts {
		b = AppendString(b, s)
		b = AppendString(b, []byte(s))
	}
	r := NewReader(b)
	for _, n := range unsigned {
		assert.Equal(t, n, r.Uvarint())
	}
	for _, n := range signed {
		assert.Equal(t, n, r.Varint())
	}
	for _, s := range texts {
		assert.Equal(t, s, r.String())
		assert.Equal(t, s, string(r.Bytes()))
	}
	require.NoError(t, r.End())
}

func TestErrors(t *testing.T) {
	tests := map[string]struct {
		content []byte
		read    func(*Reader) any
		want    error
	}{
		"no number":            {nil, func(r *Reader) any { return r.Uvarint() }, ErrTruncated},
		"half a number":        {[]byte{0x80}, func(r *Reader) any { return r.Varint() }, ErrTruncated},
		"a number too long":    {[]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), func(r *Reader) any { return r.Uvarint() }, ErrContent},
		"a number too large":   {[]byte{5}, func(r *Reader) any { return r.Below(5) }, ErrContent},
		"fewer items":          {[]byte{3, 0, 0, 0, 0, 0}, func(r *Reader) any { return r.Count(2) }, ErrTruncated},
		"more than any memory": {binary.AppendUvarint(nil, math.MaxUint64), func(r *Reader) any { return r.Count(1) }, ErrTruncated},
		"half a text":          {[]byte{3, 'a', 'b'}, func(r *Reader) any { return r.String() }, ErrTruncated},
		"no byte":              {nil, func(r *Reader) any { return r.Take(1) }, ErrTruncated},
		"more than was read":   {[]byte{1, 2}, func(r *Reader) any { r.Uvarint(); return r.End() }, ErrContent},
	}
	for name, test := range tests {
		r := NewReader(test.content)
		test.read(r)
		require.ErrorIs(t, r.Err(), test.want, name)
		require.ErrorIs(t, r.End(), test.want, name)
	}
}

// After the first error all is zero, and the error stays.
func TestFirstError(t *testing.T) {
	r := NewReader([]byte{9, 1, 2, 3})
	assert.Zero(t, r.Below(9))
	assert.Zero(t, r.Uvarint())
	assert.Zero(t, r.Varint())
	assert.Zero(t, r.Count(1))
	assert.Empty(t, r.String())
	assert.Nil(t, r.Take(1))
	r.Fail(ErrTruncated)
	require.ErrorIs(t, r.End(), ErrContent)
}

// What is taken may be appended to without a change of what follows.
func TestTakenPartsEndWhereTheyEnd(t *testing.T) {
	content := []byte{2, 'a', 'b', 'c'}
	r := NewReader(content)
	_ = append(r.Bytes(), 'x')
	assert.Equal(t, byte('c'), content[3])
	assert.Equal(t, []byte("c"), r.Take(1))
}

// No content makes a reader panic, or a count larger than the content.
func FuzzReader(f *testing.F) {
	f.Add([]byte{2, 'a', 'b', 0x80, 0x01, 5})
	f.Fuzz(func(t *testing.T, content []byte) {
		r := NewReader(content)
		for r.Err() == nil && len(r.rest) > 0 {
			before := len(r.rest)
			switch content[0] % 4 {
			case 0:
				r.Uvarint()
			case 1:
				r.Varint()
			case 2:
				assert.LessOrEqual(t, len(r.String()), len(content))
			case 3:
				assert.LessOrEqual(t, r.Count(3)*3, len(content))
			}
			require.Less(t, len(r.rest), before)
		}
		if r.Err() != nil {
			assert.Zero(t, r.Uvarint())
			require.Error(t, r.End())
		}
	})
}
