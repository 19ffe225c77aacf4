package listing

import (
	"fmt"
	"maps"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// archived are the log objects that cannot be read since they are archived, as lists tell.
type archived struct {
	fresh       map[source.ID]struct{} // that may not be committed yet; the others are done in Progress
	count       int
	first, last time.Time // of their names, else of LastModified
	told        bool
}

// leaveArchived notes an archived object as done.
func (s *Source) leaveArchived(o *s3io.Object, n source.Name, id source.ID, group string) {
	a := &s.archived
	if _, known := a.fresh[id]; known {
		return
	}
	if len(a.fresh) >= freshLimit {
		maps.DeleteFunc(a.fresh, func(id source.ID, _ struct{}) bool { return s.deps.Progress.Done(id) })
	}
	if a.fresh == nil {
		a.fresh = map[source.ID]struct{}{}
	}
	a.fresh[id] = struct{}{}
	at := n.Time
	if at.IsZero() {
		at = o.LastModified
	}
	if a.count == 0 || at.Before(a.first) {
		a.first = at
	}
	if at.After(a.last) {
		a.last = at
	}
	a.count++
	s.notes.done(group, id)
	s.deps.Archived()
}

// tellArchived tells, once, what was left, when nothing is left to list for now.
func (s *Source) tellArchived() {
	a := &s.archived
	if a.count == 0 || a.told {
		return
	}
	a.told = true
	const form = "2006-01-02T15:04:05Z"
	s.deps.Notice(true, fmt.Sprintf("%d log objects below s3://%s/%s, of %s to %s, are archived (GLACIER or DEEP_ARCHIVE) and are left out: "+
		"to read them, restore them (aws s3api restore-object, or S3 Batch Operations), then run a receiver of its own once, with its own storage and start_from: %s",
		a.count, s.cfg.Name, s.cfg.Prefix, a.first.UTC().Format(form), a.last.UTC().Format(form), a.first.UTC().Format(form)))
}
