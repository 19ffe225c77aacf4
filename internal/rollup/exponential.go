package rollup

import (
	"math"

	"github.com/lightstep/go-expohisto/structure"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// maxSize is how many buckets an exponential histogram has at most. Source: the
// default of the OpenTelemetry metrics SDK specification.
const maxSize = 160

// exponential is a histogram with buckets that grow by a constant factor. The
// scale follows from the least and the greatest duration, so that the order of
// adding does not matter.
type exponential struct {
	histogram *structure.Float64 // of seconds; nil when empty
	least     int64              // milliseconds, of those above zero; 0 when there are none
	greatest  int64
}

// add adds n requests that took ms milliseconds.
func (e *exponential) add(ms int64, n uint64) {
	if e.histogram == nil {
		e.histogram = structure.NewFloat64(structure.NewConfig(structure.WithMaxSize(maxSize)))
	}
	if ms > 0 && (e.least == 0 || ms < e.least) {
		e.least = ms
	}
	e.greatest = max(e.greatest, ms)
	e.histogram.UpdateByIncr(float64(ms)/1000, n)
}

// set sets the buckets of a point.
func (e *exponential) set(to pmetric.ExponentialHistogramDataPoint) {
	if e.histogram == nil {
		return
	}
	to.SetCount(e.histogram.Count())
	to.SetZeroCount(e.histogram.ZeroCount())
	to.SetScale(e.histogram.Scale())
	positive := e.histogram.Positive()
	to.Positive().SetOffset(positive.Offset())
	to.Positive().BucketCounts().EnsureCapacity(int(positive.Len()))
	for i := range positive.Len() {
		to.Positive().BucketCounts().Append(positive.At(i))
	}
}

// appendTo appends the whole histogram:
//
//	zeroes, least, greatest, and when that is above zero: scale, offset, counts
func (e *exponential) appendTo(b []byte) []byte {
	h := e.histogram
	if h == nil {
		return append(b, 0, 0, 0)
	}
	b = wire.AppendUvarint(b, h.ZeroCount())
	b = wire.AppendUvarint(b, uint64(e.least))
	b = wire.AppendUvarint(b, uint64(e.greatest))
	if e.greatest == 0 {
		return b
	}
	positive := h.Positive()
	b = wire.AppendVarint(b, int64(h.Scale()))
	b = wire.AppendVarint(b, int64(positive.Offset()))
	b = wire.AppendUvarint(b, uint64(positive.Len()))
	for i := range positive.Len() {
		b = wire.AppendUvarint(b, positive.At(i))
	}
	return b
}

// readExponential reads what appendTo wrote into a new histogram, which has the
// same buckets: least and greatest bring its scale about, and the others only
// have to fall into their buckets again.
func readExponential(r *wire.Reader) (e exponential) {
	zeroes, least, greatest := r.Uvarint(), int64(r.Below(math.MaxInt64)), int64(r.Below(math.MaxInt64))
	if r.Err() == nil && zeroes > 0 {
		e.add(0, zeroes)
	}
	if r.Err() != nil || greatest == 0 {
		return e
	}
	scale, offset := r.Varint(), r.Varint()
	counts := make([]uint64, r.Count(1))
	for i := range counts {
		counts[i] = r.Uvarint()
	}
	last := len(counts) - 1
	if last < 0 || last >= maxSize || least == 0 || least > greatest || counts[0] == 0 || counts[last] == 0 {
		r.Fail(wire.ErrContent)
		return e
	}
	e.add(least, 1)
	counts[0]--
	if counts[last] > 0 {
		e.add(greatest, 1)
		counts[last]--
	}
	for i, n := range counts {
		if n == 0 {
			continue
		}
		if least == greatest {
			e.add(least, n)
			continue
		}
		middle := math.Exp2(math.Ldexp(float64(offset)+float64(i)+0.5, -int(scale)))
		e.histogram.UpdateByIncr(middle, n)
	}
	return e
}
