package tally

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
)

// Memory returns about how many bytes the tally takes, but for the uids.
func (t *Tally) Memory() int {
	n := t.cells.Bytes(56) + t.marks.Bytes(8) + t.dangers.Bytes(32) + len(t.rows)*1500
	for level := range t.slices {
		for _, s := range t.slices[level] {
			n += s.memory()
		}
	}
	n += len(t.places.list)*160 + len(t.threats)*700
	return n + 16*len(t.busyPairs.totals)
}

// fewestEntries is how few a list may hold after the memory was short.
const fewestEntries = 4

// shrink measures the memory. If it is too much, the smallest lists get shorter until it
// is a quarter below.
func (t *Tally) shrink() {
	t.grown = t.Memory()
	if t.grown <= t.most {
		return
	}
	t.entries = max(fewestEntries, t.entries/2)
	goal := t.most - t.most/4
	for t.grown > goal {
		if !t.shrinkLists(goal) && !t.shrinkPairs() {
			return
		}
	}
}

// shrinkLists halves lists, those with the least in them first.
func (t *Tally) shrinkLists(goal int) (shrunk bool) {
	type candidate struct {
		top   *sketch.Top
		of    *list // nil for one of who
		total uint64
	}
	var all []candidate
	for top, of := range t.lists() {
		if top.Len() > fewestEntries {
			all = append(all, candidate{top, of, top.Total()})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.total, b.total) })
	for _, c := range all {
		if t.grown <= goal {
			break
		}
		if c.of != nil && c.top == c.of.requests {
			t.grown += c.of.beginDistinct()
		}
		before := c.top.Bytes()
		c.top.Shrink(max(fewestEntries, min(c.top.Most(), c.top.Len())/2))
		t.grown -= before - c.top.Bytes()
		shrunk = true
	}
	return shrunk
}

// lists are all lists of all slices, in the same order each time.
func (t *Tally) lists() iter.Seq2[*sketch.Top, *list] {
	return func(yield func(*sketch.Top, *list) bool) {
		for level := range t.slices {
			for _, start := range slices.Sorted(maps.Keys(t.slices[level])) {
				s := t.slices[level][start]
				for _, bucket := range slices.Sorted(maps.Keys(s.buckets)) {
					if !s.buckets[bucket].each(yield) {
						return
					}
				}
			}
		}
	}
}

func (o *ofBucket) each(yield func(*sketch.Top, *list) bool) bool {
	for _, l := range o.top {
		if !yield(l.requests, l) || !yield(l.bytes, l) {
			return false
		}
	}
	for _, who := range o.who {
		if who != nil && !yield(who, nil) {
			return false
		}
	}
	return true
}

// shrinkPairs lets half of each slice's pairs, the least busy ones, share their sketches.
func (t *Tally) shrinkPairs() (shrunk bool) {
	const others = shared<<8 | shared
	for level := range t.slices {
		for _, start := range slices.Sorted(maps.Keys(t.slices[level])) {
			s := t.slices[level][start]
			if len(s.pairs) < 4 {
				continue
			}
			keys := slices.SortedFunc(maps.Keys(s.pairs), func(a, b uint16) int {
				return cmp.Or(cmp.Compare(s.pairs[a].total.Count(), s.pairs[b].total.Count()), cmp.Compare(a, b))
			})
			rest := &pair{}
			if s.pairs[others] != nil {
				rest = s.pairs[others]
			}
			for _, key := range keys[:len(keys)/2] {
				if key != others {
					rest.merge(s.pairs[key])
					delete(s.pairs, key)
				}
			}
			s.pairs[others] = rest
			shrunk = true
		}
	}
	t.grown = t.Memory()
	return shrunk
}
