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
	// overlap is how far back each poll looks behind the newest name: names are
	// in the order of delivery to within minutes.
	overlap = 15 * time.Minute
	// sweepInterval is how often a window in the order of delivery is listed whole.
	sweepInterval = 6 * time.Hour
	// findInterval is how often source buckets are looked for.
	findInterval = 10 * time.Minute
	// perPage bounds the cost of a day without an order: a day of many pages is
	// listed the more rarely.
	perPage = 6 * time.Second
)

// Ranks tell which of the runs that are due at the same moment is first. That of
// a day that is not today is its age.
const (
	rankNewest = 0
	rankFind   = 1
	rankSweep  = 1_000_000
	rankSpan   = 2_000_000
)

// job is what a run lists.
type job interface {
	// begin returns what to list first in a pass.
	begin(now time.Time) s3io.ListInput
	// listed returns what to list after a page of in; more: there is something.
	listed(in list, got *s3io.Page) (next list, more bool)
	// take reports whether an object of that page is a log object that the job is
	// to find, and the group that it belongs to.
	take(o *s3io.Object) (n source.Name, group string, ok bool)
	// handedOut returns when to go on, after a page was handed out; never: not.
	handedOut(r *run, now time.Time) (due time.Time, never bool)
}

// run is a job and how far it is.
type run struct {
	job  job
	due  time.Time
	rank int
	dead bool // not to be listed again

	more  bool // a pass is under way: in is next
	in    list
	began time.Time // of the pass
	lists int       // pages of the pass so far
}

// advance takes a page as the next one, or returns what is wrong with it.
func (r *run) advance(got *s3io.Page) error {
	if r.rank == rankSpan {
		return r.in.advanceInOrder(got)
	}
	return r.in.advance(got)
}

// schedule is a heap of the runs, save the one whose page is being handed out. A
// run that has more pages is due at once, but behind those that were due before,
// so that neither a long pass nor many short ones keep the others waiting.
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

// head returns the run that is next, nil when the only one was popped. Dead ones
// are taken away.
func (q *schedule) head() *run {
	for len(*q) > 0 && (*q)[0].dead {
		heap.Pop(q)
	}
	if len(*q) == 0 {
		return nil
	}
	return (*q)[0]
}

// due tells when the next run is. There always is one, unless it was popped: the
// simple layout's poll, or the search for source buckets.
func (q *schedule) due() time.Time { return q.head().due }

// page is what is being handed out.
type page struct {
	run     *run          // nil means there is none
	objects []s3io.Object // not looked at yet
}

// list gets the next page of the first run. The page before was handed out. An
// error leaves the run where it is, but for a token that the server does not know.
func (s *Source) list(ctx context.Context, now time.Time) error {
	r := s.runs[0]
	if s.mustWait(r) {
		if s.ahead.run == r {
			s.ahead = ahead{} // others are to have a page ahead meanwhile
		}
		r.due = now.Add(markPause)
		heap.Fix(&s.runs, 0)
		return nil
	}
	if !r.more {
		r.in, r.began, r.lists = list{ListInput: r.job.begin(now)}, now, 0
		r.in.Bucket = s.cfg.Name
		r.more = true // also when the list fails
	}
	got, err := s.nextPage(ctx, r)
	if err == nil {
		idle := time.Duration(r.in.course.idle) * idlePause
		if err = r.advance(&got); err != nil { // the trouble is with this list alone: the others have their turn
			r.due = now.Add(idle)
			heap.Fix(&s.runs, 0)
		}
	}
	if errors.Is(err, s3io.ErrToken) {
		r.more = false // the pass begins anew
	}
	if err != nil {
		return err
	}
	s.deps.Listed()
	s.reportProblems(&r.in, &got)
	heap.Pop(&s.runs)
	r.lists++
	r.in, r.more = r.job.listed(r.in, &got)
	s.page = page{run: r, objects: got.Objects}
	s.fetchAhead(r, now)
	return nil
}

// mustWait reports whether too much of what spans found is not acknowledged yet.
func (s *Source) mustWait(r *run) bool { return r.rank == rankSpan && s.backlog.full() }

// fromPage returns the next object of the page that is to be read, or nil.
func (s *Source) fromPage(now time.Time) *item {
	for len(s.page.objects) > 0 {
		o := &s.page.objects[0]
		s.page.objects = s.page.objects[1:]
		if o.LastModified.IsZero() {
			o.LastModified = now // it must not be left out for what the server does not tell
		}
		name, group, ok := s.page.run.job.take(o)
		if !ok || !s.mine(o.Key) || !s.from.qualifies(o, name) {
			continue
		}
		id := source.Identify(s.cfg.Name, o.Key, o.ETag)
		// In this order: what is acknowledged in between is done.
		if s.flight.has(id) || s.deps.Progress.Done(id) {
			continue
		}
		return s.newItem(source.Object{Bucket: s.cfg.Name, Key: o.Key, ETag: o.ETag, Size: o.Size, Name: name}, id, group)
	}
	if r := s.page.run; r != nil {
		s.page = page{}
		due, never := r.job.handedOut(r, now)
		if r.more && r.in.isSlow() {
			due = now.Add(idlePause)
		}
		if !never && !r.dead {
			r.due = due
			heap.Push(&s.runs, r)
		}
	}
	return nil
}

// start adds a run that is due now.
func (s *Source) start(j job, rank int, now time.Time) *run {
	r := &run{job: j, due: now, rank: rank}
	heap.Push(&s.runs, r)
	return r
}
