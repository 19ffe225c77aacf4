package scaling

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Tables returns the tables of docs/scaling.md by the names of their places
// there, as Markdown.
func Tables() map[string]string {
	return map[string]string{
		"inputs": inputTable(), "ceiling": ceilingTable(), "check": checkTable(), "plan": planTable(), "day": dayTable(),
	}
}

func inputTable() string {
	t := newTable("number", "value", "from")
	for _, in := range inputs {
		t.row(in.what, in.value, in.source)
	}
	return t.String()
}

// simulated returns the objects that a collector reads in a second.
func simulated(c Collector, records float64) float64 {
	seconds := min(1000, 100_000/c.Ceiling(records)) // enough objects and lists for two digits
	return Simulate(Run{
		Collector: c, Records: records, For: time.Duration(seconds * float64(time.Second)),
		Backlog: c.Concurrency, Spread: Exponential, Seed: 1,
	}).Rate
}

func ceilingTable() string {
	t := newTable("records an object", "`concurrency`", "a GET takes", "objects/s, ceiling", "simulated", "records/s", "what limits")
	for _, records := range []float64{1, 10, 100, 1000, 10_000} {
		for _, of := range []struct {
			concurrency int
			latency     time.Duration
		}{{32, latency}, {256, latency}, {256, slowLatency}} {
			c := typical(of.concurrency)
			c.Latency = of.latency
			limit := "processors"
			switch c.Ceiling(records) {
			case c.slots():
				limit = "downloads"
			case c.found():
				limit = "the queue"
			}
			rate := simulated(c, records)
			t.row(whole(records), strconv.Itoa(of.concurrency), of.latency.String(), whole(c.Ceiling(records)), whole(rate), whole(rate*records), limit)
		}
	}
	return t.String()
}

func checkTable() string {
	t := newTable("`concurrency`", "CPU time of an object, with the server's", "ceiling", "simulated", "measured")
	for _, c := range checks {
		t.row(strconv.Itoa(c.concurrency), micro(c.perObject), whole(c.collector().Ceiling(0)), whole(simulated(c.collector(), 0)), whole(c.rate))
	}
	return t.String()
}

var (
	volumes    = []float64{1e9, 1e10, 1e11} // records in a day
	perObjects = []float64{10, 100, 1000}
)

func planTable() string {
	t := newTable("records a day", "records an object", "objects/s", "collectors", "compute", "GETs", "LISTs", "or SQS", "dollars for 1 billion records", "OTLP, MB/s", "prefixes")
	for _, records := range volumes {
		for _, each := range perObjects {
			v := Volume{records, each}
			p := v.Make(typical(256))
			lists := dollars(p.Lists)
			if !p.Polled {
				lists = "too many"
			}
			total := (p.Compute + p.Gets + p.Queue) / (records / 1e9)
			t.row(billions(records), whole(each), whole(v.rate()), whole(float64(p.Collectors)), dollars(p.Compute),
				dollars(p.Gets), lists, dollars(p.Queue), dollars(total), whole(p.OTLP/1e6), whole(float64(p.Prefixes)))
		}
	}
	return t.String()
}

// dayTable states a target of backlog as the time that a collector takes for it.
func dayTable() string {
	t := newTable("records a day", "work for each", "`queueLength`", "collectors, average", "most", "objects' longest wait", "fixed fleet of the table above")
	const each = 100
	c := typical(256)
	ceiling := c.Ceiling(each)
	for _, records := range volumes {
		for _, work := range []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute} {
			v, target := Volume{records, each}, work.Seconds()*ceiling
			f := Day{
				Arrivals: Daily(v.rate(), peak), Each: ceiling, Target: target, Most: 1000,
				Poll: 30 * time.Second, Start: 30 * time.Second, Cooldown: 5 * time.Minute,
			}.Live()
			t.row(billions(records), work.String(), whole(target), fmt.Sprintf("%.1f", f.Average), strconv.Itoa(f.Most), f.Lag.String(), strconv.Itoa(v.Make(c).Collectors))
		}
	}
	return t.String()
}

// table is Markdown in the making.
type table struct{ strings.Builder }

func newTable(heads ...string) *table {
	t := &table{}
	t.row(heads...)
	t.WriteString(strings.Repeat("|---", len(heads)) + "|\n")
	return t
}

func (t *table) row(cells ...string) { t.WriteString("| " + strings.Join(cells, " | ") + " |\n") }

// whole writes a number with commas, of large ones three digits.
func whole(v float64) string {
	unit := 1.0
	for v/unit >= 1000 {
		unit *= 10
	}
	digits := fmt.Sprintf("%.0f", roundTo(v, unit))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func roundTo(v, unit float64) float64 { return float64(int(v/unit+0.5)) * unit }

func dollars(v float64) string {
	if v < 99.5 {
		return fmt.Sprintf("%.2f", v)
	}
	return whole(v)
}

func billions(records float64) string { return whole(records/1e9) + " billion" }
