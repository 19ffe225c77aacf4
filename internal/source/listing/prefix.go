package listing

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// prefix is what is listed as one. The package comment has a picture.
type prefix struct {
	base    string // common prefix of its keys: Config.Prefix, or that and account/region/bucket/
	folders bool   // after base a key has folders for year, month and day

	window  day     // its first day; days before are in spans, or closed
	spans   []*span // not closed
	ordered bool    // names have a time of day
	newest  time.Time
	polled  time.Time // when the last pass of the poll began; zero means there was none
	jobs    map[windowJob]*run
	seen    int // the last search that found it
	gone    bool
}

// dayKey sorts before every key of a day, and after those of the day before.
func (p *prefix) dayKey(d day) string {
	if p.folders {
		return p.base + d.String() + "/"
	}
	return p.base + d.time().Format(nameLayout) + "-"
}

// timeKey sorts before every name of that time.
func (p *prefix) timeKey(t time.Time) string {
	if p.folders {
		return p.dayKey(dayOf(t)) + t.UTC().Format(source.StampLayout)
	}
	return p.base + t.UTC().Format(source.StampLayout)
}

// list returns the request that lists all keys after a given one.
func (p *prefix) list(after string) s3io.ListInput {
	in := s3io.ListInput{Prefix: p.base, StartAfter: after}
	if !p.folders {
		in.Delimiter = "/" // folders belong to other prefixes
	}
	return in
}

// parse reads the key of a log object of p.
func (p *prefix) parse(key string) (n source.Name, d day, ok bool) {
	n, ok = source.ParseName(key)
	if !ok {
		return n, 0, false
	}
	rest := key[len(p.base):]
	if !p.folders {
		return n, dayOf(n.Time), isStamped(rest, n.Time)
	}
	// The folder decides, since it is what lists the object again.
	d, name, ok := cutDay(rest)
	return n, d, ok && n.AccountID != "" && strings.LastIndexByte(name, '/') == 0
}

// passed reports whether a page reached keys that sort after all possible names.
func (p *prefix) passed(got *s3io.Page) bool { return passed(p.base, got) }

func passed(base string, got *s3io.Page) bool {
	last := lastShown(got)
	return len(last) > len(base) && last[len(base)] > '9'
}

// observe updates newest with a name within the window.
func (p *prefix) observe(n source.Name) {
	if n.Time.After(p.newest) {
		p.newest = n.Time
	}
}

// reconsider sets ordered by the newest name. A single name may read midnight by
// chance, but not for long.
func (p *prefix) reconsider(now time.Time) (changed bool) {
	was := p.ordered
	switch {
	case !p.folders, p.newest.IsZero():
	case hasTimeOfDay(p.newest):
		p.ordered = true
	case now.Sub(p.newest) > overlap:
		p.ordered = false
	}
	return p.ordered != was
}

// addPrefix begins to list a prefix; stored is nil for a new one.
func (s *Source) addPrefix(base string, stored *storedPrefix, now time.Time) *prefix {
	p := &prefix{base: base, folders: base != s.cfg.Prefix, jobs: map[windowJob]*run{}}
	p.ordered = !p.folders
	s.prefixes[base] = p
	if stored == nil {
		p.window = max(s.first, s.from.day)
		if s.from.day < p.window {
			p.spans = append(p.spans, &span{prefix: p, source: s, from: s.from.key(p), to: p.window})
		}
		s.note(p)
	} else {
		p.window = stored.Window.day
		if p.window > s.today { // the clock was wrong
			p.window = s.first
			s.note(p)
		}
		for _, o := range stored.Open {
			p.spans = append(p.spans, &span{prefix: p, source: s, from: o.From, to: o.To.day, seenBefore: o.Seen})
		}
	}
	s.moveWindow(p)
	s.plan(p, now)
	return p
}

// dropPrefix stops listing a prefix that no longer exists.
func (s *Source) dropPrefix(p *prefix) {
	p.gone = true
	for _, r := range p.jobs {
		r.dead = true
	}
	for _, sp := range p.spans {
		sp.run.dead = true
	}
	delete(s.prefixes, p.base)
	s.notes.cursor(s.cursorName(p.base), nil)
	s.stale = true
}

// moveWindow turns the days that the window has left into a span.
func (s *Source) moveWindow(p *prefix) {
	if p.window < s.first {
		p.spans = append(p.spans, &span{prefix: p, source: s, from: p.dayKey(p.window)[len(p.base):], to: s.first})
		p.window = s.first
		s.note(p)
	}
}

// startNewDay moves the windows when a new day has begun.
func (s *Source) startNewDay(now time.Time) {
	today, first := dayOf(now), dayOf(now.Add(-s.cfg.Lookback))
	if today <= s.today && first <= s.first {
		return
	}
	s.today, s.first, s.stale = max(today, s.today), max(first, s.first), true
	for _, p := range s.prefixes {
		s.moveWindow(p)
		s.plan(p, now)
	}
}

// plan starts the runs that a prefix should have, and ends the others.
func (s *Source) plan(p *prefix, now time.Time) {
	if p.gone {
		return
	}
	wanted := []windowJob{{source: s, prefix: p, kind: poll}, {source: s, prefix: p, kind: sweep}}
	if !p.ordered {
		wanted = wanted[:0]
		for d := s.today; d >= p.window; d-- {
			wanted = append(wanted, windowJob{source: s, prefix: p, kind: wholeDay, day: d})
		}
	}
	for j, r := range p.jobs {
		if !slices.Contains(wanted, j) {
			r.dead = true
			delete(p.jobs, j)
		}
	}
	for _, j := range wanted {
		if p.jobs[j] == nil {
			p.jobs[j] = s.start(j, j.rank(), now)
		}
	}
	for _, sp := range p.spans {
		if sp.run == nil {
			sp.run = s.start(sp, rankSpan, now)
		}
	}
}
