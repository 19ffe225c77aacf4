package listing

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	dayLayout  = "2006/01/02"
	hourLayout = "2006-01-02-15"
	// overlap is how far back each poll looks behind the newest name: names are
	// in the order of delivery to within minutes.
	overlap = 15 * time.Minute
)

// partition is a source bucket of the partitioned layout.
type partition struct {
	prefix string // [Prefix]account/region/bucket/
	seen   int    // the last poll that found it
}

type taskKind uint8

const (
	names taskKind = iota
	find           // account, region, bucket: depth 0, 1, 2
	days           // of a partition, from startAfter on, or one
)

// task is a run of pages.
type task struct {
	kind       taskKind
	depth      int    // of find
	root       string // what is behind it in a key begins with a stamp, or a day
	prefix     string // what is listed: root, or longer
	startAfter string
	token      string
}

func newTask(kind taskKind, prefix string) *task {
	return &task{kind: kind, root: prefix, prefix: prefix}
}

// page is what is being handed out.
type page struct {
	task    *task
	objects []s3io.Object // not looked at yet
	keep    string        // objects of days before it are not listed again
}

// beginPoll plans what to list. It is the place that decides how often.
func (s *Source) beginPoll(now time.Time) {
	if s.polls > 0 {
		s.known.dropStrays()
		maps.DeleteFunc(s.parts, func(_ string, p *partition) bool { return p.seen < s.polls })
	}
	s.polls++
	s.nextPoll = now.Add(s.set.PollInterval)
	s.forget(now)
	if s.set.Layout != Simple {
		for _, prefix := range slices.Backward(slices.Sorted(maps.Keys(s.parts))) {
			s.pushDays(s.parts[prefix], now)
		}
		s.tasks = append(s.tasks, newTask(find, s.set.Prefix))
	}
	if s.set.Layout != Partitioned {
		t := newTask(names, s.set.Prefix)
		t.startAfter = s.cursor(now)
		s.tasks = append(s.tasks, t)
	}
}

// cursor is the key behind which the simple layout's names are listed.
func (s *Source) cursor(now time.Time) string {
	from := s.newest
	if from.IsZero() {
		from = s.from.at
	}
	if from.IsZero() {
		return ""
	}
	if from.After(now) { // a name from the future must not hide those of today
		from = now
	}
	return s.set.Prefix + from.Add(-overlap).UTC().Format(source.StampLayout)
}

// firstDay is the first day that is listed each poll.
func (s *Source) firstDay(now time.Time) string {
	return max(now.UTC().Add(-s.set.Lookback).Format(dayLayout), s.from.day)
}

// pushDays plans a list of each day within lookback, today first.
func (s *Source) pushDays(p *partition, now time.Time) {
	day, _ := time.Parse(dayLayout, s.firstDay(now))
	for ; !day.After(now); day = day.AddDate(0, 0, 1) {
		s.tasks = append(s.tasks, &task{kind: days, root: p.prefix, prefix: p.prefix + day.Format(dayLayout) + "/"})
	}
}

// forget drops what no list reaches any more.
func (s *Source) forget(now time.Time) {
	drop(s.known.days, s.firstDay(now))
	if after := s.cursor(now); after != "" {
		drop(s.known.hours, after[len(s.set.Prefix):][:len(hourLayout)])
	}
}

// list gets the next page of the task at work. The page before was handed out.
func (s *Source) list(ctx context.Context) error {
	t := s.tasks[len(s.tasks)-1]
	in := s3io.ListInput{Bucket: s.set.Bucket, Prefix: t.prefix, StartAfter: t.startAfter, Token: t.token}
	if t.kind != days {
		in.Delimiter = "/"
	}
	got, err := s.s3.List(ctx, in)
	if err != nil {
		return err
	}
	s.set.Listed()
	t.token = got.Token
	if t.token == "" {
		s.tasks = s.tasks[:len(s.tasks)-1]
	} else if t.kind == find && t.depth == 0 {
		s.leap(t, got)
	}
	s.forget(s.clock.Now())
	s.page = page{task: t, objects: got.Objects, keep: s.firstDay(s.clock.Now())}
	s.takePrefixes(t, got.Prefixes)
	return nil
}

// leap makes the search for accounts go past the names of a year at once, when
// a page ended among them. No account is in between: it has no "-" in it.
func (s *Source) leap(t *task, got s3io.Page) {
	if len(got.Objects) == 0 {
		return
	}
	last := got.Objects[len(got.Objects)-1].Key
	if n := len(got.Prefixes); n > 0 && got.Prefixes[n-1] > last {
		return
	}
	rest, _ := strings.CutPrefix(last, t.prefix)
	if n, ok := source.ParseName(last); ok && isStamped(rest, n.Time) {
		t.startAfter, t.token = t.prefix+rest[:len("2006-")]+":", "" // ":" is behind "9"
	}
}

// takePrefixes goes down into the folders of accounts, regions and buckets.
func (s *Source) takePrefixes(t *task, prefixes []string) {
	// The first one found is to be the next at work.
	for _, prefix := range slices.Backward(prefixes) {
		folder := strings.TrimSuffix(prefix[len(t.prefix):], "/")
		switch {
		case t.kind == names && s.set.Layout == Auto: // find sees them too
		case t.kind == names, t.depth == 0 && (len(folder) != source.AccountLen || !source.EndsInAccount(folder)),
			t.depth == 1 && !source.IsRegion(folder):
			s.skip(prefix)
		case t.depth < 2:
			down := newTask(find, prefix)
			down.depth = t.depth + 1
			s.tasks = append(s.tasks, down)
		default:
			s.foundBucket(prefix)
		}
	}
}

func (s *Source) foundBucket(prefix string) {
	p := s.parts[prefix]
	if p == nil {
		p = &partition{prefix: prefix}
		s.parts[prefix] = p
		t := newTask(days, prefix)
		t.startAfter = prefix + s.from.day
		s.tasks = append(s.tasks, t)
	}
	p.seen = s.polls
}

// fromPage returns the next object of the page that is to be read, or nil.
func (s *Source) fromPage() *item {
	for len(s.page.objects) > 0 {
		o := &s.page.objects[0]
		s.page.objects = s.page.objects[1:]
		if name, ok := s.take(s.page.task, o); ok {
			return s.newItem(source.Object{Bucket: s.set.Bucket, Key: o.Key, ETag: o.ETag, Size: o.Size, Name: name})
		}
	}
	return nil
}

// take tells whether an object is to be read now.
func (s *Source) take(t *task, o *s3io.Object) (n source.Name, ok bool) {
	rest := o.Key[len(t.root):]
	if rest == "" || t.kind == find && t.depth == 0 && s.set.Layout == Auto {
		return n, false // a folder's own object; what the task names sees too
	}
	n, isLog := source.ParseName(o.Key)
	switch {
	case isLog && t.kind == names && isStamped(rest, n.Time):
		return n, s.takeName(o, n, rest)
	case isLog && t.kind == days && n.AccountID != "":
		return n, s.takeDay(o, n, rest[:len(dayLayout)])
	default:
		s.skip(o.Key)
		return n, false
	}
}

// takeName tells whether an object of the simple layout is to be read now.
func (s *Source) takeName(o *s3io.Object, n source.Name, rest string) bool {
	if n.Time.After(s.newest) {
		s.newest = n.Time
	}
	if !s.mine(o, n) {
		return false
	}
	id := s.id(o)
	return add(s.known.hours, rest[:len(hourLayout)], id) && !s.doneBefore(id)
}

// takeDay tells whether an object of the partitioned layout is to be read now.
// Its day is that of its folder: by that it is listed again.
func (s *Source) takeDay(o *s3io.Object, n source.Name, day string) bool {
	if !s.mine(o, n) {
		return false
	}
	id := s.id(o)
	if day >= s.page.keep && !add(s.known.days, day, id) {
		return false
	}
	return !s.doneBefore(id)
}

// mine tells whether an object is of this shard and delivered late enough.
func (s *Source) mine(o *s3io.Object, n source.Name) bool {
	if count := uint64(s.set.Shard.Count); count > 1 && xxh3.HashString(o.Key)%count != uint64(s.set.Shard.Index) {
		return false
	}
	return s.from.qualifies(o, n)
}

func (s *Source) doneBefore(id ID) bool { return s.set.Progress != nil && s.set.Progress.Done(id) }

func (s *Source) id(o *s3io.Object) ID {
	return IDOf(s.set.Bucket, o.Key, o.ETag)
}

// skip counts a key that is not a log object's, once.
func (s *Source) skip(key string) {
	if s.known.addStray(IDOf(s.set.Bucket, key, "")) {
		s.set.Skipped(key)
	}
}

// isStamped tells whether rest begins with t as names write it.
func isStamped(rest string, t time.Time) bool {
	var buf [len(source.StampLayout)]byte
	return strings.HasPrefix(rest, string(t.AppendFormat(buf[:0], source.StampLayout)))
}
