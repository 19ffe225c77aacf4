package listing

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// search is the last complete search for folders.
type search struct {
	at      time.Time // when it began; zero means there was none
	upgrade bool      // there was none, but the first edition's progress ends at that time
}

// startOf returns where a prefix that is found now begins: at the last search, in which it
// was not there, and never before Source.from. firstEdition says that the first edition
// would have found it too.
func (s *Source) startOf(firstEdition bool) startPoint {
	last := s.searched
	switch {
	case last.at.IsZero(), last.upgrade && firstEdition, !last.upgrade && s.from.at.IsZero():
		return s.from
	case last.upgrade:
		return s.from.since(last.at, s.cfg.Lookback)
	}
	return s.from.notBefore(last.at, s.cfg.Lookback)
}

// candidate is a place that may be a prefix: folders of days, if the newest object in them
// is a log object, or a source bucket, if there is one on the first page of its list.
type candidate struct {
	place
	bucket bool
	shown  string // the folder that shows it
	from   startPoint
}

// triedAgain is when to look at a candidate again that could not be judged.
type triedAgain struct {
	candidate
	due    time.Time
	wait   time.Duration
	hidden bool // there is an object, but it cannot be read
	seen   int  // the last search that saw it
}

// maxTriedAgain bounds the wait before a candidate is looked at again.
const maxTriedAgain = 24 * time.Hour

// examine looks at the first candidate. An error is one of the list: it is looked at
// again by the next call.
func (s *Source) examine(ctx context.Context, now time.Time) error {
	f := &s.find
	c := f.candidates[0]
	is, err := s.judge(ctx, c)
	switch {
	case errors.Is(err, source.ErrDenied): // it must not hold up the others
		is = hidden
	case err != nil:
		return err
	}
	f.candidates = f.candidates[1:]
	id := s.idOf(c.place)
	switch is {
	case ordinary:
		f.decide(id)
		f.ordinary[c.shown], f.again = true, true
	case foreign:
		s.reject(id, c)
	case undecided, hidden:
		f.tryAgain(id, c, is == hidden, now)
	case withNames, withAnyNames:
		f.decide(id)
		f.added(s.addPrefix(c.place, is == withAnyNames, c.from, now))
	}
	return nil
}

// verdict is what a candidate is.
type verdict uint8

const (
	undecided    verdict = iota // there is no object that can tell
	hidden                      // it cannot be read now
	ordinary                    // a folder to walk
	foreign                     // folders of days of something else
	withNames                   // a prefix, with S3's names
	withAnyNames                // a prefix, with other ones
)

func (s *Source) judge(ctx context.Context, c candidate) (verdict, error) {
	if c.bucket {
		return s.judgeBucket(ctx, c.place)
	}
	got, err := s.newest(ctx, c.place)
	switch {
	case err != nil:
		return undecided, err
	case len(got.objects) == 0:
		return got.none, nil
	case got.plain:
		return withNames, nil
	case s.cfg.Layout == Partitioned:
		return foreign, nil
	case s.deps.IsLog == nil:
		return hidden, nil
	}
	for _, o := range got.objects { // the first record of one may be torn
		isLog, err := s.deps.IsLog(ctx, s.object(o, source.Name{}))
		switch {
		case err != nil:
			return hidden, ctx.Err()
		case isLog:
			return withAnyNames, nil
		}
	}
	return foreign, nil
}

// judgeBucket looks for a log object on the first page of a source bucket.
func (s *Source) judgeBucket(ctx context.Context, at place) (verdict, error) {
	page, err := s.listOne(ctx, s3io.ListInput{Prefix: at.base})
	if err != nil {
		return undecided, err
	}
	p, others := prefix{place: at}, false
	for i := range page.Objects {
		key := page.Objects[i].Key
		if _, _, ok := p.parse(key); ok {
			return withNames, nil
		}
		others = others || !strings.HasSuffix(key, "/") // consoles create such objects
	}
	if others {
		return ordinary, nil
	}
	return undecided, nil
}

// listOne lists one page for the search.
func (s *Source) listOne(ctx context.Context, in s3io.ListInput) (s3io.Page, error) {
	in.Bucket = s.cfg.Name
	page, err := s.deps.Bucket.List(ctx, in)
	if err == nil {
		s.date.observe(page.Date, s.deps.Clock.Now())
		s.find.lists++
		s.deps.Listed()
	}
	return page, err
}

// groupOfForeign is the group of the candidates that are no prefixes.
const groupOfForeign = "foreign"

// foreignID identifies a candidate that was rejected with these settings. No object has
// such an ETag.
func (s *Source) foreignID(id string) source.ID {
	return source.Identify(s.cfg.Name, s.cfg.Prefix+id, groupOfForeign+" "+string(s.cfg.Layout)+" "+s.cfg.KeyPattern)
}

// reject notes that a candidate is no prefix. It is not looked at again with the same
// settings.
func (s *Source) reject(id string, c candidate) {
	s.find.decide(id)
	s.find.foreign[id] = true
	s.notes.done(groupOfForeign, s.foreignID(id))
	s.stray(c.shown, "")
}

// isForeign reports whether a candidate was rejected, by this process or an earlier one.
func (s *Source) isForeign(id string) bool {
	return s.find.foreign[id] || s.deps.Progress.Done(s.foreignID(id))
}

// sample are the newest objects of a place.
type sample struct {
	objects []*s3io.Object // the newest one, and another one where there is one
	plain   bool           // the first one has a name of S3's, in the right folder
	none    verdict        // why there is no object
}

// maxTries is how many folders of a level are tried, the last ones, before it counts as
// having no log object.
const maxTries = 3

// newest finds the newest of the log objects of a place, or of what may be some, by
// going down into the last year, month, day and hour: 7 lists, or some more where the last
// one has none. Of the last list only the first page counts.
func (s *Source) newest(ctx context.Context, at place) (sample, error) {
	parts, delimiter := at.form.parts()
	return s.newestIn(ctx, at, at.base, parts, delimiter, 0)
}

func (s *Source) newestIn(ctx context.Context, at place, parent string, parts []string, delimiter string, level int) (got sample, err error) {
	in := s3io.ListInput{Prefix: parent, Delimiter: delimiter}
	switch level {
	case 0:
		in.Prefix += parts[0] // there may be much else
	case len(parts):
		in.Delimiter = ""
	}
	page, err := s.listOne(ctx, in)
	if err != nil {
		return got, err
	}
	if level < len(parts) {
		last := lastFolders(page.Prefixes, parent, parts[level], delimiter)
		for i, folder := range last {
			below, err := s.newestIn(ctx, at, folder, parts, delimiter, level+1)
			if err != nil || len(below.objects) > 0 {
				return below, err
			}
			if i == 0 {
				got = below
			}
		}
		if len(last) > 0 {
			return got, nil
		}
	}
	switch {
	case !at.form.dated() || level >= 3:
		s.pickNewest(&got, page.Objects, at, level)
	case hasNumbers(page.Prefixes, parent):
		got.none = foreign // months or days without a leading zero
	case len(page.Prefixes) > 0 || slices.ContainsFunc(page.Objects, func(o s3io.Object) bool { return !strings.HasSuffix(o.Key, "/") }):
		got.none = ordinary
	}
	return got, nil
}

// lastFolders returns the greatest of folders whose names are part and two digits, the
// greatest first.
func lastFolders(folders []string, parent, part, delimiter string) (last []string) {
	for _, folder := range folders {
		name := strings.TrimSuffix(folder[len(parent):], delimiter)
		if number, ok := strings.CutPrefix(name, part); ok && len(number) == 2 && areDigits(number) {
			last = append(last, folder)
		}
	}
	slices.Sort(last)
	slices.Reverse(last)
	return last[:min(len(last), maxTries)]
}

// hasNumbers reports whether one of folders is a number: months without a leading zero.
func hasNumbers(folders []string, parent string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		name := strings.TrimSuffix(folder[len(parent):], "/")
		return areDigits(name[strings.LastIndexByte(name, '=')+1:])
	})
}

// pickNewest picks the newest object of a page, and another one.
func (s *Source) pickNewest(got *sample, objects []s3io.Object, at place, level int) {
	for i := range objects {
		o := &objects[i]
		switch {
		case o.Size == 0 || o.Archived || strings.HasSuffix(o.Key, "/") || !s.fits(o.Key):
		case len(got.objects) == 0:
			got.objects = []*s3io.Object{o}
		case !o.LastModified.Before(got.objects[0].LastModified):
			got.objects = []*s3io.Object{o, got.objects[0]}
		case len(got.objects) == 1:
			got.objects = append(got.objects, o)
		}
	}
	if len(got.objects) == 0 {
		return
	}
	key := got.objects[0].Key
	n, isLog := source.ParseName(key)
	_, name := cutFolder(key)
	got.plain = isLog && isName(name, n) && (level == 3 || !at.form.dated())
}
