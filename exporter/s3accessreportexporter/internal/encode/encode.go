// Package encode writes what a tally holds as the data that the page reads. Its form is
// that of ../../web/src/data.ts.
package encode

import (
	"bytes"
	"compress/gzip"
	"maps"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/findings"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

// format is the number of the data's form.
const format = 1

const (
	msMinute = int64(60_000)
	msHour   = 60 * msMinute
)

// MostCompressed is how many bytes the compressed data takes at most: a page of 5 MB, in
// base64, with the script. Data that is more has wider cells and shorter lists.
const MostCompressed = 3 << 20

// Data is the data of a page.
type Data struct {
	JSON     []byte
	Findings [findings.Ranges][]findings.Finding
}

// StandsOut returns the findings as lines of text.
func (d *Data) StandsOut() []string { return findings.Lines(&d.Findings) }

// Of returns a tally's data. level is how much detail is left out, from 0 to Levels-1.
// The tally must not be changed meanwhile.
func Of(t *tally.Tally, title string, written int64, level int) Data {
	e := &encoder{t: t, level: level, start: t.Start()}
	return e.encode(title, written)
}

// Compress returns JSON compressed with gzip.
func Compress(json []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, 6)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(json); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

type encoder struct {
	writer
	t     *tally.Tally
	level int
	start int64 // ms
	words dictionary

	cells   []cell[tally.Sums]
	marks   []cell[tally.Count]
	threats []cell[tally.ThreatSums]
	buckets []string
	ops     []string
	entries int // of a list
	places  []uint16
	placeOf map[uint16]int64
}

func (e *encoder) encode(title string, written int64) (d Data) {
	e.gather()
	oldest, newest := e.t.Times()
	records := uint64(0)
	for i := range e.cells {
		records += e.cells[i].value.Requests
	}
	var all *tally.Range
	e.object(func() {
		e.name("format").int(format)
		e.name("title").text(title)
		e.name("written").int(written)
		e.name("start").int(e.start)
		e.name("oldest").int(oldest)
		e.name("newest").int(newest)
		e.name("end").int(e.t.End())
		e.name("records").uint(records)
		e.name("buckets").texts(e.buckets)
		e.name("ops").texts(e.ops)
		e.name("otherBucket").int(otherIn(e.buckets, tally.MostBuckets))
		e.name("otherOp").int(otherIn(e.ops, tally.MostOperations))
		e.writeTiers()
		e.writeCells()
		e.writeHours()
		e.writeSecurity()
		e.name("ranges").array(func() {
			for i, r := range e.t.Ranges(e.start) {
				d.Findings[i] = findings.Of(e.t, r)
				e.writeRange(r, d.Findings[i])
				all = r
			}
		})
		e.writeThreats()
		e.writePlaces()
		e.writeQuality()
		e.writeBounds(all)
		e.name("attributes").object(func() {
			for a, name := range tally.AttributeNames {
				e.name(name).uint(e.t.Present(tally.Attribute(a)))
			}
		})
		e.name("dict").texts(e.words.words)
	})
	d.JSON = e.buf
	return d
}

// gather collects what several parts of the data need.
func (e *encoder) gather() {
	e.placeOf = map[uint16]int64{}
	ages := e.ages()
	e.cells = collect(e.t.Cells(), ages)
	e.marks = collect(e.t.Marks(), ages)
	e.threats = collect(e.t.Threats(), ages)
	e.limitThreats()
	if len(e.cells) > 0 {
		e.start = min(e.start, e.cells[0].minute*msMinute) // a wider cell can begin earlier
	}
	e.buckets = withOther(e.t.Buckets())
	e.ops = withOther(e.t.Operations())
	e.entries = max(5, min(50, 400/max(1, len(e.buckets)))>>e.level)
}

func withOther(n tally.Names) []string {
	if n.Beyond == 0 {
		return n.List
	}
	return append(slices.Clone(n.List), other)
}

const other = "_other"

func otherIn(list []string, most int) int64 {
	if len(list) > most {
		return int64(most)
	}
	return -1
}

// place returns the number of a place on the page.
func (e *encoder) place(number uint16) int64 {
	if _, _, known := e.t.Place(number); !known {
		return -1
	}
	i, found := e.placeOf[number]
	if !found {
		i = int64(len(e.places))
		e.places = append(e.places, number)
		e.placeOf[number] = i
	}
	return i
}

func (e *encoder) writePlaces() {
	var countries, cities []string
	var points []tally.Point
	for _, number := range e.places {
		name, point, _ := e.t.Place(number)
		country, city := tally.SplitPlace(name)
		countries, cities, points = append(countries, country), append(cities, city), append(points, point)
	}
	coordinate := func(of func(tally.Point) float32) {
		e.array(func() {
			for _, p := range points {
				if p.Known {
					e.float(float64(of(p)), 2)
				} else {
					e.null()
				}
			}
		})
	}
	e.name("places").object(func() {
		e.name("country").texts(countries)
		e.name("city").texts(cities)
		e.name("lat")
		coordinate(func(p tally.Point) float32 { return p.Lat })
		e.name("lon")
		coordinate(func(p tally.Point) float32 { return p.Lon })
	})
}

// Limits of what the data has of some lists.
const (
	mostReasons = 50
	mostErrors  = 1000
	mostThreats = 5000
	mostWho     = 12
)

func (e *encoder) writeQuality() {
	f := e.t.Figures()
	e.name("quality").object(func() {
		e.name("malformed").uint(f.Malformed)
		e.name("reasons").array(func() {
			for _, r := range e.t.Reasons() {
				e.object(func() {
					e.name("reason").text(r.Reason)
					e.name("n").uint(r.N)
					e.name("last").int(r.Last)
					e.name("bucket").text(r.Bucket)
					e.name("example").text(r.Example)
				})
			}
		})
		e.name("unexpected").array(func() {
			for _, o := range e.t.Odd() {
				e.object(func() {
					e.name("field").text(o.Field)
					e.name("value").text(o.Value)
					e.name("n").uint(o.N)
					e.name("last").int(o.Last)
				})
			}
		})
		for name, n := range pairs(
			"repeated", f.Repeated, "noUid", f.NoUID, "ignored", f.Ignored, "future", f.Future, "old", f.Old, "cut", f.Cut,
			"otherBuckets", uint64(e.t.Buckets().Beyond), "otherOps", uint64(e.t.Operations().Beyond),
		) {
			e.name(name).uint(n)
		}
	})
}

// pairs yields names and numbers.
func pairs(all ...any) func(yield func(string, uint64) bool) {
	return func(yield func(string, uint64) bool) {
		for i := 0; i < len(all); i += 2 {
			if !yield(all[i].(string), all[i+1].(uint64)) {
				return
			}
		}
	}
}

func (e *encoder) writeBounds(all *tally.Range) {
	_, coarsened := e.t.Ages()
	e.name("bounds").object(func() {
		e.name("retention").int(e.t.Retention() * msMinute)
		e.name("cells").object(func() {
			e.name("budget").int(tally.MostCells)
			e.name("used").int(int64(e.t.Used()))
			e.name("coarsened").bool(coarsened || e.level > 0)
		})
		e.name("uids").int(tally.MostUIDs)
		e.name("sketch").object(func() {
			e.name("gamma").float(sketch.Gamma, 12)
			e.name("offset").int(sketchOffset)
			e.name("accuracy").float(sketch.Accuracy, 4)
			e.name("pairs").int(tally.MostPairs)
			e.name("otherPairs").int(int64(e.otherPairs(all)))
		})
		e.name("distinct").object(func() { e.name("error").float(sketch.DistinctError, 4) })
		e.name("top").object(func() {
			e.name("entries").int(int64(e.entries))
			e.name("buckets").int(tally.MostListed)
			e.name("otherBuckets").int(int64(max(0, len(e.buckets)-all.Estimates.Listed())))
		})
		e.name("who").int(int64(e.mostWho()))
		e.name("threats").int(mostThreats)
		e.name("places").int(tally.MostInPlaces)
		e.name("errors").int(mostErrors)
		e.name("reasons").int(mostReasons)
	})
}

// otherPairs returns how many pairs of bucket and operation share their sketches.
func (e *encoder) otherPairs(all *tally.Range) int {
	own := map[[2]int]bool{}
	shared := false
	for _, p := range all.Estimates.Pairs() {
		if p.Bucket < 0 {
			shared = true
			continue
		}
		own[[2]int{p.Bucket, p.Operation}] = true
	}
	if !shared {
		return 0
	}
	seen := map[[2]int]bool{}
	for i := range e.cells {
		seen[[2]int{int(e.cells[i].bucket()), int(e.cells[i].low())}] = true
	}
	n := 0
	for pair := range maps.Keys(seen) {
		if !own[pair] {
			n++
		}
	}
	return n
}
