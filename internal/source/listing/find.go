package listing

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// find is the job of looking for source buckets: in Config.Prefix for
// accounts, in these for regions, in these for buckets.
type find struct {
	source *Source
	number int      // of the search
	doubt  bool     // an answer of the search was not quite what was requested
	stack  []folder // to be listed; the last one is being listed
	depth  int      // of the current page: 0, 1, 2
}

type folder struct {
	in    list
	depth int
}

func (f *find) push(prefix string, depth int) {
	in := s3io.ListInput{Bucket: f.source.cfg.Name, Prefix: prefix, Delimiter: "/"}
	f.stack = append(f.stack, folder{list{ListInput: in}, depth})
}

// begin implements job.
func (f *find) begin(time.Time) s3io.ListInput {
	f.number++
	f.doubt = false
	f.stack = f.stack[:0]
	f.push(f.source.cfg.Prefix, 0)
	return f.stack[0].in.ListInput
}

// listed implements job.
func (f *find) listed(in list, got *s3io.Page) (list, bool) {
	at := &f.stack[len(f.stack)-1]
	f.depth = at.depth
	at.in = in
	at.in.Token = got.Token
	isBelow := func(o s3io.Object) bool { return strings.Contains(o.Key[len(in.Prefix):], "/") }
	if got.Unrequested.Count > 0 || slices.ContainsFunc(got.Objects, isBelow) {
		f.doubt = true // a server without delimiters shows no folders
	}
	switch {
	case got.Token == "", f.depth == 0 && passed(in.Prefix, got):
		f.stack = f.stack[:len(f.stack)-1]
	case f.depth == 0:
		skipYear(&at.in.ListInput, got)
	}
	f.descend(in.Prefix, got.Prefixes)
	if len(f.stack) == 0 {
		return in, false
	}
	return f.stack[len(f.stack)-1].in, true
}

// skipYear makes the search for accounts skip the names of a year at once, when a page
// ended among them. No account is in between, since accounts have no "-".
func skipYear(in *s3io.ListInput, got *s3io.Page) {
	if len(got.Objects) == 0 {
		return
	}
	last := got.Objects[len(got.Objects)-1].Key
	if n := len(got.Prefixes); n > 0 && got.Prefixes[n-1] > last {
		return
	}
	rest, _ := strings.CutPrefix(last, in.Prefix)
	if n, ok := source.ParseName(last); ok && isStamped(rest, n.Time) {
		in.StartAfter, in.Token = in.Prefix+rest[:len("2006-")]+":", "" // ":" sorts after "9"
	}
}

// descend adds the folders of accounts, regions and buckets to the stack, so that the
// first one found is listed next.
func (f *find) descend(parent string, prefixes []string) {
	for _, prefix := range slices.Backward(prefixes) {
		name := strings.TrimSuffix(prefix[len(parent):], "/")
		switch {
		case f.depth == 0 && (len(name) != source.AccountLen || !source.EndsInAccount(name)),
			f.depth == 1 && !source.IsRegion(name):
			f.source.stray(prefix, "")
		case f.depth < 2:
			f.push(prefix, f.depth+1)
		default:
			f.found(prefix)
		}
	}
}

func (f *find) found(base string) {
	p := f.source.prefixes[base]
	if p == nil {
		p = f.source.addPrefix(base, nil, f.source.deps.Clock.Now())
	}
	p.seen = f.number
}

// take implements job: there are no log objects here, except those that the simple
// layout's poll also lists.
func (f *find) take(o *s3io.Object) (n source.Name, group string, ok bool) {
	ownFolder := strings.HasSuffix(o.Key, "/") // created by consoles
	if !ownFolder && (f.depth > 0 || f.source.cfg.Layout == Partitioned) {
		f.source.stray(o.Key, "")
	}
	return n, "", false
}

// handedOut implements job.
func (f *find) handedOut(r *run, now time.Time) (due time.Time, never bool) {
	if r.more {
		return now, false
	}
	for _, p := range f.source.prefixes {
		if p.folders && p.seen < f.number && !f.doubt {
			f.source.dropPrefix(p)
		}
	}
	due = r.began.Add(max(findInterval, f.source.cfg.PollInterval))
	if due.Before(now) {
		due = now
	}
	return due, false
}
