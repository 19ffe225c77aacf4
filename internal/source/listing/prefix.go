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
	place
	id    string     // see idOf
	free  bool       // every name is that of a log object, not only S3's
	alone bool       // nothing else lists what else is below base
	from  startPoint // Source.from, or later when it was found later

	window    day     // its first day; days before are in spans, or closed
	began     day     // the first one that a span showed; 0 means none yet
	spans     []*span // not closed
	ordered   bool    // names have a time of day
	newest    time.Time
	delivered time.Time // LastModified of the newest object that was listed
	polled    time.Time // when the last pass of the poll began; zero means there was none
	jobs      map[windowJob]*run
	seen      int // the last search that found it
	gone      bool
}

// place is where a prefix is.
type place struct {
	base string // common prefix of its keys: Config.Prefix, or that and folders
	form form
}

// idOf returns the name that a prefix is stored under, behind Config.Prefix. The first
// two are those of the first edition:
//
//	names                           Config.Prefix itself
//	ACCOUNT/REGION/BUCKET           the days of a source bucket right below it
//	FOLDERS/:names, FOLDERS/:days   others
func (s *Source) idOf(at place) string {
	rest := at.base[len(s.cfg.Prefix):]
	switch {
	case rest == "" && at.form == names:
		return namesID
	case at.form == days && isSourceBucket(rest):
		return strings.TrimSuffix(rest, "/")
	default:
		return rest + ":" + string(at.form)
	}
}

// placeOf reverses idOf.
func (s *Source) placeOf(id string) place {
	if id == namesID {
		return place{s.cfg.Prefix, names}
	}
	for _, f := range []form{names, days, hive} {
		if rest, ok := strings.CutSuffix(id, ":"+string(f)); ok && (rest == "" || strings.HasSuffix(rest, "/")) {
			return place{s.cfg.Prefix + rest, f}
		}
	}
	return place{s.cfg.Prefix + id + "/", days}
}

// isSourceBucket reports whether folders are ACCOUNT/REGION/BUCKET/.
func isSourceBucket(folders string) bool {
	account, rest, _ := strings.Cut(folders, "/")
	region, rest, _ := strings.Cut(rest, "/")
	bucket, rest, ok := strings.Cut(rest, "/")
	return ok && rest == "" && bucket != "" && source.IsAccount(account) && source.IsRegion(region)
}

// isRegionOfAccount reports whether a path ends in ACCOUNT/REGION/: the folders in it are
// source buckets.
func isRegionOfAccount(path string) bool {
	rest, region := cutFolder(path)
	_, account := cutFolder(rest)
	return source.IsRegion(region) && source.IsAccount(account)
}

// cutFolder cuts the last folder off a path that ends in "/".
func cutFolder(path string) (parent, folder string) {
	path = strings.TrimSuffix(path, "/")
	i := strings.LastIndexByte(path, '/') + 1
	return path[:i], path[i:]
}

// dayKey sorts before every key of a day, and after those of the day before.
func (p *prefix) dayKey(d day) string { return p.base + p.form.day(d) }

// timeKey sorts before every name of that time.
func (p *prefix) timeKey(t time.Time) string {
	if p.form.dated() {
		return p.dayKey(dayOf(t)) + t.UTC().Format(source.StampLayout)
	}
	return p.base + t.UTC().Format(source.StampLayout)
}

// list returns the request that lists all keys after a given one.
func (p *prefix) list(after string) s3io.ListInput {
	in := s3io.ListInput{Prefix: p.base, StartAfter: after}
	if !p.form.dated() {
		in.Delimiter = "/" // folders belong to other prefixes
	}
	return in
}

// parse reads the key of a log object of p. Its day is the folder's, since that is what
// lists the object again.
func (p *prefix) parse(key string) (n source.Name, d day, ok bool) {
	n, isLog := source.ParseName(key)
	rest := key[len(p.base):]
	if p.form == names {
		return n, dayOf(n.Time), isLog && isName(rest, n)
	}
	d, rest, ok = p.form.cut(rest)
	name, below := strings.CutPrefix(rest, "/")
	switch {
	case !ok || !below:
		return n, 0, false
	case p.free:
		return n, d, name != "" && !strings.HasSuffix(name, "/")
	default:
		return n, d, isLog && isName(name, n)
	}
}

// owns reports whether a key that is not a log object's is for p to report.
func (p *prefix) owns(key string) bool {
	if !p.form.dated() || p.alone {
		return key != p.base // consoles create such objects for folders
	}
	folder, _, _ := strings.Cut(key[len(p.base):], "/")
	f, ok := yearFolder(folder)
	return ok && f == p.form && !strings.HasSuffix(key, "/")
}

// passed reports whether a page reached keys that sort after all possible names.
func (p *prefix) passed(got *s3io.Page) bool { return lastShown(got) >= p.base+p.form.end() }

// observe notes a log object within the window.
func (p *prefix) observe(o *s3io.Object, n source.Name) {
	p.delivered = newer(p.delivered, o.LastModified)
	if !p.free {
		p.newest = newer(p.newest, n.Time)
	}
}

// isWanted reports whether a log object was delivered between the start and the end.
func (s *Source) isWanted(p *prefix, o *s3io.Object, n source.Name) bool {
	return p.from.qualifies(o, n, p.form.dated()) && s.isOurs(o, n, p.form.dated())
}

// reconsider sets ordered by the newest name. A single name may read midnight by
// chance, but not for long.
func (p *prefix) reconsider(date time.Time) {
	switch {
	case !p.form.dated(), p.newest.IsZero():
	case hasTimeOfDay(p.newest):
		p.ordered = true
	case date.Sub(p.newest) > overlap:
		p.ordered = false
	}
}

// addPrefix begins to list a prefix that was found.
func (s *Source) addPrefix(at place, free bool, from startPoint, now time.Time) *prefix {
	p := s.newPrefix(at)
	p.free, p.from = free, from
	p.window = max(s.first, from.day)
	if from.day < p.window {
		p.spans = append(p.spans, &span{prefix: p, source: s, from: from.key(p), to: p.window})
	}
	s.note(p)
	s.moveWindow(p)
	s.plan(p, now)
	return p
}

// restorePrefix goes on with a prefix of an earlier process.
func (s *Source) restorePrefix(at place, stored *storedPrefix, now time.Time) {
	p := s.newPrefix(at)
	p.free, p.from = stored.Free, s.from
	if stored.Start != nil {
		p.from = stored.Start.point()
	}
	p.window = stored.Window.day
	if p.window > s.today { // the clock was wrong
		s.repairs = append(s.repairs, "the stored window of s3://"+s.cfg.Name+"/"+p.base+" began on "+p.window.String()+
			", by a clock that was wrong: it begins on "+s.first.String()+" again")
		p.window = s.first
		s.note(p)
	}
	for _, o := range stored.Open {
		p.spans = append(p.spans, &span{prefix: p, source: s, from: o.From, to: o.To.day, seenBefore: o.Seen})
	}
	s.moveWindow(p)
	s.plan(p, now)
}

func (s *Source) newPrefix(at place) *prefix {
	p := &prefix{place: at, id: s.idOf(at), ordered: !at.form.dated(), jobs: map[windowJob]*run{}}
	parent, _ := cutFolder(at.base)
	p.alone = at.form == days && at.base != s.cfg.Prefix && isRegionOfAccount(parent)
	s.prefixes[p.id] = p
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
	delete(s.prefixes, p.id)
	s.notes.cursor(s.cursors()+p.id, nil)
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
	today, first := dayOf(s.date.Time), dayOf(s.date.Add(-s.cfg.Lookback))
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
	switch {
	case s.isEmpty(p) && (len(s.prefixes) > 1 || s.deps.OneOfMany):
		wanted = []windowJob{{source: s, prefix: p, kind: wholeWindow}}
	case !p.ordered:
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
