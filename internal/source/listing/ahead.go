package listing

import (
	"context"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
)

// ahead is the page that is likely to be listed next, asked for while the one
// before it is handed out, so that downloads need not wait for a list. There is
// one for all runs, which bounds the memory it takes.
type ahead struct {
	run    *run // nil means nothing was asked for
	answer chan answer
}

type answer struct {
	page s3io.Page
	err  error
}

// fetchAhead asks for the page that comes after the one of r, which was popped:
// that of the next run, if it is in the middle of a pass, else the next of r. A
// page that was asked for and is not listed yet stays, since its turn comes soon.
func (s *Source) fetchAhead(r *run, now time.Time) {
	if next := s.runs.head(); next != nil && next.more && !next.due.After(now) {
		r = next
	}
	if !r.more || s.mustWait(r) || s.ahead.run != nil && !s.ahead.run.dead {
		return
	}
	in, got := r.in.ListInput, make(chan answer, 1)
	s.fetches.Go(func() {
		page, err := s.deps.Bucket.List(s.open, in)
		got <- answer{page, err}
	})
	s.ahead = ahead{r, got}
}

// nextPage returns the next page of r. One that was asked for ahead in vain is
// asked for again: its error may be long past.
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
