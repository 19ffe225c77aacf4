package tally

import (
	"maps"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
)

// shared stands for what has no list of its own, in places of buckets and operations.
const shared = 0xFF

// ofBucket are the lists of one bucket in one slice.
type ofBucket struct {
	top [Lists]*list
	who [Kinds]*sketch.Top // the texts are those of who
}

// pair are the times of one bucket and operation.
type pair struct{ total, turn sketch.Quantiles }

func (p *pair) merge(o *pair) {
	p.total.Merge(&o.total)
	p.turn.Merge(&o.turn)
}

// slice has the estimates of a stretch of time.
type slice struct {
	buckets map[uint8]*ofBucket
	pairs   map[uint16]*pair  // bucket and operation
	errors  map[uint64]uint64 // errorKey
	places  map[uint32]uint64 // bucket and place
}

func newSlice() *slice {
	return &slice{map[uint8]*ofBucket{}, map[uint16]*pair{}, map[uint64]uint64{}, map[uint32]uint64{}}
}

// errorKey is the key of requests that were answered with an error.
func errorKey(bucket, operation uint8, status, code uint16) uint64 {
	return uint64(bucket)<<40 | uint64(operation)<<32 | uint64(status)<<16 | uint64(code)
}

// Limits of a slice.
const (
	MostListed   = 50   // buckets with lists of their own
	MostPairs    = 1000 // pairs of bucket and operation with sketches of their own
	mostErrors   = 2000
	MostInPlaces = 10_000
	mostWho      = 24
	mostEntries  = 100 // of a top list
)

// lists returns the lists of a bucket, or those of the others when the slice has as many
// as may be and the bucket is not among the busiest.
func (s *slice) lists(t *Tally, bucket uint8) *ofBucket {
	if of := s.buckets[bucket]; of != nil {
		return of
	}
	if bucket != shared && own(s.buckets, shared) >= MostListed && !t.makeRoom(s, bucket) {
		return s.lists(t, shared)
	}
	of := &ofBucket{}
	for kind := range of.top {
		of.top[kind] = newList(List(kind), t.entries)
	}
	s.buckets[bucket] = of
	t.grown += 2000
	return of
}

// own returns how many have lists or sketches of their own.
func own[K comparable, V any](all map[K]V, others K) int {
	n := len(all)
	if _, found := all[others]; found {
		n--
	}
	return n
}

// makeRoom gives the lists of a bucket that is not among the busiest to the others, in
// favour of one that is. It reports whether it did.
func (t *Tally) makeRoom(s *slice, bucket uint8) bool {
	if !t.busyBuckets.has(int(bucket)) {
		return false
	}
	for _, listed := range slices.Sorted(maps.Keys(s.buckets)) {
		if listed != shared && !t.busyBuckets.has(int(listed)) {
			lists := s.buckets[listed]
			delete(s.buckets, listed)
			s.lists(t, shared).merge(lists)
			return true
		}
	}
	return false
}

func (o *ofBucket) merge(other *ofBucket) {
	for kind := range o.top {
		o.top[kind].merge(other.top[kind])
	}
	for kind, who := range other.who {
		if who == nil {
			continue
		}
		if o.who[kind] == nil {
			o.who[kind] = sketch.NewTop(mostWho)
		}
		o.who[kind].Merge(who)
	}
}

// pair returns the sketches of a bucket and an operation, or those of the others.
func (s *slice) pair(t *Tally, key uint16) *pair {
	if p := s.pairs[key]; p != nil {
		return p
	}
	const others = shared<<8 | shared
	if key != others && own(s.pairs, others) >= MostPairs && !t.makeRoomForPair(s, key) {
		return s.pair(t, others)
	}
	p := &pair{}
	s.pairs[key] = p
	t.grown += 700
	return p
}

func (t *Tally) makeRoomForPair(s *slice, key uint16) bool {
	if !t.busyPairs.has(int(key)) {
		return false
	}
	const others = shared<<8 | shared
	for _, listed := range slices.Sorted(maps.Keys(s.pairs)) {
		if listed != others && !t.busyPairs.has(int(listed)) {
			p := s.pairs[listed]
			delete(s.pairs, listed)
			s.pair(t, others).merge(p)
			return true
		}
	}
	return false
}

// take merges a slice that is not used any more.
func (s *slice) take(t *Tally, other *slice) {
	for bucket, lists := range other.buckets {
		if s.buckets[bucket] == nil && own(s.buckets, shared) < MostListed && own(other.buckets, shared)+own(s.buckets, shared) <= MostListed {
			s.buckets[bucket] = lists
			delete(other.buckets, bucket)
		}
	}
	s.merge(t, other)
}

// merge adds another slice, which stays what it is.
func (s *slice) merge(t *Tally, other *slice) {
	for _, bucket := range slices.Sorted(maps.Keys(other.buckets)) {
		s.lists(t, bucket).merge(other.buckets[bucket])
	}
	for _, key := range slices.Sorted(maps.Keys(other.pairs)) {
		s.pair(t, key).merge(other.pairs[key])
	}
	for _, key := range slices.Sorted(maps.Keys(other.errors)) {
		s.addError(key, other.errors[key])
	}
	for _, key := range slices.Sorted(maps.Keys(other.places)) {
		s.addPlace(key, other.places[key])
	}
}

func (s *slice) addError(key, n uint64) {
	if len(s.errors) >= mostErrors {
		if _, found := s.errors[key]; !found {
			key = errorKey(shared, shared, uint16(key>>16), beyondCodes)
		}
	}
	s.errors[key] += n
}

func (s *slice) addPlace(key uint32, n uint64) {
	if len(s.places) >= MostInPlaces {
		if _, found := s.places[key]; !found {
			key |= 0xFFFF
		}
	}
	s.places[key] += n
}

func (s *slice) memory() int {
	n := 400 + 24*len(s.errors) + 20*len(s.places)
	for _, of := range s.buckets {
		n += 300
		for _, l := range of.top {
			n += l.memory()
		}
		for _, who := range of.who {
			if who != nil {
				n += who.Bytes()
			}
		}
	}
	for _, p := range s.pairs {
		n += 40 + p.total.Bytes() + p.turn.Bytes()
	}
	return n
}
