package tally

import (
	"math"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/cells"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/wire"
)

// Restore takes a part that Save returned. It is called for each, in order, on an empty
// tally; after an error the tally is of no use. The error is wire.ErrInvalid.
func (t *Tally) Restore(part []byte) error {
	if len(part) == 0 {
		return wire.ErrInvalid
	}
	r := wire.NewReader(part[1:])
	switch part[0] {
	case partHead:
		t.restoreHead(r)
	case partUIDs:
		for r.More() {
			t.seen.Add(r.Fixed())
		}
	case partCells:
		for r.More() {
			if minute, key := restoreAt(r); !r.Failed() {
				restoreSums(r, t.cells.At(minute, key))
			}
		}
	case partMarks:
		for r.More() {
			if minute, key := restoreAt(r); !r.Failed() {
				t.marks.At(minute, key).N = r.Uint()
			}
		}
	case partDangers:
		for r.More() {
			if minute, key := restoreAt(r); !r.Failed() {
				*t.dangers.At(minute, key) = ThreatSums{r.Uint(), r.Uint(), r.Int(), r.Int()}
			}
		}
	case partRows:
		for r.More() {
			of := &row{}
			t.rows[r.Uint()] = of
			for hour := range of {
				restoreSums(r, &of[hour])
			}
		}
	case partSlice:
		level, start := r.Below(sliceLevels), r.Int()
		t.slices[level][start] = restoreSlice(r)
	default:
		r.Fail()
	}
	t.grown += 3 * len(part)
	return r.Close()
}

// lastMinute bounds the times that are read: of the year 9999.
const lastMinute = 253402300800 / 60

func restoreAt(r *wire.Reader) (minute int64, key uint32) {
	minute, k := r.Int(), r.Uint()
	if minute < -lastMinute || minute > lastMinute || k > math.MaxUint32 {
		r.Fail()
	}
	return minute, uint32(k)
}

func restoreSums(r *wire.Reader, s *Sums) {
	for _, n := range s.all() {
		*n = r.Uint()
	}
}

func (t *Tally) restoreHead(r *wire.Reader) {
	t.newest, t.oldest, t.retained = r.Int(), r.Int(), r.Int()
	for _, ages := range []*cells.Ages{t.ages, &t.sliceAges} {
		for i := range ages {
			ages[i] = r.Int()
		}
	}
	t.coarsened, t.added, t.entries = r.Uint() == 1, r.Uint(), max(fewestEntries, r.Below(mostEntries+1))
	for _, n := range t.figures.all() {
		*n = r.Uint()
	}
	for i := range t.present {
		t.present[i] = r.Uint()
	}
	for _, of := range []*names{&t.buckets, &t.operations, &t.codes, &t.places} {
		restoreNames(r, of)
	}
	t.points = make([]Point, len(t.places.list))
	for i := range t.points {
		known, lat, lon := r.Uint() == 1, uint32(r.Uint()), uint32(r.Uint())
		t.points[i] = Point{math.Float32frombits(lat), math.Float32frombits(lon), known}
	}
	for range r.Below(mostThreats + 1) {
		of := Threat{
			string(r.Text(MostText)), string(r.Text(MostText)), string(r.Text(MostText)), string(r.Text(MostText)),
			uint8(r.Below(len(Confidences))), uint16(r.Below(beyondPlaces + 1)),
		}
		if of.Client != "" {
			t.threatNumber[of.Client] = uint16(len(t.threats))
		}
		t.threats = append(t.threats, of)
	}
	for range r.Below(mostFeeds + 1) {
		t.feeds[string(r.Text(MostText))] = struct{}{}
	}
	for _, of := range []*busiest{&t.busyBuckets, &t.busyPairs} {
		for number := r.Below(len(of.totals) + 1); number > 0; number = r.Below(len(of.totals) + 1) {
			of.totals[number-1] = r.Uint()
		}
	}
	t.busyBuckets.choose(MostListed)
	t.busyPairs.choose(MostPairs)
	t.reasons, t.odd = restoreTop(r, mostReasons), restoreTop(r, mostOdd)
}

func restoreNames(r *wire.Reader, of *names) {
	for i := range r.Below(of.most + 1) {
		name := string(r.Text(2*MostText + 1))
		of.list = append(of.list, name)
		of.number[name] = uint16(i)
	}
	for range r.Below(mostBeyond + 1) {
		of.beyond[r.Fixed()] = struct{}{}
	}
}

// mostComposed is how long the text of an entry can be: three texts and two lengths.
const mostComposed = 3*MostText + 4

// restoreTop returns nil where no list was saved.
func restoreTop(r *wire.Reader, most int) *sketch.Top {
	saved := r.Below(most + 1)
	if saved == 0 {
		return nil
	}
	top := sketch.NewTop(saved)
	top.Restore(r.Uint())
	for range r.Below(saved + 1) {
		e := sketch.Entry{Hash: r.Fixed(), Count: r.Uint(), Over: r.Uint(), Side: r.Uint(), Last: r.Int()}
		e.Text = append(e.Text, r.Text(mostComposed)...)
		if !r.Failed() {
			top.Restore(0, e)
		}
	}
	return top
}

func restoreSlice(r *wire.Reader) *slice {
	s := newSlice()
	for range r.Below(MostListed + 2) {
		of := &ofBucket{}
		bucket := uint8(r.Below(shared + 1))
		for kind := range of.top {
			l := newList(List(kind), mostEntries)
			l.requests, l.bytes = restoreTop(r, mostEntries), restoreTop(r, mostEntries)
			registers := r.Text(1 << 16)
			if l.requests == nil || l.bytes == nil {
				r.Fail()
				return s
			}
			if len(registers) > 0 {
				l.distinct = sketch.NewDistinct()
				if l.distinct.UnmarshalBinary(registers) != nil {
					r.Fail()
					return s
				}
			}
			of.top[kind] = l
		}
		for kind := range of.who {
			of.who[kind] = restoreTop(r, mostWho)
		}
		s.buckets[bucket] = of
	}
	for range r.Below(MostPairs + 2) {
		key := uint16(r.Below(1 << 16))
		s.pairs[key] = &pair{restoreQuantiles(r), restoreQuantiles(r)}
	}
	for range r.Count() {
		key := r.Uint()
		s.errors[key] = r.Uint()
	}
	for range r.Count() {
		key := uint32(r.Uint())
		s.places[key] = r.Uint()
	}
	return s
}

func restoreQuantiles(r *wire.Reader) (q sketch.Quantiles) {
	q.Max = r.Uint()
	for range r.Count() {
		q.AddBin(sketch.Bin{Bin: uint16(r.Below(1 << 16)), Count: uint32(r.Below(math.MaxUint32 + 1))})
	}
	return q
}
