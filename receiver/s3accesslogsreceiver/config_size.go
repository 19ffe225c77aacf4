package s3accesslogsreceiver

import (
	"fmt"
	"math"

	"github.com/dustin/go-humanize"
)

// ByteSize is a number of bytes, written as 1048576 or "1MiB".
type ByteSize int64

// UnmarshalText reads a number with an optional unit (kB, KiB, MB, MiB, ...).
func (b *ByteSize) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > math.MaxInt64 {
		return fmt.Errorf("%q is not a size: write a number of bytes or, for instance, 3MiB", text)
	}
	*b = ByteSize(n)
	return nil
}

// String writes the size with a binary unit.
func (b ByteSize) String() string { return humanize.IBytes(uint64(max(b, 0))) }
