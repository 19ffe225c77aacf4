package rollup

import (
	"encoding/binary"
	"math"
	"slices"
	"sync"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// tally is what was counted under a key within one interval.
type tally struct {
	records   int64
	touched   uint32     // bit i: stream i has an observation
	values    []int64    // sums, and the buckets of explicit histograms
	samples   [][]int64  // of each exponential histogram, milliseconds
	exemplars []exemplar // of each histogram
}

// exemplar is the slowest request of a histogram. It has a fixed size, so that it
// keeps nothing else alive and costs no allocation.
type exemplar struct {
	ms, time  int64 // seconds since the Unix epoch
	trace     accesslog.TraceContext
	request   [32]byte
	requestID uint8 // its length
	set       bool
}

func (e *exemplar) observe(ms int64, r *accesslog.Record, traceParameter string) {
	if e.set && ms <= e.ms {
		return
	}
	if len(r.RequestID) > len(e.request) {
		return // not an id that S3 made
	}
	e.set, e.ms, e.time = true, ms, r.Time
	e.requestID = uint8(copy(e.request[:], r.RequestID))
	e.trace = accesslog.TraceContextOf(r, traceParameter)
}

func (e *exemplar) merge(other *exemplar) {
	if other.set && (!e.set || other.ms > e.ms) {
		*e = *other
	}
}

// plus adds amounts, which are not negative, and saturates: a record may state sizes
// of up to 18 digits.
func plus(a, b int64) int64 {
	if sum := a + b; sum >= 0 {
		return sum
	}
	return math.MaxInt64
}

// count adds a record.
func (t *tally) count(g *group, r *accesslog.Record, plan *plan) {
	t.records++
	for i := range g.streams {
		s := &g.streams[i]
		n := s.measure(r)
		if n < 0 {
			continue
		}
		t.touched |= 1 << i
		t.values[s.sum] = plus(t.values[s.sum], n)
		if s.histogram < 0 {
			continue
		}
		if plan.exponential {
			t.samples[s.histogram] = append(t.samples[s.histogram], n)
		} else {
			t.values[s.sum+1+bucket(n)]++
		}
		t.exemplars[s.histogram].observe(n, r, plan.deps.TraceParameter)
	}
}

// merge adds another tally of the same group.
func (t *tally) merge(other *tally) {
	t.records += other.records
	t.touched |= other.touched
	for i, n := range other.values {
		t.values[i] = plus(t.values[i], n)
	}
	for i := range other.samples {
		t.samples[i] = append(t.samples[i], other.samples[i]...)
	}
	for i := range other.exemplars {
		t.exemplars[i].merge(&other.exemplars[i])
	}
}

// move moves the values of one stream to another of the same kind in a second tally.
func (t *tally) move(g *group, from, to int, into *tally) {
	a, b := &g.streams[from], &g.streams[to]
	t.touched &^= 1 << from
	into.touched |= 1 << to
	into.values[b.sum] = plus(into.values[b.sum], t.values[a.sum])
	if a.histogram < 0 {
		return
	}
	into.exemplars[b.histogram].merge(&t.exemplars[a.histogram])
	if t.samples != nil {
		into.samples[b.histogram] = append(into.samples[b.histogram], t.samples[a.histogram]...)
		return
	}
	for i := range buckets {
		into.values[b.sum+1+i] += t.values[a.sum+1+i]
	}
}

// appendTo appends the streams that were touched, as appendStreams says. An
// exponential histogram is
//
//	n, (milliseconds, count)...
//
// where each milliseconds is the difference to the one before.
func (t *tally) appendTo(b []byte, g *group) []byte {
	var exponential func([]byte, int) []byte
	if t.samples != nil {
		exponential = func(b []byte, histogram int) []byte { return appendSamples(b, t.samples[histogram]) }
	}
	return appendStreams(b, g, t.touched, t.values, exponential)
}

// appendStreams appends the streams that were touched:
//
//	touched, (sum, of an explicit histogram: n, (bucket, count)...)...
//
// where each bucket is the difference to the one before. exponential, given its
// number, appends an exponential histogram instead; it is nil when histograms are
// explicit.
func appendStreams(b []byte, g *group, touched uint32, values []int64, exponential func([]byte, int) []byte) []byte {
	b = binary.AppendUvarint(b, uint64(touched))
	for i := range g.streams {
		s := &g.streams[i]
		if touched&(1<<i) == 0 {
			continue
		}
		b = binary.AppendUvarint(b, uint64(values[s.sum]))
		switch {
		case s.histogram < 0:
		case exponential != nil:
			b = exponential(b, s.histogram)
		default:
			b = appendBuckets(b, values[s.sum+1:s.sum+1+buckets])
		}
	}
	return b
}

// appendBuckets appends the buckets that are not empty.
func appendBuckets(b []byte, counts []int64) []byte {
	n := 0
	for _, c := range counts {
		if c != 0 {
			n++
		}
	}
	b = binary.AppendUvarint(b, uint64(n))
	last := 0
	for i, c := range counts {
		if c != 0 {
			b = binary.AppendUvarint(b, uint64(i-last))
			b = binary.AppendUvarint(b, uint64(c))
			last = i
		}
	}
	return b
}

// appendSamples sorts the samples and appends the number of each.
func appendSamples(b []byte, samples []int64) []byte {
	slices.Sort(samples)
	distinct := 0
	for i := range samples {
		if i == 0 || samples[i] != samples[i-1] {
			distinct++
		}
	}
	b = binary.AppendUvarint(b, uint64(distinct))
	last := int64(0)
	for i := 0; i < len(samples); {
		ms, n := samples[i], 0
		for ; i < len(samples) && samples[i] == ms; i++ {
			n++
		}
		b = binary.AppendUvarint(b, uint64(ms-last))
		b = binary.AppendUvarint(b, uint64(n))
		last = ms
	}
	return b
}

// tallies is the pool of a group's tallies. It is safe for concurrent use.
type tallies struct {
	group       *group
	exponential bool
	pool        sync.Pool
}

func (p *tallies) get() *tally {
	if t, ok := p.pool.Get().(*tally); ok {
		return t
	}
	t := &tally{values: make([]int64, p.group.width), exemplars: make([]exemplar, p.group.histograms)}
	if p.exponential && p.group.histograms > 0 {
		t.samples = make([][]int64, p.group.histograms)
	}
	return t
}

func (p *tallies) put(t *tally) {
	t.records, t.touched = 0, 0
	clear(t.values)
	clear(t.exemplars)
	for i := range t.samples {
		t.samples[i] = t.samples[i][:0]
	}
	p.pool.Put(t)
}
