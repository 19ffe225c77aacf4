package listing

import (
	"context"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
)

// ahead is a page requested while the one before it is handed out, so that downloads
// need not wait for a list. All runs share one, which bounds memory.
type ahead struct {
	run    *run // nil means no request
	answer chan answer
}

type answer struct {
	page s3io.Page
	err  error
}

// fetchAhead requests the page that comes after the one of r, which was popped: that
// of the next run, if it is in the middle of a pass, else the next of r. A pending
// request stays, since its turn comes soon.
func (s *Source) fetchAhead(r *run, now time.Time) {
	if next := s.runs.head(); next != nil && next.more && !next.due.After(now) {
		r = next
	}
	if !r.more || s.mustWait(r) || s.ahead.run != nil && !s.ahead.run.dead || !s.deps.MayFetchAhead() {
		return
	}
	in, got := r.in.ListInput, make(chan answer, 1)
	s.fetches.Go(func() {
		page, err := s.deps.Bucket.List(s.open, in)
		got <- answer{page, err}
	})
	s.ahead = ahead{r, got}
}

// Held returns how many objects of lists are held in memory: those of the page that is
// handed out, until its last one is, and MaxPage for one that is requested ahead. It must
// not be called while Next or Poll is under way.
func (s *Source) Held() (n int) {
	if len(s.page.objects) > 0 {
		n = s.page.size
	}
	if s.ahead.run != nil {
		n += MaxPage
	}
	return n
}

// nextPage returns the next page of r. If its request ahead failed, the page is
// requested again, since that error may be old.
func (s *Source) nextPage(ctx context.Context, r *run) (s3io.Page, error) {
	if s.ahead.run == r {
		select {
		case got := <-s.ahead.answer:
			s.ahead = ahead{}
			if got.err == nil {
				return got.page, nil
			}
		case <-ctx.Done():
			return s3io.Page{}, ctx.Err()
		}
	}
	return s.deps.Bucket.List(ctx, r.in.ListInput)
}
