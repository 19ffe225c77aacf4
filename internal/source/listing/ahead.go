package listing

import (
	"context"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
)

// ahead is a page that was asked for while the one before it in the same pass is
// handed out, so that downloads need not wait for a list. There is one for all
// runs, which bounds the memory it takes. With 256 downloads of tiny objects at
// a time and requests of 30 ms it gives a fifth more objects a second.
type ahead struct {
	run    *run // nil: nothing was asked for
	in     s3io.ListInput
	answer chan answer
}

type answer struct {
	page s3io.Page
	err  error
}

// fetchAhead asks for the next page of r, unless another run's is still to be
// handed out.
func (s *Source) fetchAhead(ctx context.Context, r *run) {
	if s.ahead.run != nil && !s.ahead.run.dead {
		return
	}
	a := ahead{run: r, in: r.in, answer: make(chan answer, 1)}
	s.fetches.Go(func() {
		page, err := s.s3.List(ctx, a.in)
		a.answer <- answer{page, err}
	})
	s.ahead = a
}

// nextPage returns the next page of r. One that was asked for ahead in vain is
// asked for again: its error may be long past.
func (s *Source) nextPage(ctx context.Context, r *run) (s3io.Page, error) {
	if a := s.ahead; a.run == r {
		s.ahead = ahead{}
		select {
		case got := <-a.answer:
			if got.err == nil && a.in == r.in {
				return got.page, nil
			}
		case <-ctx.Done():
			return s3io.Page{}, ctx.Err()
		}
	}
	return s.s3.List(ctx, r.in)
}
