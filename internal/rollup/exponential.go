package rollup

import (
	"encoding/binary"
	"math"

	"github.com/lightstep/go-expohisto/mapping"
	"github.com/lightstep/go-expohisto/mapping/logarithm"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// maxSize is the maximum number of buckets of an exponential histogram. Source: the
// default of the OpenTelemetry metrics SDK specification.
const maxSize = 160

// finest is the scale of the narrowest buckets.
const finest int32 = logarithm.MaxScale

// mapper maps seconds to the numbers of buckets of the finest scale.
var mapper = func() mapping.Mapping {
	m, err := logarithm.NewMapping(finest)
	if err != nil {
		panic(err)
	}
	return m
}()

// exponential is a histogram with buckets that grow by a constant factor: their
// bounds are powers of 2^(2^-scale) seconds. Two buckets merge exactly into one of
// the next lower scale; so a bucket's number follows from that of the finest scale,
// and neither the order of adding nor a restart makes a difference.
type exponential struct {
	zeroes  uint64
	coarser uint8 // how far the scale is below the finest
	offset  int32 // number of the first bucket
	counts  []uint64
}

// finestBucket returns the number of a duration's bucket at the finest scale.
func finestBucket(ms int64) int32 { return mapper.MapToIndex(float64(ms) / 1000) }

// add adds n requests that took ms milliseconds.
func (e *exponential) add(ms int64, n uint64) {
	if ms == 0 {
		e.zeroes += n
		return
	}
	at := finestBucket(ms) >> e.coarser
	low, high := at, at
	if len(e.counts) > 0 {
		low, high = min(at, e.offset), max(at, e.last())
	}
	for high-low >= maxSize {
		e.coarsen()
		low, high, at = low>>1, high>>1, at>>1
	}
	e.extend(low, high)
	e.counts[at-e.offset] += n
}

// last returns the number of the last bucket.
func (e *exponential) last() int32 { return e.offset + int32(len(e.counts)) - 1 }

// extend grows the range of buckets to low..high, which includes the present ones.
func (e *exponential) extend(low, high int32) {
	if int(high-low) < len(e.counts) {
		return
	}
	counts := make([]uint64, high-low+1)
	if len(e.counts) > 0 {
		copy(counts[e.offset-low:], e.counts)
	}
	e.offset, e.counts = low, counts
}

// coarsen merges each two buckets into one.
func (e *exponential) coarsen() {
	e.coarser++
	if len(e.counts) == 0 {
		return
	}
	first, n := e.offset>>1, e.last()>>1-e.offset>>1+1
	for i, count := range e.counts {
		to := (e.offset+int32(i))>>1 - first
		if e.counts[i] = 0; count > 0 {
			e.counts[to] += count
		}
	}
	e.offset, e.counts = first, e.counts[:n]
}

// set sets the buckets of a point.
func (e *exponential) set(to pmetric.ExponentialHistogramDataPoint) {
	count := e.zeroes
	for _, n := range e.counts {
		count += n
	}
	to.SetCount(count)
	to.SetZeroCount(e.zeroes)
	if len(e.counts) > 0 {
		to.SetScale(finest - int32(e.coarser))
		to.Positive().SetOffset(e.offset)
		to.Positive().BucketCounts().FromRaw(e.counts)
	}
}

// appendTo appends the whole histogram:
//
//	zeroes, how much coarser, offset, counts
func (e *exponential) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, e.zeroes)
	b = append(b, e.coarser)
	b = binary.AppendVarint(b, int64(e.offset))
	b = binary.AppendUvarint(b, uint64(len(e.counts)))
	for _, n := range e.counts {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// readExponential reads what appendTo wrote.
func readExponential(r *wire.Reader) (e exponential) {
	e.zeroes = r.Uvarint()
	e.coarser = uint8(r.Below(uint64(finest) + 1))
	offset, n := r.Varint(), r.Count(1)
	lowest, highest := finestBucket(1)>>e.coarser, finestBucket(math.MaxInt64)>>e.coarser
	if n > maxSize || n > 0 && (offset < int64(lowest) || offset+int64(n)-1 > int64(highest)) {
		r.Fail(wire.ErrContent)
		return exponential{}
	}
	e.offset = int32(offset)
	if n > 0 {
		e.counts = make([]uint64, n)
	}
	for i := range e.counts {
		e.counts[i] = r.Uvarint()
	}
	return e
}
