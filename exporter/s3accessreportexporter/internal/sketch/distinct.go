package sketch

import (
	"errors"

	"github.com/axiomhq/hyperloglog"
)

// precision makes 4096 registers.
const precision = 12

// DistinctError is the relative standard error of an estimate: 1.04 / sqrt(4096).
const DistinctError = 0.01625

var errPrecision = errors.New("a sketch of another precision")

// Distinct estimates how many different hashes were added.
type Distinct struct{ sketch *hyperloglog.Sketch }

// NewDistinct returns an empty estimate.
func NewDistinct() *Distinct {
	s, err := hyperloglog.NewSketch(precision, false)
	if err != nil {
		panic(err) // the precision is a constant
	}
	return &Distinct{s}
}

// Add counts a hash.
func (d *Distinct) Add(hash uint64) { d.sketch.InsertHash(hash) }

// Merge adds another estimate.
func (d *Distinct) Merge(other *Distinct) {
	if err := d.sketch.Merge(other.sketch); err != nil {
		panic(err) // all have the same precision
	}
}

// Estimate returns how many different hashes were added, about.
func (d *Distinct) Estimate() uint64 { return d.sketch.Estimate() }

// MarshalBinary returns the registers.
func (d *Distinct) MarshalBinary() ([]byte, error) { return d.sketch.MarshalBinary() }

// UnmarshalBinary reads what MarshalBinary returned.
func (d *Distinct) UnmarshalBinary(data []byte) error {
	if len(data) != 8+1<<precision || data[1] != precision || data[3] != 0 {
		return errPrecision
	}
	d.sketch = &hyperloglog.Sketch{}
	return d.sketch.UnmarshalBinary(data)
}

// Bytes returns how much memory an estimate takes.
func (*Distinct) Bytes() int { return 1<<precision + 120 }
