package rollup

import (
	"encoding/binary"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// Counter adds records up. It is for one goroutine; there are as many as
// workers. Nothing of a record is kept once Add has returned.
type Counter struct {
	shared  *shared
	tables  []map[string]*entry // by group: entries by interval and values as they came
	entries int
	values  []byte   // reused
	touched []*entry // those with a tally
	records int64    // since the last Cut
	subject subject  // reused
}

// entry is a key within an interval, as a counter knows it.
type entry struct {
	key      *key
	interval int64
	tally    *tally   // nil when nothing was counted since the last Cut
	below    []*entry // of the groups below, for whoever has found this one
}

// Delta is what was counted of some records. It is handed to State.Add once.
type Delta struct {
	counted []counted
	records int64
}

type counted struct {
	key      *key
	interval int64
	tally    *tally
}

// Records returns how many records were counted.
func (d *Delta) Records() int64 { return d.records }

// overflowEntry is the name of the overflow's entry. No values are encoded so.
const overflowEntry = "\xff"

// What is not known of a client.
var (
	noPlace  enrich.Place
	noThreat enrich.Threat
)

// NewCounter returns a counter of what the state holds. It may be called from
// any goroutine.
func (s *State) NewCounter() *Counter {
	c := &Counter{shared: s.shared, tables: make([]map[string]*entry, len(s.plan.groups))}
	c.clear()
	return c
}

// Add counts a well-formed record. It allocates for values that it does not
// know, which those beyond the limit never become, and for the durations of
// exponential histograms, until they are handed over.
func (c *Counter) Add(r *accesslog.Record, client enrich.Client) {
	plan := c.shared.plan
	s := &c.subject
	s.record, s.place, s.threat = r, client.Place, client.Threat
	if s.place == nil {
		s.place = &noPlace
	}
	if s.threat == nil {
		s.threat = &noThreat
	}
	if plan.requester {
		s.requester = accesslog.ParseRequester(r.Requester)
	}
	c.records++
	amounts, interval := measureOf(r), plan.interval(r)
	for _, g := range plan.roots {
		if g.threats && client.Threat == nil {
			continue
		}
		e := c.entry(g, interval)
		c.count(e, &amounts, r)
		for _, below := range e.below {
			c.count(below, &amounts, r)
		}
	}
}

func (c *Counter) count(e *entry, a *amounts, r *accesslog.Record) {
	g := e.key.group
	if e.tally == nil {
		e.tally = c.shared.tallies[g.index].get()
		c.touched = append(c.touched, e)
	}
	e.tally.count(g, a, r, &c.shared.plan.settings)
}

// entry returns the entry of the subject's values. That of the overflow is
// changed by the next call for its group.
func (c *Counter) entry(g *group, interval int64) *entry {
	b := c.values[:0]
	if c.shared.plan.settings.EventTime {
		b = binary.AppendVarint(b, interval)
	}
	start := len(b)
	b = g.appendValues(b, &c.subject)
	c.values = b
	if e := c.tables[g.index][string(b)]; e != nil {
		return e
	}
	return c.meet(g, interval, string(b), start)
}

// meet makes an entry for values that the counter has not met; they begin at
// start of name, behind the interval.
func (c *Counter) meet(g *group, interval int64, name string, start int) *entry {
	k := c.shared.keys[g.index].intern(g.clean([]byte(name[start:]), c.shared.plan.settings.Clean))
	if k.overflow {
		name = name[:start] + overflowEntry
		if e := c.tables[g.index][name]; e != nil {
			e.below = c.entriesBelow(g, interval, e.below[:0])
			return e
		}
	}
	e := &entry{key: k, interval: interval}
	c.tables[g.index][name] = e
	c.entries++
	e.below = c.entriesBelow(g, interval, nil)
	return e
}

// entriesBelow appends the subject's entries of the groups below.
func (c *Counter) entriesBelow(g *group, interval int64, list []*entry) []*entry {
	for _, below := range g.below {
		list = append(list, c.entry(below, interval))
	}
	return list
}

// Cut returns what was counted since the last Cut.
func (c *Counter) Cut() *Delta {
	d := c.shared.deltas.Get().(*Delta)
	d.records, c.records = c.records, 0
	for _, e := range c.touched {
		d.counted = append(d.counted, counted{e.key, e.interval, e.tally})
		e.tally = nil
	}
	clear(c.touched)
	c.touched = c.touched[:0]
	if c.entries > c.shared.maxEntries {
		c.clear()
	}
	return d
}

// clear forgets all entries, which have no tallies.
func (c *Counter) clear() {
	c.entries = 0
	for i := range c.tables {
		c.tables[i] = make(map[string]*entry)
	}
}
