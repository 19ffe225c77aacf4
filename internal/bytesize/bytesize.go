// Package bytesize has the type of settings that are a number of bytes.
package bytesize

import (
	"fmt"
	"math"

	"github.com/dustin/go-humanize"
)

// Size is a number of bytes, written as 1048576 or "1MiB".
type Size int64

// UnmarshalText reads a number with an optional unit (kB, KiB, MB, MiB, ...).
func (s *Size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > math.MaxInt64 {
		return fmt.Errorf("%q is not a size: write a number of bytes or, for instance, 3MiB", text)
	}
	*s = Size(n)
	return nil
}

// String writes the size with a binary unit.
func (s Size) String() string { return humanize.IBytes(uint64(max(s, 0))) }
