package encode

import (
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/findings"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

// sketchOffset: bin i of the data holds the values from gamma^(i-sketchOffset) on. A bin
// of a sketch is one more than its exponent, since 0 is that of the value 0.
const sketchOffset = 1

func (e *encoder) writeRange(r *tally.Range, found []findings.Finding) {
	e.object(func() {
		e.name("id").text(r.ID)
		e.name("from").int(r.From)
		e.name("since").int(min(r.From, r.Estimates.Since*msMinute))
		e.writeSketches(r.Estimates.Pairs())
		e.writeErrors(r.Estimates.Errors())
		e.writeGeo(r.Estimates.Places())
		e.name("top").object(func() {
			for kind, name := range [tally.Lists]string{"requester", "client", "key", "prefix", "agent"} {
				e.name(name).object(func() {
					e.writeTop("n", r.Estimates.Top(tally.List(kind), false, e.entries), false)
					e.writeTop("bytes", r.Estimates.Top(tally.List(kind), true, e.entries), true)
				})
			}
		})
		e.name("distinct").object(func() {
			for kind, name := range [tally.Distincts]string{"requester", "client", "key"} {
				e.writeDistinct(name, r.Estimates, tally.List(kind))
			}
		})
		e.writeWho(r.Estimates.Who())
		e.writeFindings(found)
	})
}

func (e *encoder) writeSketches(p []tally.Pair) {
	e.name("sketches").object(func() {
		e.column("b", len(p), func(i int) int64 { return int64(p[i].Bucket) })
		e.column("o", len(p), func(i int) int64 { return int64(p[i].Operation) })
		e.column("max", len(p), func(i int) int64 { return int64(p[i].Total.Max) })
		e.column("zero", len(p), func(i int) int64 { return zeros(&p[i].Total) })
		e.column("zeroFirst", len(p), func(i int) int64 { return zeros(&p[i].Turn) })
		e.name("total").array(func() {
			for i := range p {
				e.bins(&p[i].Total)
			}
		})
		e.name("first").array(func() {
			for i := range p {
				e.bins(&p[i].Turn)
			}
		})
	})
}

func zeros(q *sketch.Quantiles) int64 {
	if bins := q.Bins(); len(bins) > 0 && bins[0].Bin == 0 {
		return int64(bins[0].Count)
	}
	return 0
}

func (e *encoder) bins(q *sketch.Quantiles) {
	e.array(func() {
		step := steps(0)
		for _, b := range q.Bins() {
			if b.Bin > 0 {
				e.int(step(int64(b.Bin)))
				e.int(int64(b.Count))
			}
		}
	})
}

func (e *encoder) writeErrors(rows []tally.Error) {
	rows = rows[:min(len(rows), mostErrors>>e.level)]
	e.name("errors").object(func() {
		e.column("b", len(rows), func(i int) int64 { return int64(rows[i].Bucket) })
		e.column("o", len(rows), func(i int) int64 { return int64(rows[i].Operation) })
		e.column("status", len(rows), func(i int) int64 { return int64(rows[i].Status) })
		e.column("code", len(rows), func(i int) int64 { return e.words.of(rows[i].Code) })
		e.column("n", len(rows), func(i int) int64 { return int64(rows[i].N) })
	})
}

func (e *encoder) writeGeo(rows []tally.InPlace) {
	e.name("geo").object(func() {
		e.column("b", len(rows), func(i int) int64 { return int64(rows[i].Bucket) })
		e.column("p", len(rows), func(i int) int64 { return e.place(rows[i].Place) })
		e.column("n", len(rows), func(i int) int64 { return int64(rows[i].N) })
	})
}

func (e *encoder) writeTop(name string, rows []tally.Listed, byBytes bool) {
	requests := func(i int) int64 { return int64(rows[i].N) }
	bytes := func(i int) int64 { return int64(rows[i].Side) }
	if byBytes {
		requests, bytes = bytes, requests
	}
	e.name(name).object(func() {
		e.column("b", len(rows), func(i int) int64 { return int64(rows[i].Bucket) })
		e.column("w", len(rows), func(i int) int64 { return e.words.of(rows[i].Text) })
		e.column("n", len(rows), requests)
		e.column("bytes", len(rows), bytes)
		e.column("err", len(rows), func(i int) int64 { return int64(rows[i].Over) })
	})
}

func (e *encoder) writeDistinct(name string, of *tally.Estimates, kind tally.List) {
	all, bucket := of.Distinct(kind)
	e.name(name).object(func() {
		e.name("all").uint(all)
		e.column("bucket", len(e.buckets), func(i int) int64 {
			if n, found := bucket[i]; found {
				return int64(n)
			}
			if of.Shares() {
				return -1
			}
			return 0
		})
	})
}

// mostWho returns the rows of a list of who that the page gets for each bucket.
func (e *encoder) mostWho() int {
	most := max(4, mostWho>>e.level)
	if len(e.buckets) > 20 {
		most = max(4, most/2)
	}
	return most
}

func (e *encoder) writeWho(all []tally.Who) {
	most := e.mostWho()
	var rows []tally.Who
	n := map[[2]int]int{}
	for _, w := range all {
		of := [2]int{int(w.Kind), w.Bucket}
		if n[of] < most {
			n[of]++
			rows = append(rows, w)
		}
	}
	e.name("who").object(func() {
		e.column("k", len(rows), func(i int) int64 { return int64(rows[i].Kind) })
		e.column("b", len(rows), func(i int) int64 { return int64(rows[i].Bucket) })
		e.column("w", len(rows), func(i int) int64 { return e.words.of(rows[i].Who) })
		e.column("via", len(rows), func(i int) int64 { return e.words.of(rows[i].Via) })
		e.column("what", len(rows), func(i int) int64 { return e.words.of(rows[i].What) })
		e.column("n", len(rows), func(i int) int64 { return int64(rows[i].N) })
		e.column("err", len(rows), func(i int) int64 { return int64(rows[i].Over) })
		e.column("last", len(rows), func(i int) int64 { return rows[i].Last })
	})
}

func (e *encoder) writeFindings(all []findings.Finding) {
	e.name("findings").array(func() {
		for i := range all {
			f := &all[i]
			e.object(func() {
				e.name("kind").text(f.Kind)
				e.parts("title", f.Title)
				e.parts("text", f.Text)
				e.name("link").text(f.Link)
				e.name("page").text(f.Page)
				if f.To > 0 {
					e.name("from").int(f.From)
					e.name("to").int(f.To)
				}
				if f.Bucket >= 0 {
					e.name("b").int(int64(f.Bucket))
				}
			})
		}
	})
}

func (e *encoder) parts(name string, parts []findings.Part) {
	e.name(name).array(func() {
		for _, part := range parts {
			switch p := part.(type) {
			case string:
				e.text(p)
			case int64:
				e.int(p)
			case [2]int64:
				e.array(func() {
					e.int(p[0])
					e.int(p[1])
				})
			}
		}
	})
}
