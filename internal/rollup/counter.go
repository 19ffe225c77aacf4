package rollup

import (
	"encoding/binary"
	"hash/maphash"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// Counter aggregates records. It is not safe for concurrent use: each worker has its
// own. Add retains nothing of a record.
type Counter struct {
	shared    *shared
	tables    []map[string]*entry // by group: entries by interval and uncleaned values
	entries   int
	overLimit []overLimit // by group
	seed      maphash.Seed
	values    []byte   // reused
	cleaned   []byte   // reused
	touched   []*entry // those with a tally
	records   int64    // since the last Cut
	subject   subject  // reused
}

// Places tells where buckets are.
type Places interface {
	// Place returns the account and the Region of a bucket, "" for what is not known.
	Place(bucket string) (accountID, region string)
}

// From sets what tells where the buckets of the records are that are added next.
func (c *Counter) From(p Places) { c.subject.from = p }

// entry is a key within an interval, as a counter knows it.
type entry struct {
	key      *key
	interval int64
	tally    *tally   // nil when nothing was counted since the last Cut
	below    []*entry // of the group's subgroups
}

// Delta is what was counted since the last Cut. It is passed to State.Add once.
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

// overflowEntry is the name of the overflow's entry, which no encoded values equal.
const overflowEntry = "\xff"

// What is not known of a client.
var (
	noPlace  enrich.Place
	noThreat enrich.Threat
)

// NewCounter returns a counter of what the state holds. It may be called from
// any goroutine.
func (s *State) NewCounter() *Counter {
	n := len(s.plan.groups)
	c := &Counter{shared: s.shared, tables: make([]map[string]*entry, n), overLimit: make([]overLimit, n), seed: maphash.MakeSeed()}
	c.clear()
	return c
}

// Add counts a well-formed record. It allocates for new values within the limit, and
// for the durations of exponential histograms until the next Cut.
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
	interval := plan.interval(r)
	for _, g := range plan.roots {
		if g.threats && client.Threat == nil {
			continue
		}
		e := c.entry(g, interval)
		c.count(e, r)
		for _, below := range e.below {
			c.count(below, r)
		}
	}
}

func (c *Counter) count(e *entry, r *accesslog.Record) {
	g := e.key.group
	if e.tally == nil {
		e.tally = c.shared.tallies[g.index].get()
		c.touched = append(c.touched, e)
	}
	e.tally.count(g, r, c.shared.plan)
}

// entry returns the entry of the subject's values. The overflow's entry is valid
// until the next call for its group.
func (c *Counter) entry(g *group, interval int64) *entry {
	b := c.values[:0]
	if c.shared.plan.eventTime {
		b = binary.AppendVarint(b, interval)
	}
	start := len(b)
	b = g.appendValues(b, &c.subject)
	c.values = b
	if e := c.tables[g.index][string(b)]; e != nil {
		return e
	}
	return c.newEntry(g, interval, b, start)
}

// newEntry makes an entry for values that are in no table; in name they begin at
// start, after the interval. Values beyond the limit share one entry.
func (c *Counter) newEntry(g *group, interval int64, name []byte, start int) *entry {
	k := c.key(g, name[start:])
	if k.overflow {
		name = append(name[:start], overflowEntry...)
		if e := c.tables[g.index][string(name)]; e != nil {
			e.below = c.entriesBelow(g, interval, e.below[:0])
			return e
		}
	}
	e := &entry{key: k, interval: interval}
	c.tables[g.index][string(name)] = e
	c.entries++
	e.below = c.entriesBelow(g, interval, nil)
	return e
}

// key returns the key of the subject's values, given uncleaned.
func (c *Counter) key(g *group, values []byte) *key {
	keys, beyond := c.shared.keys[g.index], &c.overLimit[g.index]
	hash, removals := maphash.Bytes(c.seed, values), keys.removals.Load()
	if beyond.has(hash, removals) {
		return keys.overflow
	}
	c.cleaned = g.appendClean(c.cleaned[:0], &c.subject, c.shared.plan.deps.Clean)
	k := keys.intern(c.cleaned)
	if k.overflow {
		beyond.add(hash)
	}
	return k
}

// overLimit remembers which values are beyond the limit of a group, so that they are
// not cleaned again for each record: by 64-bit hashes, since texts may be long.
type overLimit struct {
	hashes   map[uint64]struct{}
	removals uint64 // of keys, when hashes was empty
}

// maxOverLimit is how many hashes are kept.
const maxOverLimit = 1 << 12

// has reports whether values were beyond the limit and no key was removed since.
func (b *overLimit) has(hash, removals uint64) bool {
	if b.removals != removals {
		clear(b.hashes)
		b.removals = removals
	}
	_, found := b.hashes[hash]
	return found
}

func (b *overLimit) add(hash uint64) {
	if b.hashes == nil {
		b.hashes = make(map[uint64]struct{}, maxOverLimit)
	} else if len(b.hashes) == maxOverLimit {
		clear(b.hashes)
	}
	b.hashes[hash] = struct{}{}
}

// entriesBelow appends the subject's entries of the subgroups.
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

// clear drops all entries, which have no tallies.
func (c *Counter) clear() {
	c.entries = 0
	for i := range c.tables {
		c.tables[i] = make(map[string]*entry)
	}
}
