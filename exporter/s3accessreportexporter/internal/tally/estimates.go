package tally

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/cells"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
)

// Pair has the times of a bucket and an operation.
type Pair struct {
	Bucket, Operation int // -1: the others
	Total, Turn       sketch.Quantiles
}

// Error is how many requests were answered with an error.
type Error struct {
	Bucket, Operation int // -1: the others
	Status            uint16
	Code              string
	N                 uint64
}

// InPlace is how many requests came from a place.
type InPlace struct {
	Bucket int
	Place  uint16 // one that is not known: other places
	N      uint64
}

// Who is who did what.
type Who struct {
	Kind           Kind
	Bucket         int
	Who, What, Via string
	N, Over        uint64
	Last           int64
}

// Listed is a row of a top list.
type Listed struct {
	Bucket        int // -1: the others
	Text          string
	N, Side, Over uint64
}

// Estimates are those of a range of time.
type Estimates struct {
	Since  int64 // the minute from which all is in them
	merged *slice
	tally  *Tally
	done   map[*slice]bool
}

func (t *Tally) newEstimates() *Estimates {
	return &Estimates{Since: math.MaxInt64, tally: t, merged: newSlice(), done: map[*slice]bool{}}
}

// Estimate adds up the slices from a minute on.
func (t *Tally) Estimate(from int64) *Estimates {
	e := t.newEstimates()
	e.extend(from)
	return e
}

// extend adds the slices from an earlier minute on.
func (e *Estimates) extend(from int64) {
	t := e.tally
	grown := t.grown
	defer func() { t.grown = grown }() // this is not kept
	e.Since = min(e.Since, from)
	for level, width := range cells.Widths[1 : 1+sliceLevels] {
		for _, start := range t.starts(level) {
			end := start + width
			if level > 0 {
				end = min(end, t.sliceAges[level-1]) // what is newer is in narrower slices
			}
			if s := t.slices[level][start]; end > from && !e.done[s] {
				if start >= t.retained { // else it may hold what the cells forgot
					start = max(start, floor(t.oldest/msMinute, minDay))
				}
				e.Since = min(e.Since, start)
				e.merged.merge(t, s)
				e.done[s] = true
			}
		}
	}
}

func (t *Tally) starts(level int) []int64 { return slices.Sorted(maps.Keys(t.slices[level])) }

// Pairs returns the times of buckets and operations.
func (e *Estimates) Pairs() (all []Pair) {
	for _, key := range slices.Sorted(maps.Keys(e.merged.pairs)) {
		p := e.merged.pairs[key]
		all = append(all, Pair{number(uint8(key >> 8)), number(uint8(key)), p.total, p.turn})
	}
	return all
}

// number returns -1 for the others.
func number(n uint8) int {
	if n == shared {
		return -1
	}
	return int(n)
}

// Errors returns the errors by bucket, operation, status and code, the most frequent
// first.
func (e *Estimates) Errors() (all []Error) {
	for _, key := range slices.Sorted(maps.Keys(e.merged.errors)) {
		all = append(all, Error{number(uint8(key >> 40)), number(uint8(key >> 32)), uint16(key >> 16), e.tally.Code(uint16(key)), e.merged.errors[key]})
	}
	slices.SortStableFunc(all, func(a, b Error) int { return descending(a.N, b.N) })
	return all
}

// Places returns the requests by bucket and place.
func (e *Estimates) Places() (all []InPlace) {
	for _, key := range slices.Sorted(maps.Keys(e.merged.places)) {
		all = append(all, InPlace{int(key >> 16), uint16(key), e.merged.places[key]})
	}
	return all
}

// buckets returns the numbers of the buckets with lists, that of the others last.
func (e *Estimates) buckets() []uint8 { return slices.Sorted(maps.Keys(e.merged.buckets)) }

// Listed returns how many buckets have lists of their own.
func (e *Estimates) Listed() int {
	n := len(e.merged.buckets)
	if e.merged.buckets[shared] != nil {
		n--
	}
	return n
}

// Shares reports whether buckets share lists.
func (e *Estimates) Shares() bool { return e.merged.buckets[shared] != nil }

// mostOfAll is how many texts are the highest of all buckets together.
const mostOfAll = 20

// Top returns a list by bucket, the highest first, by bytes or by requests: so many rows of
// each bucket, and those of the texts that are the highest of all buckets together.
func (e *Estimates) Top(kind List, byBytes bool, most int) (all []Listed) {
	of, sum := map[uint8][]sketch.Entry{}, map[string]uint64{}
	for _, bucket := range e.buckets() {
		top := e.merged.buckets[bucket].top[kind].requests
		if byBytes {
			top = e.merged.buckets[bucket].top[kind].bytes
		}
		of[bucket] = top.Entries()
		for _, entry := range of[bucket] {
			sum[string(entry.Text)] += entry.Count
		}
	}
	highest := slices.SortedFunc(maps.Keys(sum), func(a, b string) int {
		return cmp.Or(descending(sum[a], sum[b]), strings.Compare(a, b))
	})
	for _, text := range highest[min(mostOfAll, len(highest)):] {
		delete(sum, text)
	}
	for _, bucket := range e.buckets() {
		for rank, entry := range of[bucket] {
			if _, high := sum[string(entry.Text)]; high || rank < most {
				all = append(all, Listed{number(bucket), string(entry.Text), entry.Count, entry.Side, entry.Over})
			}
		}
	}
	return all
}

// Distinct returns how many different texts of a list there are in all buckets and in each
// that has lists of its own.
func (e *Estimates) Distinct(kind List) (all uint64, bucket map[int]uint64) {
	bucket = map[int]uint64{}
	merged := sketch.NewDistinct()
	hashes, exact := map[uint64]struct{}{}, true
	for _, b := range e.buckets() {
		l := e.merged.buckets[b].top[kind]
		l.into(merged)
		n := uint64(l.requests.Len())
		if l.distinct != nil {
			exact = false
			n = l.distinct.Estimate()
		}
		for hash := range l.requests.Hashes() {
			hashes[hash] = struct{}{}
		}
		if b != shared {
			bucket[int(b)] = n
		}
	}
	if exact {
		return uint64(len(hashes)), bucket
	}
	return max(merged.Estimate(), uint64(len(hashes))), bucket
}

// Who returns who did what, the most frequent first.
func (e *Estimates) Who() (all []Who) {
	for _, bucket := range e.buckets() {
		for kind, top := range e.merged.buckets[bucket].who {
			if top == nil {
				continue
			}
			for _, entry := range top.Entries() {
				who, rest := cutText(entry.Text)
				what, via := cutText(rest)
				all = append(all, Who{Kind(kind), number(bucket), who, what, string(via), entry.Count, entry.Over, entry.Last})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Who) int { return descending(a.N, b.N) })
	return all
}

func descending(a, b uint64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

// SplitPlace returns the country and the city of a place's name.
func SplitPlace(name string) (country, city string) {
	country, city, _ = strings.Cut(name, "\x00")
	return country, city
}
