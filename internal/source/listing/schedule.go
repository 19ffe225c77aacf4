package listing

import (
	"container/heap"
	"context"
	"errors"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// overlap is how far before the newest name each poll begins: names are in the
	// order of delivery to within minutes.
	overlap = 15 * time.Minute
	// sweepInterval is how often a window in the order of delivery is listed whole.
	sweepInterval = 6 * time.Hour
	// perPage is the interval per page of a day without an order, which bounds the cost
	// of days with many pages.
	perPage = 6 * time.Second
)

// Ranks order the runs that are due at the same moment. An earlier day's is
// rankFind plus its age.
const (
	rankNewest = 0
	rankFind   = 1
	rankSweep  = 1_000_000
	rankSpan   = 2_000_000
)

// job is what a run lists.
type job interface {
	// begin returns the first request of a pass.
	begin() s3io.ListInput
	// listed returns the request after a page of in; more is false at the end of a pass.
	listed(in list, got *s3io.Page) (next list, more bool)
	// take returns whether an object of that page is a log object for the job, its name,
	// and the group that it belongs to.
	take(o *s3io.Object) (n source.Name, group string, ok bool)
	// handedOut returns when to continue, after a page was handed out; never means that
	// the job is finished.
	handedOut(r *run, now time.Time) (due time.Time, never bool)
}

// run is a job and its progress.
type run struct {
	job  job
	due  time.Time
	rank int
	dead bool // ended; to be removed

	more   bool // a pass is under way: in is the next request
	in     list
	began  time.Time // of the pass, by Deps.Clock
	date   time.Time // of its first page, by S3's
	lists  int       // pages of the pass so far
	passes int       // that are complete
	passed time.Time // date of the last one of these
}

// advance takes a page as the next one, or returns what is wrong with it.
func (r *run) advance(got *s3io.Page) error {
	if sp, ok := r.job.(*span); ok {
		return r.in.advanceInOrder(got, sp.prefix)
	}
	return r.in.advance(got)
}

// schedule is a heap of the runs, except the one whose page is being handed out. A run
// that has more pages is due at once, but after those that were due before, so that
// neither a long pass nor many short ones starve the others.
type schedule []*run

func (q schedule) Len() int { return len(q) }
func (q schedule) Less(i, j int) bool {
	if q[i].due.Equal(q[j].due) {
		return q[i].rank < q[j].rank
	}
	return q[i].due.Before(q[j].due)
}
func (q schedule) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *schedule) Push(x any) { *q = append(*q, x.(*run)) }

// Pop implements heap.Interface.
func (q *schedule) Pop() any {
	last := len(*q) - 1
	r := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return r
}

// head returns the next run, nil when the only one was popped. It removes dead ones.
func (q *schedule) head() *run {
	for len(*q) > 0 && (*q)[0].dead {
		heap.Pop(q)
	}
	if len(*q) == 0 {
		return nil
	}
	return (*q)[0]
}

// due returns when the next run is due. There always is one, unless it was popped:
// the simple layout's poll, or the search for source buckets.
func (q *schedule) due() time.Time { return q.head().due }

// MaxPage is how many objects a page of a list has at most, see ListObjectsV2.
const MaxPage = 1000

// page is what is being handed out.
type page struct {
	run     *run          // nil means there is none
	objects []s3io.Object // not handed out yet
	size    int           // objects that it had
}

// list gets the next page of the first run, once the page before was handed out. After
// an error the run retries the page, unless the server does not know its token.
func (s *Source) list(ctx context.Context, now time.Time) error {
	r := s.runs[0]
	if s.mustWait(r) {
		if s.ahead.run == r {
			s.ahead = ahead{} // free for the other runs meanwhile
		}
		r.due = now.Add(markPause)
		heap.Fix(&s.runs, 0)
		return nil
	}
	if !r.more {
		r.in, r.began, r.lists = list{ListInput: r.job.begin()}, now, 0
		r.in.Bucket = s.cfg.Name
		r.more = true // also when the list fails
	}
	got, err := s.nextPage(ctx, r)
	if err == nil {
		if use, err := s.readDate(got.Date, now); err != nil || !use {
			if !s.date.confirmed {
				r.due = now.Add(doubtPause)
				heap.Fix(&s.runs, 0)
			}
			return err
		}
		if r.lists == 0 {
			r.date = s.date.Time
		}
		idle := time.Duration(r.in.state.idle) * idlePause
		if err = r.advance(&got); err != nil { // only this list fails: the others have their turn
			r.due = now.Add(idle)
			heap.Fix(&s.runs, 0)
		}
	}
	switch {
	case errors.Is(err, s3io.ErrToken):
		r.more = false // the pass begins anew
	case errors.Is(err, source.ErrDenied):
		if s.leaveDenied(r) {
			return nil
		}
		r.due = now.Add(s.cfg.PollInterval) // it must not hold up the others
		heap.Fix(&s.runs, 0)
	}
	if err != nil {
		return err
	}
	s.deps.Listed()
	s.reportProblems(&r.in, &got)
	heap.Pop(&s.runs)
	r.lists++
	r.in, r.more = r.job.listed(r.in, &got)
	s.page = page{r, got.Objects, len(got.Objects)}
	s.standing.turn(got.Objects)
	s.logDays()
	s.fetchAhead(r, now)
	return nil
}

// leaveDenied lets the search go on behind a folder that may not be listed.
func (s *Source) leaveDenied(r *run) bool {
	f, ok := r.job.(*find)
	if !ok {
		return false
	}
	next, more, ok := f.denied()
	if ok {
		heap.Pop(&s.runs)
		r.in, r.more = next, more
		s.page = page{run: r}
	}
	return ok
}

// mustWait reports whether too much of what spans found is not acknowledged yet.
func (s *Source) mustWait(r *run) bool { return r.rank == rankSpan && s.backlog.full() }

// fromPage returns the next object of the page that is to be read, or nil.
func (s *Source) fromPage(now time.Time) *item {
	for len(s.page.objects) > 0 {
		o := &s.page.objects[0]
		s.page.objects = s.page.objects[1:]
		if o.LastModified.IsZero() {
			o.LastModified = s.date.Time // a missing time must not exclude it
		}
		if !s.fits(o.Key) {
			continue
		}
		name, group, ok := s.page.run.job.take(o)
		if !ok {
			continue
		}
		id := source.Identify(s.cfg.Name, o.Key, o.ETag)
		// In this order: an object acknowledged in between is done.
		if s.flight.has(id) || s.deps.Progress.Done(id) {
			continue
		}
		if o.Archived {
			s.leaveArchived(o, name, id, group)
			continue
		}
		s.standing.handed(s.page.objects, now)
		return s.newItem(s.object(o, name), id, group)
	}
	if r := s.page.run; r != nil {
		s.page = page{}
		s.standing.turn(nil)
		if !r.more {
			r.passes++
			r.passed = r.date
		}
		due, never := r.job.handedOut(r, now)
		if r.more && r.in.isSlow() {
			due = now.Add(idlePause)
		}
		if !never && !r.dead {
			if s.ending.last && !r.more && !s.ending.over(r.passed) {
				due = now // this pass began before the end
			}
			r.due = due
			heap.Push(&s.runs, r)
		}
	}
	return nil
}

func (s *Source) object(o *s3io.Object, n source.Name) source.Object {
	return source.Object{Bucket: s.cfg.Name, Key: o.Key, ETag: o.ETag, Size: o.Size, Name: n}
}

// start adds a run that is due now.
func (s *Source) start(j job, rank int, now time.Time) *run {
	r := &run{job: j, due: now, rank: rank}
	heap.Push(&s.runs, r)
	return r
}
