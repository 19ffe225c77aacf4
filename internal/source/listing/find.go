package listing

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// maxFolders is how many folders a search lists. Source buckets of the partitioned
	// layout, and those of days, are not listed.
	maxFolders = 5000
	// maxDepth is how many levels of folders below Config.Prefix it enters.
	maxDepth = 8
	// perList bounds the cost of all searches to less than 20,000 LIST a day.
	perList = 24 * time.Hour / 19_000
)

// find is the job of walking the folders below Config.Prefix, in search of prefixes:
//
//	names in a folder          a prefix, its folders are walked too
//	ACCOUNT/REGION/BUCKET/     a candidate for one, a source bucket: see examine
//	2026/, year=2026/          likewise, days
//
// Only one goroutine uses it.
type find struct {
	source *Source
	number int      // of the search
	doubt  bool     // the search did not see all that is there
	stack  []folder // to be listed; the last one is being listed
	at     folder   // of the current page
	walked int      // folders of the search
	lists  int      // of listOne, since the search began
	logged bool     // what is left out of the current folder
	again  bool     // the search is to be repeated at once: there is a folder to walk

	known      map[string]int        // folders that were walked, and the last search that did
	outside    map[string]bool       // folders to walk too: other lists showed them
	ordinary   map[string]bool       // folders that look like those of a year, and are not
	candidates []candidate           // to be examined before anything else
	undecided  map[string]triedAgain // by id
	foreign    map[string]bool       // ids that this process rejected
	words      map[string]bool       // wrong prefixes that were logged
	refused    map[string]bool       // folders that may not be listed, which was logged
	upgraded   upgraded              // folders that are read from the upgrade on
	limit      bool                  // that there is more than is walked was logged
	period     time.Duration         // that was logged
}

type upgraded struct {
	count   int
	example string
}

type folder struct {
	in    list
	depth int
}

func newFind(s *Source) find {
	return find{
		source: s,
		known:  map[string]int{}, outside: map[string]bool{}, ordinary: map[string]bool{},
		undecided: map[string]triedAgain{}, foreign: map[string]bool{}, words: map[string]bool{}, refused: map[string]bool{},
	}
}

// begin implements job.
func (f *find) begin() s3io.ListInput {
	f.number++
	f.doubt, f.walked, f.lists = false, 0, 0
	f.stack = f.stack[:0]
	for path := range f.outside {
		f.push(path, f.depthOf(path))
	}
	clear(f.outside)
	for _, p := range f.source.prefixes { // lists that skip names may skip their folders too
		base := p.base
		if p.alone {
			base, _ = cutFolder(base)
		}
		if base != f.source.cfg.Prefix {
			f.push(base, f.depthOf(base))
		}
	}
	f.push(f.source.cfg.Prefix, 0)
	return f.stack[len(f.stack)-1].in.ListInput
}

func (f *find) depthOf(path string) int {
	return strings.Count(path[len(f.source.cfg.Prefix):], "/")
}

// push adds a folder to those that are to be listed, unless this search did or will.
func (f *find) push(path string, depth int) {
	switch {
	case f.known[path] == f.number, !f.source.pattern.canFit(path):
		return
	case depth > maxDepth, f.walked >= maxFolders:
		f.doubt = true
		f.logLimit(path)
		return
	}
	f.walked++
	f.known[path] = f.number
	in := s3io.ListInput{Bucket: f.source.cfg.Name, Prefix: path, Delimiter: "/"}
	f.stack = append(f.stack, folder{list{ListInput: in}, depth})
}

func (f *find) logLimit(path string) {
	if f.limit {
		return
	}
	f.limit = true
	f.source.deps.Notice(true, fmt.Sprintf("s3://%s/%s has more folders than are searched (%d, and %d levels deep): %q and others are left out; "+
		"set bucket.prefix to the folder of the log objects", f.source.cfg.Name, f.source.cfg.Prefix, maxFolders, maxDepth, path))
}

// listed implements job.
func (f *find) listed(in list, got *s3io.Page) (list, bool) {
	top := len(f.stack) - 1
	if f.at.in.Prefix != in.Prefix || in.Token == "" && in.StartAfter == "" {
		f.logged = false
	}
	at := &f.stack[top]
	at.in = in
	at.in.Token = got.Token
	f.at = *at
	isBelow := func(o s3io.Object) bool { return strings.Contains(o.Key[len(in.Prefix):], "/") }
	if got.Unrequested.Count > 0 || slices.ContainsFunc(got.Objects, isBelow) {
		f.doubt = true // a server without delimiters shows no folders
	}
	if got.Token == "" {
		f.stack = f.stack[:top]
	} else {
		f.skipNames(&at.in.ListInput, got)
	}
	if slices.ContainsFunc(got.Objects, func(o s3io.Object) bool { return f.isName(o.Key) && f.source.fits(o.Key) }) {
		f.found(place{in.Prefix, names})
	}
	f.descend(in.Prefix, f.at.depth, got.Prefixes)
	if len(f.stack) == 0 {
		return in, false
	}
	return f.stack[len(f.stack)-1].in, true
}

// skipNames continues behind the names of a year, when a page ended among them: behind
// those of a day in the first search, since there may be a folder for a day. Lists of
// the names show later ones.
func (f *find) skipNames(in *s3io.ListInput, got *s3io.Page) {
	if len(got.Objects) == 0 {
		return
	}
	last := got.Objects[len(got.Objects)-1].Key
	if n := len(got.Prefixes); n > 0 && got.Prefixes[n-1] > last || !f.isName(last) {
		return
	}
	skip := len("2006-")
	if f.number == 1 {
		skip = len("2006-01-02-")
	}
	in.StartAfter, in.Token = last[:len(in.Prefix)+skip]+":", "" // ":" sorts after "9"
}

// isName reports whether a key of the current folder is the name of a log object.
func (f *find) isName(key string) bool {
	n, ok := source.ParseName(key)
	return ok && isName(key[len(f.at.in.Prefix):], n)
}

// denied leaves out the folder that is being listed, if it is not Config.Prefix itself: it
// must not hold up the others. It reports whether there are more.
func (f *find) denied() (next list, more, ok bool) {
	top := len(f.stack) - 1
	if f.stack[top].depth == 0 {
		return next, false, false
	}
	path := f.stack[top].in.Prefix
	f.doubt = true
	f.stack = f.stack[:top]
	if !f.refused[path] {
		f.refused[path] = true
		f.source.deps.Notice(true, fmt.Sprintf("s3://%s/%s may not be listed, so nothing below it is read: allow s3:ListBucket for it, or leave it out by bucket.key_pattern",
			f.source.cfg.Name, path))
	}
	if top == 0 {
		return next, false, true
	}
	return f.stack[top-1].in, true, true
}

// descend adds folders to the stack, so that the first one is listed next, and finds
// prefixes.
func (f *find) descend(parent string, depth int, folders []string) {
	buckets := isRegionOfAccount(parent)
	for _, path := range slices.Backward(folders) {
		form, isYear := yearFolder(strings.TrimSuffix(path[len(parent):], "/"))
		switch {
		case !f.source.pattern.canFit(path):
		case isYear && !f.ordinary[path]:
			f.consider(candidate{place: place{parent, form}, shown: path})
		case buckets && !f.ordinary[path]:
			f.consider(candidate{place: place{path, days}, shown: path, bucket: true})
		default:
			f.push(path, depth+1)
		}
	}
}

// found notes a place that has log objects.
func (f *find) found(at place) {
	s := f.source
	if !s.allows(at, false) {
		return
	}
	p := s.prefixes[s.idOf(at)]
	if p == nil {
		p = s.addPrefix(at, false, s.startOf(false), s.deps.Clock.Now())
	}
	f.added(p)
}

func (f *find) added(p *prefix) {
	if s := f.source; p.seen == 0 && s.searched.upgrade && !p.from.equal(s.from) {
		if f.upgraded.count++; f.upgraded.example == "" {
			f.upgraded.example = p.base
		}
	}
	p.seen = f.number
}

// consider notes a candidate to be examined, unless it is known.
func (f *find) consider(c candidate) {
	s := f.source
	id := s.idOf(c.place)
	if p := s.prefixes[id]; p != nil {
		f.added(p)
		return
	}
	again, undecided := f.undecided[id]
	if undecided {
		again.seen = f.number
		f.undecided[id] = again
	}
	switch {
	case s.isForeign(id), undecided && s.deps.Clock.Now().Before(again.due),
		slices.ContainsFunc(f.candidates, func(other candidate) bool { return other.place == c.place }):
		return
	case undecided:
		c.from = again.from
	default:
		c.from = s.startOf(c.form == days && isSourceBucket(c.base[len(s.cfg.Prefix):]))
	}
	f.candidates = append(f.candidates, c)
}

// tryAgain keeps a candidate that could not be judged: by the next search, or ever more
// rarely while there are objects that cannot be read. Where it begins is stored: what
// comes meanwhile is not lost by a restart.
func (f *find) tryAgain(id string, c candidate, hidden bool, now time.Time) {
	again, known := f.undecided[id]
	again.candidate, again.hidden, again.seen = c, hidden, f.number
	if hidden {
		again.wait = min(max(2*again.wait, f.source.cfg.DiscoverInterval), maxTriedAgain)
		again.due = now.Add(again.wait)
	}
	f.undecided[id] = again
	if !known {
		f.source.notes.cursor(f.source.cursors()+id+undecidedSuffix, source.EncodeCursor(c.from.stored()))
	}
}

// decide forgets that a candidate could not be judged.
func (f *find) decide(id string) {
	if _, known := f.undecided[id]; known {
		delete(f.undecided, id)
		f.source.notes.cursor(f.source.cursors()+id+undecidedSuffix, nil)
	}
}

// take implements job: log objects are handed out by the runs of their prefix.
func (f *find) take(o *s3io.Object) (n source.Name, group string, ok bool) {
	isFolder := strings.HasSuffix(o.Key, "/") // consoles create such objects
	if isFolder || f.isName(o.Key) && f.source.cfg.Layout != Partitioned {
		return n, "", false
	}
	f.logWrongPrefix(o.Key)
	if !f.logged { // there may be very many
		f.logged = true
		f.source.stray(o.Key, "")
	}
	return n, "", false
}

// logWrongPrefix logs names that begin with something that the prefix leaves out.
func (f *find) logWrongPrefix(key string) {
	const most = 10
	n, ok := source.ParseName(key)
	if !ok || f.isName(key) {
		return
	}
	at := strings.LastIndex(key, n.Time.Format(source.StampLayout))
	if word := key[:max(at, 0)]; len(f.words) < most && !f.words[word] {
		f.words[word] = true
		f.source.deps.Notice(true, fmt.Sprintf("log objects such as %q are not read, since their names begin with %q: "+
			"set bucket.prefix to %q, in a receiver of its own", key, key[len(f.at.in.Prefix):max(at, 0)], word))
	}
}

// see takes folders that another list showed. Those of years are left to the search, which
// skips none of them and knows what they are in.
func (f *find) see(folders []string) {
	for _, path := range folders {
		_, folder := cutFolder(path)
		if _, isYear := yearFolder(folder); !isYear && f.known[path] == 0 && len(f.outside) < maxFolders {
			f.outside[path] = true
		}
	}
}

// handedOut implements job.
func (f *find) handedOut(r *run, now time.Time) (due time.Time, never bool) {
	if r.more {
		return now, false
	}
	if f.again {
		f.again = false
		return now, false
	}
	s := f.source
	for _, p := range s.prefixes {
		if p.seen < f.number && p.id != namesID && !f.doubt {
			s.dropPrefix(p)
		}
	}
	if !f.doubt {
		f.forgetVanished()
		f.complete(r.date)
	}
	lists := r.lists + f.lists
	period := max(s.cfg.DiscoverInterval, s.cfg.PollInterval, time.Duration(lists)*perList)
	if root := s.prefixes[namesID]; root != nil && s.deps.OneOfMany {
		period = max(period, s.idleWait(root))
	}
	if f.period == 0 || period > 2*f.period || period < f.period/2 {
		f.period = period
		s.deps.Notice(false, fmt.Sprintf("folders below s3://%s/%s are searched every %v, with %d LIST requests: log objects are in %d of them",
			s.cfg.Name, s.cfg.Prefix, period.Round(time.Second), lists, len(s.prefixes)))
	}
	return newer(r.began.Add(period), now), false
}

// forgetVanished forgets the folders that the search did not see.
func (f *find) forgetVanished() {
	maps.DeleteFunc(f.known, func(_ string, seen int) bool { return seen < f.number })
	for id, again := range f.undecided {
		if again.seen < f.number {
			f.decide(id)
		}
	}
}

// complete notes that a search saw all folders.
func (f *find) complete(began time.Time) {
	s := f.source
	if u := f.upgraded; u.count > 0 {
		s.deps.Notice(false, fmt.Sprintf("%d folders, such as s3://%s/%s, were not read by the version before: they are read from %s on; "+
			"to read what is older, run a receiver of its own once, with its own storage, bucket.prefix set to the folder and start_from",
			u.count, s.cfg.Name, u.example, s.searched.at.UTC().Format(time.RFC3339)))
		f.upgraded = upgraded{}
	}
	s.noteSearch(search{at: began})
}
