package threat

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gaissmai/bart"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// maxAnswers is how many ready answers a table has. Up to that size all are made when it
// is built. Those of a larger one are made on demand and take each other's place: two
// million would take 400 MB, and few are ever needed.
const maxAnswers = 100_000

// table finds the indicator that matches an address. Only its answers change, each
// of which is replaced as a whole: readers take no lock.
type table struct {
	feeds []string                 // names, in the order of the settings
	items []item                   // sorted by prefix, those of one prefix by feed
	slots []slot                   // one for each distinct prefix, in the order of items
	ready []atomic.Pointer[answer] // that of a slot is at its number modulo the length

	// The slot of the longest prefix around an address.
	ipv4 ranges
	ipv6 bart.Table[int32]
}

// slot is a prefix: items from first up to the next slot's first.
type slot struct {
	first  uint32
	parent int32 // slot of the longest prefix around this one, or none
}

// answer is the result for an address whose longest prefix is a slot's, from one
// moment to before another, in unix seconds.
type answer struct {
	slot        int32
	from, until int64
	matches     bool // else all indicators have expired, or are not yet valid
	threat      enrich.Threat
}

// newTable takes over the items.
func newTable(feeds []string, items []item, now int64) *table {
	slices.SortFunc(items, compareItems)
	t := &table{feeds: feeds, items: slices.Compact(items)}
	distinct := 0
	for i := range t.items {
		if i == 0 || t.items[i].prefix != t.items[i-1].prefix {
			distinct++
		}
	}
	t.slots = make([]slot, distinct)
	t.ready = make([]atomic.Pointer[answer], min(distinct, maxAnswers))
	t.index()
	if distinct <= maxAnswers {
		for s := range t.slots {
			t.resolve(int32(s), now)
		}
	}
	return t
}

// compareItems orders by prefix, each before those inside it, then by feed, then by time
// of validity. The rest orders what a feed says of one prefix and time, the most confident
// first, actors before none.
func compareItems(a, b item) int {
	if c := a.prefix.Addr().Compare(b.prefix.Addr()); c != 0 {
		return c
	}
	if c := cmp.Compare(a.prefix.Bits(), b.prefix.Bits()); c != 0 || a.detail == b.detail && a.validity == b.validity {
		return c
	}
	return cmp.Or(
		cmp.Compare(a.detail.feed, b.detail.feed),
		cmp.Compare(a.from, b.from),
		cmp.Compare(a.until, b.until),
		cmp.Compare(b.detail.confidence, a.detail.confidence),
		strings.Compare(b.detail.actor, a.detail.actor),
		strings.Compare(b.detail.software, a.detail.software),
		strings.Compare(b.detail.description, a.detail.description),
		strings.Compare(b.detail.provider, a.detail.provider),
	)
}

// index fills slots and what finds them. In the order of items a prefix comes
// before those inside it, so the last slot or one around it is a slot's parent.
func (t *table) index() {
	open, n := int32(none), int32(none) // the innermost slot that has not ended, the latest slot
	for i := range t.items {
		p := t.items[i].prefix
		if i > 0 && p == t.items[i-1].prefix {
			continue
		}
		for open != none && !t.prefixOf(open).Contains(p.Addr()) {
			open = t.endSlot(open)
		}
		n++
		t.slots[n].first, t.slots[n].parent = uint32(i), open
		if open = n; p.Addr().Is4() {
			t.ipv4.begin(number(p.Addr()), n)
		} else {
			t.ipv6.Insert(p, n)
		}
	}
	for open != none {
		open = t.endSlot(open)
	}
	t.ipv4.seal()
}

// endSlot says that addresses behind a slot's prefix belong to its parent, which
// it returns.
func (t *table) endSlot(s int32) int32 {
	last := lastOf(t.prefixOf(s))
	if next := last.Next(); last.Is4() && next.IsValid() {
		t.ipv4.begin(number(next), t.slots[s].parent)
	}
	return t.slots[s].parent
}

func (t *table) prefixOf(s int32) netip.Prefix { return t.items[t.slots[s].first].prefix }

// itemsOf returns the items of one prefix.
func (t *table) itemsOf(s int32) []item {
	end := len(t.items)
	if int(s)+1 < len(t.slots) {
		end = int(t.slots[s+1].first)
	}
	return t.items[t.slots[s].first:end]
}

// lookup returns the indicator that matches an address at a moment, or nil.
func (t *table) lookup(addr netip.Addr, now int64) *enrich.Threat {
	s := int32(none)
	if addr.Is4() {
		s = t.ipv4.find(addr)
	} else if found, ok := t.ipv6.Lookup(addr); ok {
		s = found
	}
	if s == none {
		return nil
	}
	a := t.answerOf(s).Load()
	if a == nil || a.slot != s || now < a.from || now >= a.until {
		a = t.resolve(s, now)
	}
	if !a.matches {
		return nil
	}
	return &a.threat
}

// resolve makes a slot's answer for a moment and stores it. When several
// goroutines do, they make the same.
func (t *table) resolve(s int32, now int64) *answer {
	a := &answer{slot: s, from: math.MinInt64, until: math.MaxInt64}
	var best *item
	var feeds []uint16
	for at := s; at != none; at = t.slots[at].parent {
		items := t.itemsOf(at)
		for i := range items {
			it := &items[i]
			if !a.holds(it.validity, now) {
				continue
			}
			feeds = append(feeds, it.detail.feed)
			// From the most specific outwards: only more confidence wins.
			if best == nil || it.detail.confidence > best.detail.confidence {
				best = it
			}
		}
	}
	if best != nil {
		slices.Sort(feeds)
		a.matches, a.threat = true, t.threatOf(best, slices.Compact(feeds))
	}
	t.answerOf(s).Store(a)
	return a
}

// answerOf returns where a slot's answer is, or that of another one.
func (t *table) answerOf(s int32) *atomic.Pointer[answer] { return &t.ready[int(s)%len(t.ready)] }

// holds reports whether an indicator matches at a moment, and narrows the answer
// to the time in which that stays so.
func (a *answer) holds(v validity, now int64) bool {
	for _, edge := range [2]uint32{v.from, v.until} {
		switch {
		case edge == 0:
		case now < int64(edge):
			a.until = min(a.until, int64(edge))
		default:
			a.from = max(a.from, int64(edge))
		}
	}
	return now >= int64(v.from) && !v.ended(now)
}

func (t *table) threatOf(it *item, feeds []uint16) enrich.Threat {
	d := it.detail
	threat := enrich.Threat{
		Indicator:   it.prefix.String(),
		Confidence:  confidenceOf(int(d.confidence)),
		Type:        "ipv4-addr",
		Provider:    d.provider,
		Description: d.description,
		Group:       cmp.Or(d.actor, enrich.Unassigned),
		Software:    d.software,
		Feed:        t.feeds[d.feed],
		Feeds:       make([]string, len(feeds)),
	}
	if it.prefix.IsSingleIP() {
		threat.Indicator = it.prefix.Addr().String()
	}
	if it.prefix.Addr().Is6() {
		threat.Type = "ipv6-addr"
	}
	for i, f := range feeds {
		threat.Feeds[i] = t.feeds[f]
	}
	return threat
}

// with returns a table in which the lists of some feeds, by their place in the
// settings, are replaced.
func (t *table) with(lists map[uint16]*list, now int64) *table {
	stays := func(it *item) bool { _, replaced := lists[it.detail.feed]; return !replaced }
	n := 0
	for i := range t.items {
		if stays(&t.items[i]) {
			n++
		}
	}
	for _, l := range lists {
		n += len(l.items)
	}
	if len(lists) == 1 && n == len(only(lists).items) { // no need to copy them
		return newTable(t.feeds, only(lists).items, now)
	}
	items := make([]item, 0, n)
	for i := range t.items {
		if stays(&t.items[i]) {
			items = append(items, t.items[i])
		}
	}
	for _, l := range lists {
		items = append(items, l.items...)
	}
	return newTable(t.feeds, items, now)
}

// only returns the one list there is.
func only(lists map[uint16]*list) *list {
	for _, l := range lists {
		return l
	}
	return nil
}
