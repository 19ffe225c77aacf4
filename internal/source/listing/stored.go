package listing

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// notes gathers what is to be committed. It is safe for concurrent use.
type notes struct {
	mu     sync.Mutex // guards everything below
	change source.Change
	ready  bool
}

// cursor notes a cursor's value; nil removes it.
func (n *notes) cursor(name string, value []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.change.SetCursor(name, value)
}

// done notes an object that was not handed out.
func (n *notes) done(group string, id source.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.change.AddDone(group, id)
}

func (n *notes) forget(group string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.change.Forget, group) {
		n.change.Forget = append(n.change.Forget, group)
	}
}

// drop drops what was noted.
func (n *notes) drop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.change, n.ready = source.Change{}, false
}

// confirm lets take return what was noted.
func (n *notes) confirm() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ready = true
}

// take returns what was noted since it was called last, nothing before confirm.
func (n *notes) take() source.Change {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.ready {
		return source.Change{}
	}
	c := n.change
	n.change = source.Change{}
	return c
}

// storedDay is a day in a cursor.
type storedDay struct{ day }

// MarshalText implements encoding.TextMarshaler.
func (d storedDay) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *storedDay) UnmarshalText(text []byte) error {
	parsed, rest, ok := days.cut(string(text))
	if !ok || rest != "" {
		return fmt.Errorf("%q is not a day", text)
	}
	d.day = parsed
	return nil
}

// storedStart is the cursor of a startPoint.
type storedStart struct {
	At       time.Time `json:"at,omitzero"`
	Modified bool      `json:"modified,omitempty"`
	Day      storedDay `json:"day"`
}

func (s storedStart) point() startPoint { return startPoint{s.At, s.Modified, s.Day.day} }

func (b startPoint) stored() storedStart { return storedStart{b.at, b.modified, storedDay{b.day}} }

// storedPrefix is the cursor of a prefix.
type storedPrefix struct {
	Window storedDay    `json:"window"`
	Open   []storedSpan `json:"open,omitempty"`
	Start  *storedStart `json:"start,omitempty"` // nil means that of the Source
	Free   bool         `json:"free,omitempty"`
}

type storedSpan struct {
	From string    `json:"from,omitempty"`
	To   storedDay `json:"to"`
	Seen string    `json:"seen,omitempty"` // see span.seenBefore
}

// storedSearch is the cursor of a search.
type storedSearch struct {
	At      time.Time `json:"at,omitzero"`
	Upgrade bool      `json:"upgrade,omitempty"`
}

const (
	startName  = "start"
	searchName = "look"
	namesID    = "names"
	// undecidedSuffix is behind the id of a candidate that could not be judged.
	undecidedSuffix = "?"
)

// cursorsOf is what the names of all cursors of this package begin with.
const cursorsOf = "listing/"

// Place is a bucket and a prefix: what a Source reads.
type Place struct{ Bucket, Prefix string }

// Cursors returns what the names of the cursors of a place begin with.
func (p Place) Cursors() string { return cursorsOf + p.Bucket + "/" + p.Prefix + ":" }

// Begun reports whether cursors have a start of the place: a Source began to read it.
func (p Place) Begun(cursors map[string][]byte) bool {
	_, begun := cursors[p.Cursors()+startName]
	return begun
}

// PlaceOf returns the place of a cursor that is a start; ok is false for other cursors.
func PlaceOf(cursor string) (p Place, ok bool) {
	bucket, rest, ok := cutBucket(cursor)
	prefix, isStart := strings.CutSuffix(rest, ":"+startName)
	return Place{bucket, prefix}, ok && isStart
}

// BucketOf returns the bucket of a cursor of this package; ok is false for others.
func BucketOf(cursor string) (bucket string, ok bool) {
	bucket, _, ok = cutBucket(cursor)
	return bucket, ok
}

func cutBucket(cursor string) (bucket, rest string, ok bool) {
	rest, ours := strings.CutPrefix(cursor, cursorsOf)
	bucket, rest, ok = strings.Cut(rest, "/")
	return bucket, rest, ok && ours
}

// cursors is the prefix of all cursor names.
func (s *Source) cursors() string { return Place{s.cfg.Name, s.cfg.Prefix}.Cursors() }

// cutPlace returns the id of the prefix or candidate that a cursor is of; ok is false for
// other cursors.
func (s *Source) cutPlace(name string) (id string, ok bool) {
	id, ok = strings.CutPrefix(name, s.cursors())
	return id, ok && id != startName && id != searchName && id != shardName
}

// note notes a prefix's cursor.
func (s *Source) note(p *prefix) {
	if p.gone {
		return
	}
	c := storedPrefix{Window: storedDay{p.window}, Free: p.free}
	for _, sp := range p.spans {
		c.Open = append(c.Open, storedSpan{From: sp.from, To: storedDay{sp.to}, Seen: max(sp.seenBefore, sp.at)})
	}
	if !p.from.equal(s.from) {
		start := p.from.stored()
		c.Start = &start
	}
	s.notes.cursor(s.cursors()+p.id, source.EncodeCursor(c))
}

// restoreBy restores what was committed, or starts as Config.StartFrom says, at a date.
func (s *Source) restoreBy(date, now time.Time) error {
	s.date.Time, s.date.read = date, now
	s.prefixes, s.runs, s.page, s.backlog = map[string]*prefix{}, nil, page{}, backlog{}
	s.find = newFind(s)
	s.stale, s.repairs = true, nil
	s.notes.drop()
	s.today, s.first = dayOf(date), dayOf(date.Add(-s.cfg.Lookback))
	s.backlog.restore(s.deps.Progress.Groups())
	cursors := s.deps.Progress.Cursors()
	if err := s.restoreStart(cursors, date); err != nil {
		return err
	}
	if err := s.restoreShard(cursors, date); err != nil {
		return err
	}
	if err := s.checkLayout(cursors); err != nil {
		return err
	}
	if s.cfg.Layout == Any {
		s.start(&whole{source: s}, rankNewest, now)
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(cursors)) {
		id, ok := s.cutPlace(name)
		if !ok {
			continue
		}
		if undecided, ok := strings.CutSuffix(id, undecidedSuffix); ok {
			var start storedStart
			if err := source.DecodeCursor(name, cursors[name], &start); err != nil {
				return err
			}
			s.find.undecided[undecided] = triedAgain{candidate: candidate{from: start.point()}}
			continue
		}
		var stored storedPrefix
		if err := source.DecodeCursor(name, cursors[name], &stored); err != nil {
			return err
		}
		if at := s.placeOf(id); s.allows(at, stored.Free) {
			s.restorePrefix(at, &stored, now)
		}
	}
	if root := (place{s.cfg.Prefix, names}); s.allows(root, false) && s.prefixes[namesID] == nil {
		s.addPrefix(root, false, s.from, now)
	}
	if s.cfg.Layout != Simple {
		s.start(&s.find, rankFind, now)
	}
	return nil
}

// checkLayout reports stored progress of another kind of layout: what Any has read is kept
// under other names.
func (s *Source) checkLayout(cursors map[string][]byte) error {
	isAny := slices.ContainsFunc(s.deps.Progress.Groups(), func(group string) bool { return strings.HasPrefix(group, groupOfAny) })
	others := false
	for name := range cursors {
		_, isPlace := s.cutPlace(name)
		others = others || isPlace
	}
	if s.cfg.Layout == Any && others || s.cfg.Layout != Any && isAny {
		return fmt.Errorf("`bucket::layout` is %q, but the stored progress is of another one, and all would be read again: "+
			"give a receiver with `any` a storage of its own", s.cfg.Layout)
	}
	return nil
}

// allows reports whether Config.Layout has such a prefix.
func (s *Source) allows(at place, free bool) bool {
	switch s.cfg.Layout {
	case Simple:
		return at == place{s.cfg.Prefix, names}
	case Partitioned:
		return at.form.dated() && !free
	default:
		return true
	}
}

// restoreStart restores start_from as it was resolved at the first start, and what the
// last search for folders leaves to know.
func (s *Source) restoreStart(cursors map[string][]byte, date time.Time) error {
	startCursor, searchCursor := s.cursors()+startName, s.cursors()+searchName
	value, stored := cursors[startCursor]
	if !stored {
		start, err := parseStart(s.cfg.StartFrom)
		if err != nil {
			return err
		}
		if err := s.checkOverlap(cursors, start, date); err != nil {
			return err
		}
		// Reading starts when New was called, however long ago S3 could not be reached then.
		waited := min(s.clock.Now().Sub(s.opened), s.cfg.Lookback)
		s.from = start.resolve(s.firstSeen(date.Add(-waited)), s.cfg.Lookback)
		if missing := s.deps.Begin.Missing; !missing.IsZero() {
			s.from = s.from.notBefore(missing, s.cfg.Lookback)
		}
		s.notes.cursor(startCursor, source.EncodeCursor(s.from.stored()))
		s.noteSearch(search{})
		return nil
	}
	var start storedStart
	if err := source.DecodeCursor(startCursor, value, &start); err != nil {
		return err
	}
	s.from = start.point()
	if s.from.modified && s.from.at.After(date.Add(maxStep)) { // nothing was read since
		text := "the stored start of s3://" + s.cfg.Name + "/" + s.cfg.Prefix + " was " + s.from.at.Format(time.RFC3339) + ", by a clock that was wrong: nothing was read since"
		s.from = startFrom{kind: latest}.resolve(date.Add(-s.cfg.Lookback), s.cfg.Lookback)
		s.repairs = append(s.repairs, text+"; reading starts at "+s.from.at.Format(time.RFC3339))
		s.notes.cursor(startCursor, source.EncodeCursor(s.from.stored()))
	}
	value, stored = cursors[searchCursor]
	if !stored { // of the first edition, which entered no folders but those of accounts
		s.noteSearch(search{at: date, upgrade: true})
		return nil
	}
	var last storedSearch
	if err := source.DecodeCursor(searchCursor, value, &last); err != nil {
		return err
	}
	s.searched = search{last.At, last.Upgrade}
	if s.searched.at.After(date) { // the clock was wrong
		s.noteSearch(search{date, last.Upgrade})
	}
	return nil
}

// Overlap reports whether some keys begin with both prefixes.
func Overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// checkOverlap reports a prefix that is new, and overlaps one whose progress is stored: what
// that read would be read again from a start that reaches back.
func (s *Source) checkOverlap(cursors map[string][]byte, start startFrom, date time.Time) error {
	for name, value := range cursors {
		other, isStart := PlaceOf(name)
		if !isStart || other.Bucket != s.cfg.Name || !Overlap(other.Prefix, s.cfg.Prefix) {
			continue
		}
		var was storedStart
		if err := source.DecodeCursor(name, value, &was); err != nil {
			return err
		}
		until := date // that one was read up to
		var last storedSearch
		if value, ok := cursors[other.Cursors()+searchName]; ok && source.DecodeCursor(name, value, &last) == nil && !last.At.IsZero() {
			until = last.At
		}
		if from := start.resolve(s.firstSeen(date), s.cfg.Lookback); from.at.Before(until) && was.At.Before(until) && start.kind != latest {
			return fmt.Errorf("`bucket::prefix` %q overlaps %q, of which progress is stored: from start_from %s on, objects would be read twice; "+
				"set start_from to latest or to a time after %s, or give the receiver a storage of its own",
				s.cfg.Prefix, other.Prefix, s.cfg.StartFrom, until.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// firstSeen returns when the configuration named the bucket first; now is the present.
func (s *Source) firstSeen(now time.Time) time.Time {
	if at := s.deps.Begin.Seen; !at.IsZero() && at.Before(now) {
		return at
	}
	return now
}

// noteSearch sets and notes the last complete search for folders.
func (s *Source) noteSearch(last search) {
	s.searched = last
	s.notes.cursor(s.cursors()+searchName, source.EncodeCursor(storedSearch{last.at, last.upgrade}))
}
