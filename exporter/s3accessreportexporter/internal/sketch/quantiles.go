package sketch

import (
	"math"
	"slices"

	"github.com/DataDog/sketches-go/ddsketch/mapping"
)

// Accuracy is the relative error of quantiles.
const Accuracy = 0.02

var logarithmic = func() *mapping.LogarithmicMapping {
	m, err := mapping.NewLogarithmicMapping(Accuracy)
	if err != nil {
		panic(err) // the accuracy is a constant
	}
	return m
}()

// Gamma is the ratio of a bin's upper bound to its lower one.
const Gamma = (1 + Accuracy) / (1 - Accuracy)

// binOfSmall are the bins of the values that are most frequent: a logarithm less.
var binOfSmall = func() (bins [4096]uint16) {
	for v := range bins {
		bins[v] = binOf(uint64(v))
	}
	return bins
}()

// binOf returns 0 for 0, else 1 more than DDSketch's index, which is 0 for 1.
func binOf(v uint64) uint16 {
	if v == 0 {
		return 0
	}
	return uint16(logarithmic.Index(float64(v)) + 1)
}

// ValueOf returns the value that stands for a bin: within Accuracy of each value in it.
func ValueOf(bin uint16) float64 {
	if bin == 0 {
		return 0
	}
	return logarithmic.Value(int(bin) - 1)
}

// Bin is a bin of a sketch and how many values are in it, at most 2^32-1.
type Bin struct {
	Bin   uint16
	Count uint32
}

// Quantiles is a DDSketch of whole numbers whose bins take 6 bytes each. The zero value
// is empty.
type Quantiles struct {
	bins   []uint16 // ascending
	counts []uint32
	Max    uint64 // exact
}

// Add counts a value.
func (q *Quantiles) Add(v uint64) {
	q.Max = max(q.Max, v)
	if v < uint64(len(binOfSmall)) {
		q.add(binOfSmall[v], 1)
		return
	}
	q.add(binOf(v), 1)
}

func (q *Quantiles) add(bin uint16, n uint32) {
	i, found := slices.BinarySearch(q.bins, bin)
	if !found {
		q.bins = slices.Insert(q.bins, i, bin)
		q.counts = slices.Insert(q.counts, i, n)
		return
	}
	if q.counts[i] > math.MaxUint32-n {
		n = math.MaxUint32 - q.counts[i]
	}
	q.counts[i] += n
}

// Merge adds another sketch.
func (q *Quantiles) Merge(other *Quantiles) {
	for i, bin := range other.bins {
		q.add(bin, other.counts[i])
	}
	q.Max = max(q.Max, other.Max)
}

// Bins returns the bins that are not empty, ascending.
func (q *Quantiles) Bins() []Bin {
	all := make([]Bin, len(q.bins))
	for i := range q.bins {
		all[i] = Bin{q.bins[i], q.counts[i]}
	}
	return all
}

// AddBin adds what Bins returned.
func (q *Quantiles) AddBin(b Bin) { q.add(b.Bin, b.Count) }

// Count returns how many values there are.
func (q *Quantiles) Count() (n uint64) {
	for _, c := range q.counts {
		n += uint64(c)
	}
	return n
}

// Value returns the quantile p, from 0 to 1, and 0 when there is no value.
func (q *Quantiles) Value(p float64) float64 {
	rank := p * (float64(q.Count()) - 1)
	seen := uint64(0)
	for i, bin := range q.bins {
		if seen += uint64(q.counts[i]); float64(seen) > rank {
			return min(ValueOf(bin), float64(q.Max))
		}
	}
	return 0
}

// Bytes returns about how much memory the sketch takes.
func (q *Quantiles) Bytes() int { return 56 + 2*cap(q.bins) + 4*cap(q.counts) }
