package listing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// reportEmpty is called when nothing is left to list for now. What was read long ago, or is
// before the start, is neither listed nor known any more: one more list looks for it.
func (s *Source) reportEmpty(ctx context.Context) error {
	if s.seen {
		return nil
	}
	if !slices.ContainsFunc(s.deps.Progress.Groups(), isOfObjects) {
		page, err := s.listOne(ctx, s3io.ListInput{Prefix: s.cfg.Prefix})
		if err != nil {
			return ctx.Err() // the next time shows it
		}
		left := s.leftOut(&page)
		if s.empty = left == ""; s.empty {
			s.deps.Empty(true)
		} else {
			s.deps.Notice(false, left)
		}
	}
	s.seen = true
	return nil
}

// leftOut says which log objects of the first page of all keys are not to be read, and why;
// "" means that there are none.
func (s *Source) leftOut(page *s3io.Page) string {
	count, newest, example, why := 0, time.Time{}, "", "start_from: "+s.cfg.StartFrom+" leaves them out"
	for i := range page.Objects {
		o := &page.Objects[i]
		if !s.mayBeLog(o.Key) {
			continue
		}
		count++
		n, _ := source.ParseName(o.Key)
		if at := deliveredAt(o, n, n.Dated); !at.Before(newest) {
			newest, example = at, o.Key
		}
		if s.from.qualifies(o, n, n.Dated) {
			why = "they are read already"
		}
	}
	switch {
	case count == 0:
		return ""
	case page.Token != "": // the newest one is on another page
		return fmt.Sprintf("s3://%s/%s has log objects (at least %d, such as %q), but none is to be read: %s", s.cfg.Name, s.cfg.Prefix, count, example, why)
	default:
		return fmt.Sprintf("s3://%s/%s has log objects (%d, the newest of %s: %q), but none is to be read: %s",
			s.cfg.Name, s.cfg.Prefix, count, newest.UTC().Format(time.DateOnly), example, why)
	}
}

// mayBeLog reports whether a key is that of a log object in the layout.
func (s *Source) mayBeLog(key string) bool {
	n, ok := source.ParseName(key)
	if s.cfg.Layout == Any {
		return s.fits(key)
	}
	_, name := cutFolder(key)
	return ok && s.fits(key) && isName(name, n)
}

// sawObject is called for each key of a log object that is listed.
func (s *Source) sawObject() {
	s.seen = true
	if s.empty {
		s.empty = false
		s.deps.Empty(false)
	}
}
