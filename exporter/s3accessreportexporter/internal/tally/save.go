package tally

import (
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/cells"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/wire"
)

// The kinds of the parts that a saved tally has. The head is the first.
const (
	partHead = iota
	partUIDs
	partCells
	partMarks
	partDangers
	partRows
	partSlice
)

// partBytes is about how big a part gets, but for slices.
const partBytes = 1 << 20

// Save returns the tally in parts, each valid until the next: Restore of all, in order,
// makes it anew. The tally must not be changed meanwhile.
func (t *Tally) Save() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		w := saver{yield: yield, going: true}
		w.begin(partHead)
		w.buf = t.saveHead(w.buf)
		for i := range t.seen.Len() {
			w.room(partUIDs)
			w.buf = wire.Fixed(w.buf, t.seen.At(i))
		}
		for c := range t.cells.All() {
			w.cell(partCells, c.Minute, c.Key)
			w.buf = saveSums(w.buf, c.Value)
		}
		for c := range t.marks.All() {
			w.cell(partMarks, c.Minute, c.Key)
			w.buf = wire.Uint(w.buf, c.Value.N)
		}
		for c := range t.dangers.All() {
			w.cell(partDangers, c.Minute, c.Key)
			w.buf = wire.Uint(wire.Uint(w.buf, c.Value.Requests), c.Value.Answered)
			w.buf = wire.Int(wire.Int(w.buf, c.Value.First), c.Value.Last)
		}
		for _, key := range slices.Sorted(maps.Keys(t.rows)) {
			w.room(partRows)
			w.buf = wire.Uint(w.buf, key)
			for hour := range t.rows[key] {
				w.buf = saveSums(w.buf, &t.rows[key][hour])
			}
		}
		for level := range t.slices {
			for _, start := range slices.Sorted(maps.Keys(t.slices[level])) {
				w.begin(partSlice)
				w.buf = wire.Int(wire.Uint(w.buf, uint64(level)), start)
				w.buf = t.slices[level][start].save(w.buf)
			}
		}
		w.flush()
	}
}

// saver cuts what is written into parts.
type saver struct {
	buf   []byte
	yield func([]byte) bool
	going bool
}

func (w *saver) flush() {
	if w.going && len(w.buf) > 0 {
		w.going = w.yield(w.buf)
	}
	w.buf = w.buf[:0]
}

func (w *saver) begin(kind byte) {
	w.flush()
	w.buf = append(w.buf, kind)
}

// room begins a part unless the one that is written is of the kind and not full.
func (w *saver) room(kind byte) {
	if len(w.buf) == 0 || w.buf[0] != kind || len(w.buf) > partBytes {
		w.begin(kind)
	}
}

func (w *saver) cell(kind byte, minute int64, key uint32) {
	w.room(kind)
	w.buf = wire.Uint(wire.Int(w.buf, minute), uint64(key))
}

func (t *Tally) saveHead(b []byte) []byte {
	b = wire.Int(wire.Int(wire.Int(b, t.newest), t.oldest), t.retained)
	for _, ages := range []*cells.Ages{t.ages, &t.sliceAges} {
		for _, age := range ages {
			b = wire.Int(b, age)
		}
	}
	b = wire.Uint(wire.Uint(wire.Uint(b, boolean(t.coarsened)), t.added), uint64(t.entries))
	for _, n := range t.figures.all() {
		b = wire.Uint(b, *n)
	}
	for _, n := range t.present {
		b = wire.Uint(b, n)
	}
	for _, of := range []*names{&t.buckets, &t.operations, &t.codes, &t.places} {
		b = wire.Uint(b, uint64(len(of.list)))
		for _, name := range of.list {
			b = wire.Text(b, name)
		}
		b = wire.Uint(b, uint64(len(of.beyond)))
		for _, hash := range slices.Sorted(maps.Keys(of.beyond)) {
			b = wire.Fixed(b, hash)
		}
	}
	for _, p := range t.points {
		b = wire.Uint(wire.Uint(wire.Uint(b, boolean(p.Known)), uint64(math.Float32bits(p.Lat))), uint64(math.Float32bits(p.Lon)))
	}
	b = wire.Uint(b, uint64(len(t.threats)))
	for i := range t.threats {
		of := &t.threats[i]
		b = wire.Text(wire.Text(wire.Text(wire.Text(b, of.Client), of.Actor), of.Type), of.Feed)
		b = wire.Uint(wire.Uint(b, uint64(of.Confidence)), uint64(of.Place))
	}
	b = wire.Uint(b, uint64(len(t.feeds)))
	for _, feed := range slices.Sorted(maps.Keys(t.feeds)) {
		b = wire.Text(b, feed)
	}
	for _, of := range []*busiest{&t.busyBuckets, &t.busyPairs} {
		for number, n := range of.totals {
			if n > 0 {
				b = wire.Uint(wire.Uint(b, uint64(number)+1), n)
			}
		}
		b = wire.Uint(b, 0)
	}
	return saveTop(saveTop(b, t.reasons), t.odd)
}

func (f *Figures) all() []*uint64 {
	return []*uint64{&f.Malformed, &f.Repeated, &f.NoUID, &f.Ignored, &f.Future, &f.Old, &f.Cut}
}

func boolean(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (s *Sums) all() [7]*uint64 {
	return [7]*uint64{&s.Requests, &s.Client, &s.Server, &s.Sent, &s.Added, &s.Millis, &s.Timed}
}

func saveSums(b []byte, s *Sums) []byte {
	for _, n := range s.all() {
		b = wire.Uint(b, *n)
	}
	return b
}

func saveTop(b []byte, t *sketch.Top) []byte {
	if t == nil {
		return wire.Uint(b, 0)
	}
	b = wire.Uint(wire.Uint(wire.Uint(b, uint64(t.Most())), t.Lowest()), uint64(t.Len()))
	for _, e := range t.Entries() {
		b = wire.Fixed(b, e.Hash)
		b = wire.Uint(wire.Uint(wire.Uint(b, e.Count), e.Over), e.Side)
		b = wire.Text(wire.Int(b, e.Last), e.Text)
	}
	return b
}

func (s *slice) save(b []byte) []byte {
	b = wire.Uint(b, uint64(len(s.buckets)))
	for _, bucket := range slices.Sorted(maps.Keys(s.buckets)) {
		of := s.buckets[bucket]
		b = wire.Uint(b, uint64(bucket))
		for _, l := range of.top {
			b = saveTop(saveTop(b, l.requests), l.bytes)
			var registers []byte
			if l.distinct != nil {
				registers, _ = l.distinct.MarshalBinary() // fails for no precision that there is
			}
			b = wire.Text(b, registers)
		}
		for _, who := range of.who {
			b = saveTop(b, who)
		}
	}
	b = wire.Uint(b, uint64(len(s.pairs)))
	for _, key := range slices.Sorted(maps.Keys(s.pairs)) {
		p := s.pairs[key]
		b = saveQuantiles(saveQuantiles(wire.Uint(b, uint64(key)), &p.total), &p.turn)
	}
	b = wire.Uint(b, uint64(len(s.errors)))
	for _, key := range slices.Sorted(maps.Keys(s.errors)) {
		b = wire.Uint(wire.Uint(b, key), s.errors[key])
	}
	b = wire.Uint(b, uint64(len(s.places)))
	for _, key := range slices.Sorted(maps.Keys(s.places)) {
		b = wire.Uint(wire.Uint(b, uint64(key)), s.places[key])
	}
	return b
}

func saveQuantiles(b []byte, q *sketch.Quantiles) []byte {
	bins := q.Bins()
	b = wire.Uint(wire.Uint(b, q.Max), uint64(len(bins)))
	for _, bin := range bins {
		b = wire.Uint(wire.Uint(b, uint64(bin.Bin)), uint64(bin.Count))
	}
	return b
}
