package listing

import (
	"container/heap"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// settled is how long after Config.Until S3's clock has to be for all that was delivered
// by then to be shown: names are in the order of delivery to within minutes.
const settled = overlap

// parseUntil reads an RFC 3339 time; the zero time for "".
func parseUntil(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q: it must be an RFC 3339 time such as 2026-11-22T00:00:00Z", text)
	}
	return t, nil
}

// checkUntil reports an end that is not behind the start. A start that long ago is not
// checked: it may be stored, and be longer ago than that.
func (c *Config) checkUntil() error {
	until, err := parseUntil(c.Until)
	if err != nil || until.IsZero() {
		return err
	}
	start, err := parseStart(c.StartFrom)
	switch {
	case err != nil:
		return nil //nolint:nilerr // Validate reports it as that of start_from
	case start.kind == latest:
		return fmt.Errorf("%q with start_from latest, which reads nothing that was delivered before: set start_from to earliest or to a time", c.Until)
	case start.kind == at && !until.After(start.at):
		return fmt.Errorf("%q: it must be after start_from (%s)", c.Until, c.StartFrom)
	}
	return nil
}

// ending is about a Source that ends.
type ending struct {
	until  time.Time // zero means never
	last   bool      // the last passes were begun
	logged bool      // what is left unread
}

// isOurs reports whether an object is of this collector's share, and was delivered by
// Config.Until.
func (s *Source) isOurs(o *s3io.Object, n source.Name, dated bool) bool {
	at := deliveredAt(o, n, dated)
	return s.sharing.has(o.Key, at) && (s.ending.until.IsZero() || !at.After(s.ending.until))
}

// over reports whether S3's clock is past the end.
func (e *ending) over(date time.Time) bool {
	return !e.until.IsZero() && !date.Before(e.until.Add(settled))
}

// beginLast makes all runs due, once: what they list from now on is the last that there
// is to read.
func (s *Source) beginLast(now time.Time) {
	if s.ending.last || !s.ending.over(s.date.Time) {
		return
	}
	s.ending.last = true
	for _, r := range s.runs {
		if r.due.After(now) {
			r.due = now
		}
	}
	heap.Init(&s.runs)
}

// end is called when everything is read.
func (s *Source) end() {
	s.settle() // what was acknowledged last
	if s.ending.logged {
		return
	}
	s.ending.logged = true
	hidden := slices.DeleteFunc(slices.Collect(maps.Values(s.find.undecided)), func(c triedAgain) bool { return !c.hidden })
	if len(hidden) > 0 {
		s.deps.Notice(true, fmt.Sprintf("%d folders below s3://%s/%s, such as %q, are not read: their newest object cannot be, so it is not known whether they hold log objects; "+
			"allow s3:GetObject and kms:Decrypt there", len(hidden), s.cfg.Name, s.cfg.Prefix, hidden[0].shown))
	}
}

// finished reports whether everything up to the end was listed and is acknowledged.
func (s *Source) finished() bool {
	if !s.ending.last || len(s.find.candidates) > 0 || s.page.run != nil {
		return false
	}
	for _, r := range s.runs {
		if _, isSpan := r.job.(*span); !r.dead && (isSpan || r.more || !s.ending.over(r.passed)) {
			return false
		}
	}
	_, waiting := s.later.Due()
	return !waiting && s.flight.empty()
}
