package threat

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
)

// Limits of what a feed may hold, so that a wrong or hostile one costs a bounded
// amount of memory.
const (
	maxEntries  = 10_000_000
	maxText     = 1 << 10  // bytes of a name or description; the rest is cut off
	maxLine     = 64 << 10 // bytes of a line; a longer one is a bad entry
	maxDepth    = 64       // of nested JSON
	maxInterned = 64 << 10 // details that are looked for again
	maxReasons  = 5        // of bad entries that are kept
	firstRoom   = 1 << 6   // items before equal ones are looked for
)

var errTooMany = errors.New("more than 10,000,000 entries")

// Stats say what was found in a feed.
type Stats struct {
	Entries int // prefixes in use, each once a time of validity
	// Skipped entries cannot be used; TooWide is how many of them are prefixes
	// shorter than /8 (IPv4) or /19 (IPv6).
	Skipped, TooWide int
	// Ignored entries are well-formed and not for us: other types than
	// addresses, revoked, expired, not meant for detection.
	Ignored int
	// TextsLeftOut are entries that are in use without some of their texts, since those
	// of all feeds take their limit.
	TextsLeftOut int
	Reasons      []string // of the first entries that were skipped, with their line or number
}

// detail is what a feed says of an indicator. Many share one; it never changes.
type detail struct {
	feed        uint16 // its place in the settings
	confidence  int16  // 0 to 100; unknown only before it is added
	actor       string // "" unassigned
	software    string
	provider    string
	description string
}

// validity is when an indicator matches, in unix seconds from the first to
// before the second; 0 is open.
type validity struct{ from, until uint32 }

// validityOf turns the unix seconds of a feed into a validity. What ended before
// 1970 has ended by 1970, what ends after 2106 does not end.
func validityOf(from, until int64) validity {
	v := validity{from: uint32(min(max(from, 0), math.MaxUint32))}
	if until != 0 && until <= math.MaxUint32 {
		v.until = uint32(max(until, 1))
	}
	return v
}

func (v validity) ended(now int64) bool { return v.until != 0 && now >= int64(v.until) }

// item is one prefix of a feed.
type item struct {
	prefix netip.Prefix // masked
	detail *detail
	validity
}

// list is what a feed holds.
type list struct {
	items []item
	Stats
}

// sink takes the entries of one feed from its format.
type sink struct {
	list
	feed     *Feed
	texts    *textRoom
	most     int    // entries
	index    uint16 // the feed's
	now      int64  // unix seconds
	unit     string // what entries are numbered by: "line" or "entry"
	interned map[detail]*detail
	last     *detail // the latest, since many entries are alike
	scratch  []netip.Prefix
}

func newSink(f *Feed, index uint16, now int64, t *textRoom) *sink {
	t.begin(index)
	return &sink{feed: f, texts: t, most: maxEntries, index: index, now: now, unit: "entry", interned: map[detail]*detail{}}
}

// add takes an entry as it is written. Its texts are copied and cut where they
// are kept. An error ends the feed; bad entries are none.
func (s *sink) add(at int, entry string, d detail, v validity) error {
	prefixes, err := appendPrefixes(s.scratch[:0], entry)
	if err != nil {
		s.skip(at, fmt.Errorf("%w: %q", err, cut(entry, 80)))
		return nil
	}
	s.scratch = prefixes[:0]
	return s.addPrefixes(prefixes, d, v)
}

// addPrefixes is add for prefixes that appendPrefixes returned.
func (s *sink) addPrefixes(prefixes []netip.Prefix, d detail, v validity) error {
	if v.ended(s.now) {
		s.ignore()
		return nil
	}
	shared := s.intern(d)
	for _, p := range prefixes {
		if err := s.makeRoom(); err != nil {
			return err
		}
		s.items = append(s.items, item{prefix: p, detail: shared, validity: v})
	}
	return nil
}

// makeRoom makes room for an item. Equal items are merged before more memory is taken,
// so that a feed costs what its different entries do.
func (s *sink) makeRoom() error {
	if len(s.items) < cap(s.items) {
		return nil
	}
	s.merge()
	room, mostRoom := cap(s.items), s.most+s.most/4
	switch {
	case len(s.items) > s.most:
		return errTooMany
	case len(s.items) < room*3/4 || room == mostRoom:
		return nil
	}
	more := make([]item, len(s.items), min(max(firstRoom, room+room/2), mostRoom))
	copy(more, s.items)
	s.items = more
	return nil
}

// merge sorts the items. Of several for one prefix and time it keeps the one that wins.
func (s *sink) merge() {
	slices.SortFunc(s.items, compareItems)
	s.items = slices.CompactFunc(s.items, func(kept, next item) bool {
		return kept.prefix == next.prefix && kept.validity == next.validity
	})
}

// finish ends a feed that was read completely.
func (s *sink) finish() error {
	s.merge()
	if len(s.items) > s.most {
		return errTooMany
	}
	if len(s.items) < cap(s.items)*3/4 {
		s.items = slices.Clone(s.items) // without the room that is left
	}
	s.Entries = len(s.items)
	s.interned, s.last = nil, nil
	return nil
}

// intern returns a detail that is kept. Texts for which there is no room are left out: the
// description, which is mostly an entry's own, before the others.
func (s *sink) intern(d detail) *detail {
	d.feed = s.index
	if d.confidence == unknown {
		d.confidence = int16(s.feed.Confidence)
	}
	d.actor, d.software = limit(d.actor), limit(d.software)
	d.provider, d.description = limit(d.provider), limit(d.description)
	kept := s.tryIntern(d, false)
	if kept == nil {
		s.TextsLeftOut++
		d.description = ""
		kept = s.tryIntern(d, false)
	}
	if kept == nil {
		d.actor, d.software, d.provider = "", "", ""
		kept = s.tryIntern(d, true)
	}
	s.last = kept
	return kept
}

// tryIntern returns a detail that is kept, nil when there is no room for a new one.
func (s *sink) tryIntern(d detail, always bool) *detail {
	if s.last != nil && *s.last == d {
		return s.last
	}
	if kept, known := s.interned[d]; known {
		return kept
	}
	if !s.texts.take(s.index, d.size()) && !always {
		return nil
	}
	d.actor, d.software = strings.Clone(d.actor), strings.Clone(d.software)
	d.provider, d.description = strings.Clone(d.provider), strings.Clone(d.description)
	if len(s.interned) >= maxInterned {
		clear(s.interned) // forgetting costs memory, remembering all would too
	}
	s.interned[d] = &d
	return &d
}

// limit cuts a text of a feed, without copying it.
func limit(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, "")
}

// skip counts a bad entry. Its error should not hold more than a piece of it.
func (s *sink) skip(at int, err error) {
	s.Skipped++
	if errors.Is(err, errTooWide) {
		s.TooWide++
	}
	if len(s.Reasons) < maxReasons {
		s.Reasons = append(s.Reasons, fmt.Sprintf("%s %d: %v", s.unit, at, err))
	}
}

// ignore counts an entry that is not for us.
func (s *sink) ignore() { s.Ignored++ }
