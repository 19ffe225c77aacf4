package encode

import (
	"iter"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/cells"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

// Levels is how many levels of detail there are.
const Levels = 4

// cell is a cell of a table.
type cell[V any] struct {
	minute int64 // since 1970
	key    uint32
	value  V
}

func (c *cell[V]) bucket() uint8 { return uint8(c.key >> 8) }
func (c *cell[V]) low() uint8    { return uint8(c.key) }

// ages returns which widths the cells of the data have: the tally's, or wider ones.
func (e *encoder) ages() *cells.Ages {
	ages, _ := e.t.Ages()
	_, newest := e.t.Times()
	hour := newest / msHour * 60
	day := hour - hour%1440
	switch e.level {
	case 1:
		ages[0] = max(ages[0], hour-3*60)
	case 2:
		ages[0], ages[1] = max(ages[0], hour-60), max(ages[1], day-2*1440)
	case 3:
		ages[0], ages[1], ages[2] = max(ages[0], hour+60), max(ages[1], day), max(ages[2], day-day%(7*1440)-7*1440)
	}
	return &ages
}

// collect returns cells by time and key, in the widths of ages.
func collect[V any, P cells.Sum[V]](all iter.Seq[cells.Cell[V]], ages *cells.Ages) (list []cell[V]) {
	wider := map[uint32]int{} // where a key is among the cells of one time
	at := int64(-1)
	begin := 0
	for c := range all {
		width := cells.Widths[ages.Level(c.Minute)]
		minute := c.Minute
		if width > c.Width {
			minute -= minute % width
		}
		if minute != at {
			sortByKey(list[begin:])
			at, begin = minute, len(list)
			clear(wider)
		}
		if width > c.Width {
			if i, found := wider[c.Key]; found {
				P(&list[i].value).Add(c.Value)
				continue
			}
			wider[c.Key] = len(list)
		}
		list = append(list, cell[V]{minute, c.Key, *c.Value})
	}
	sortByKey(list[begin:])
	return list
}

func sortByKey[V any](list []cell[V]) {
	slices.SortFunc(list, func(a, b cell[V]) int { return int(int64(a.key) - int64(b.key)) })
}

func (e *encoder) writeTiers() {
	ages := e.ages()
	e.name("tiers").array(func() {
		until := e.t.End() / msMinute
		for level := cells.Levels - 1; level >= 0; level-- {
			width := cells.Widths[level]
			from := e.start / msMinute
			if level < len(ages) {
				from = max(from, ages[level])
			} else {
				from -= from % width
			}
			to := until
			if level > 0 {
				to = min(until, ages[level-1])
			}
			if from >= to && level > 0 {
				continue
			}
			e.object(func() {
				e.name("from").int(from * msMinute)
				e.name("width").int(width)
			})
		}
	})
}

// steps returns a function that returns how far a time is from the one before.
func steps(start int64) func(at int64) int64 {
	before := start
	return func(at int64) int64 {
		step := at - before
		before = at
		return step
	}
}

func (e *encoder) writeCells() {
	c := e.cells
	step := steps(e.start / msMinute)
	e.name("cells").object(func() {
		e.column("dt", len(c), func(i int) int64 { return step(c[i].minute) })
		e.column("b", len(c), func(i int) int64 { return int64(c[i].bucket()) })
		e.column("o", len(c), func(i int) int64 { return int64(c[i].low()) })
		e.sums(len(c), func(i int) *tally.Sums { return &c[i].value })
	})
}

func (e *encoder) sums(n int, of func(i int) *tally.Sums) {
	e.column("n", n, func(i int) int64 { return int64(of(i).Requests) })
	e.column("c4", n, func(i int) int64 { return int64(of(i).Client) })
	e.column("c5", n, func(i int) int64 { return int64(of(i).Server) })
	e.column("out", n, func(i int) int64 { return int64(of(i).Sent) })
	e.column("in", n, func(i int) int64 { return int64(of(i).Added) })
	e.column("ms", n, func(i int) int64 { return int64(of(i).Millis) })
	e.column("timed", n, func(i int) int64 { return int64(of(i).Timed) })
}

func (e *encoder) writeHours() {
	type row struct {
		hour   int64
		bucket int
		sums   *tally.Sums
	}
	var rows []row
	for hour := e.start / msHour; hour*msHour < e.t.End(); hour++ {
		for b := range e.buckets {
			if s := e.t.Hour(uint8(b), hour); s != nil && s.Requests > 0 {
				rows = append(rows, row{hour, b, s})
			}
		}
	}
	step := steps(e.start / msHour)
	e.name("hours").object(func() {
		e.column("dt", len(rows), func(i int) int64 { return step(rows[i].hour) })
		e.column("b", len(rows), func(i int) int64 { return int64(rows[i].bucket) })
		e.sums(len(rows), func(i int) *tally.Sums { return rows[i].sums })
	})
}

func (e *encoder) writeSecurity() {
	m := e.marks
	step := steps(e.start / msMinute)
	e.name("security").object(func() {
		e.column("dt", len(m), func(i int) int64 { return step(m[i].minute) })
		e.column("b", len(m), func(i int) int64 { return int64(m[i].bucket()) })
		e.column("k", len(m), func(i int) int64 { return int64(m[i].low()) })
		e.column("n", len(m), func(i int) int64 { return int64(m[i].value.N) })
	})
}

// limitThreats adds up the smallest cells of threats by time, bucket and confidence, as far
// as there are too many.
func (e *encoder) limitThreats() {
	most := mostThreats >> e.level
	if len(e.threats) <= most {
		return
	}
	sizes := make([]uint64, len(e.threats))
	for i := range e.threats {
		sizes[i] = e.threats[i].value.Requests
	}
	slices.Sort(sizes)
	least := sizes[len(sizes)-most]
	kept := e.threats[:0]
	at := map[[2]int64]int{}
	for _, c := range e.threats {
		if c.value.Requests <= least {
			c.key = c.key>>24<<24 | 0xFF<<16 | uint32(e.t.OtherThreats(uint16(c.key)))
			key := [2]int64{c.minute, int64(c.key)}
			if i, found := at[key]; found {
				kept[i].value.Add(&c.value)
				continue
			}
			at[key] = len(kept)
		}
		kept = append(kept, c)
	}
	e.threats = kept
}

func (e *encoder) writeThreats() {
	type row struct {
		*cell[tally.ThreatSums]
		of tally.Threat
	}
	rows := make([]row, len(e.threats))
	for i := range e.threats {
		c := &e.threats[i]
		rows[i] = row{c, e.t.Threat(uint16(c.key))}
	}
	step := steps(e.start / msMinute)
	column := func(name string, of func(r *row) int64) {
		e.column(name, len(rows), func(i int) int64 { return of(&rows[i]) })
	}
	word := func(name string, of func(t *tally.Threat) string) {
		column(name, func(r *row) int64 { return e.words.of(of(&r.of)) })
	}
	e.name("threats").object(func() {
		column("dt", func(r *row) int64 { return step(r.minute) })
		column("b", func(r *row) int64 { return int64(r.key >> 24) })
		column("o", func(r *row) int64 {
			if o := uint8(r.key >> 16); o != 0xFF {
				return int64(o)
			}
			return -1
		})
		word("client", func(t *tally.Threat) string { return t.Client })
		word("actor", func(t *tally.Threat) string { return t.Actor })
		word("type", func(t *tally.Threat) string { return t.Type })
		word("feed", func(t *tally.Threat) string { return t.Feed })
		column("conf", func(r *row) int64 { return int64(r.of.Confidence) })
		column("place", func(r *row) int64 { return e.place(r.of.Place) })
		column("n", func(r *row) int64 { return int64(r.value.Requests) })
		column("ok", func(r *row) int64 { return int64(r.value.Answered) })
		column("first", func(r *row) int64 { return r.value.First })
		column("last", func(r *row) int64 { return r.value.Last })
		e.name("feeds").texts(e.t.Feeds())
	})
}
