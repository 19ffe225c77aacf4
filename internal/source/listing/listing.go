// Package listing finds log objects by polling a bucket's list. A Source hands out one
// page of up to 1,000 keys after the other and requests at most one more ahead, so its
// memory does not grow with a list. Only source.Progress holds what is done; a Source
// holds the objects that are handed out.
//
// # Vocabulary
//
//	prefix  what is listed as one: the names in a folder, or the folders of days in
//	        a folder, which are the keys of a source bucket in the partitioned layout
//	window  the days of a prefix that are listed repeatedly: those within lookback
//	span    days before the window that are listed once more, from the first key
//	        to the last: those since start_from, days that the window has just
//	        left, days of a downtime
//	run     something that is listed pass by pass; after each page, the run that is
//	        due first is next
//
//	          span            span  span             window
//	|-------------------------|----|----|================================> time
//	  ^ a cursor: from here on        ^ not found       ^ each day at its own pace
//
// So every day is listed once more after it has left lookback: objects that were
// delivered within lookback of their day are found, also after a downtime. Then the
// day is closed, and its objects are forgotten.
//
// # Which runs there are
//
//	poll   names in the order of delivery: from 15 minutes before the newest name or
//	       the begin of the last pass, whichever is earlier
//	sweep  the same names: the whole window, every 6 hours
//	day    names without a time of day, as partitioned by event time: one day
//	span   see above
//	find   the folders below Config.Prefix, in search of prefixes
//	whole  all keys, in the layout any, which has none of the others
//
// Where there are several prefixes, the runs of one to which nothing is delivered are the
// further apart the longer that lasts; when its window is empty, one run lists all of it.
//
// The newest name of a prefix decides between poll with sweep and day.
//
// # Shares
//
// Who of several collectors reads an object follows from its key and the time of its
// delivery: see Shard. A change of the shares holds from a time on that all of them know.
//
// # Time
//
// What is old, which day it is and where reading starts is decided by the Date of S3's
// answers; the machine's clock says only how long to wait. Nothing is stored before the
// first answer.
//
// # Which folders are prefixes
//
//	names of log objects in it        yes
//	ACCOUNT/REGION/BUCKET/            yes, it is not looked into
//	days in it (2026/11/22/, hive)    if the newest object in the last of them has a name
//	                                  of S3's, or begins with a record: then all names
//	                                  there are those of log objects
//
// A folder is looked into once; what is found is stored. A prefix that is found later
// begins at the last complete search, in which it was not there. With progress of the
// first edition, which entered no folders but those of accounts, the others begin at the
// upgrade: what is in them may be copies of what was read.
//
// # What is stored
//
// A cursor for start_from as it was resolved at the first start, one for the last
// complete search, one for the shares, one for each prefix: the window's first day and
// the spans, and one for each folder that could not be judged yet: where it begins. All objects before a span's position
// are acknowledged. Objects are in a group for their day, those of spans in groups of a
// few thousand, in the order in which they were found, so that a long backfill is
// forgotten while it runs. Groups "other" and "foreign" have keys and folders of something
// else, those of the layout any the day of LastModified.
//
// # Known limits
//
// In a source bucket whose date source
// changes from delivery to event time, the sweeps find the objects of the rest of that
// day.
package listing

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/later"
)

const (
	// maxRetry and PollInterval bound the wait before returned work is offered again.
	maxRetry = 30 * time.Second
	// retryLimit bounds the returned objects that are kept, besides those that were
	// handed out when it was reached.
	retryLimit = 1024
)

// Bucket is what a Source needs of S3; *s3io.Client has it.
type Bucket interface {
	List(ctx context.Context, in s3io.ListInput) (s3io.Page, error)
	Open(ctx context.Context, o source.Object, offset int64) (io.ReadCloser, error)
}

// Source implements source.Source and source.Stateful.
type Source struct {
	cfg    Config
	deps   Deps
	later  *later.RetryList
	clock  *steadyClock // that of deps
	flight *flight
	notes  notes

	open    context.Context // until Close
	close   context.CancelFunc
	fetches sync.WaitGroup // of pages ahead

	// Only the goroutine of Next uses the following.
	date       date
	opened     time.Time // when New was called
	broken     error     // why nothing can be read; Next returns it
	repairs    []string  // of stored progress, to be logged
	from       startPoint
	today      day
	first      day                // of the window, unless a prefix starts later
	prefixes   map[string]*prefix // by base
	runs       schedule
	page       page
	ahead      ahead
	backlog    backlog
	strays     strays
	archived   archived
	find       find
	searched   search
	pattern    *pattern
	probing    probing
	newNext    bool          // what is tried again was next, and may always be due: new work has its turn
	loggedIdle time.Duration // see maxIdle
	ending     ending
	since      time.Time // of a new share, to be checked by S3's clock
	sharing    sharing
	group      groupName
	stale      bool // there may be groups to forget
	reported   struct{ unasked, undated bool }
	failed     bool // the last look did
	standing   standing
	seen       bool // a log object was seen, or Empty(true) was reported
	empty      bool // last argument of Empty
}

// New prepares a source. An error means that a setting is wrong, or that a
// stored cursor cannot be read (source.ErrCursor).
func New(cfg Config, deps Deps) (*Source, error) {
	if err := cfg.Validate("bucket"); err != nil {
		return nil, err
	}
	if cfg.Layout == "" {
		cfg.Layout = Auto
	}
	deps.defaults()
	s := &Source{
		cfg: cfg, deps: deps,
		later:  later.New(min(cfg.PollInterval, maxRetry), retryLimit),
		flight: newFlight(),
	}
	if deps.Woken != nil {
		s.later.OnWake(deps.Woken)
	}
	s.pattern, _ = compilePattern(cfg.KeyPattern) // which Validate compiled
	s.ending.until, _ = parseUntil(cfg.Until)     // which Validate parsed
	s.clock = newSteadyClock(deps.Clock)
	s.deps.Clock = s.clock
	now := s.clock.Now()
	s.opened = now
	if err := s.restoreBy(now, now); err != nil {
		return nil, err
	}
	s.open, s.close = context.WithCancel(context.Background())
	return s, nil
}

// Next implements source.Source. It returns an error of the list unchanged; the next
// call continues with the page that failed. With Config.Until it returns io.EOF after the
// last object was acknowledged, and from then on.
func (s *Source) Next(ctx context.Context) (*source.Work, error) {
	for {
		work, due, err := s.Poll(ctx)
		if work != nil || err != nil {
			return work, err
		}
		now := s.deps.Clock.Now()
		if !due.After(now) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.deps.Clock.After(due.Sub(now)):
		case <-s.later.Woken():
		}
	}
}

// Poll is Next without a wait: it makes one request at most, but for a search, which may
// take some. Without work it returns when to call it again, which is earlier once
// Deps.Woken is called. It must not be called while Next or another Poll is under way.
func (s *Source) Poll(ctx context.Context) (work *source.Work, due time.Time, err error) {
	if err := ctx.Err(); err != nil {
		return nil, due, err
	}
	if s.broken != nil {
		return nil, due, s.broken
	}
	now := s.deps.Clock.Now()
	s.settle()
	full := s.later.Full(now)
	if full {
		if err := s.probe(ctx, now); err != nil {
			return nil, due, err
		}
	}
	mayTryAgain := !s.newNext || full
	s.newNext = false
	if mayTryAgain {
		if work := s.later.Pop(now); work != nil {
			if !s.renew(work) {
				return nil, now, nil
			}
			s.newNext = true
			return work, due, nil
		}
	}
	work, more, err := s.step(ctx, now, full)
	switch {
	case work != nil || err != nil:
		return work, due, err
	case more, !mayTryAgain:
		return nil, now, nil
	}
	return nil, s.due(full), nil
}

// step returns the next work that is not tried again, or makes one more request for it.
// more says that another step may be taken now.
func (s *Source) step(ctx context.Context, now time.Time, full bool) (work *source.Work, more bool, err error) {
	if full {
		return nil, false, nil
	}
	if len(s.find.candidates) > 0 {
		return nil, true, s.noteList(now, s.examine(ctx, now))
	}
	handsOut := s.page.run != nil
	if it := s.fromPage(now); it != nil {
		s.later.Passed(now)
		return it.work, true, nil
	}
	if handsOut {
		return nil, true, nil // Held is less before the next page
	}
	s.startNewDay(now)
	s.beginLast(now)
	if !s.runs.due().After(now) {
		return nil, true, s.noteList(now, s.list(ctx, now))
	}
	if err := s.reportEmpty(ctx); err != nil {
		return nil, false, err
	}
	s.logStrays()
	s.logArchived()
	s.logIdle(now)
	if s.finished() {
		s.end()
		return nil, false, io.EOF
	}
	return nil, false, nil
}

// due returns when there may be something to do.
func (s *Source) due(full bool) time.Time {
	until, retry := s.later.Due()
	if !full {
		if due := s.runs.due(); !retry || due.Before(until) {
			until = due
		}
	}
	return until
}

// Change implements source.Stateful.
func (s *Source) Change() source.Change {
	return s.notes.take()
}

// Close implements source.Source. It cancels a list that is under way.
func (s *Source) Close() error {
	s.close()
	s.fetches.Wait()
	return nil
}
