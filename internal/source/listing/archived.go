package listing

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// archived are the log objects that cannot be read since they are archived.
type archived struct {
	fresh fresh // of lists; the others are done in Progress

	mu          sync.Mutex // guards everything below
	count       int
	first, last time.Time // of their names, else of LastModified
	logged      int       // how many there were when they were logged
}

// add notes one of a time, which is zero when it is not known.
func (a *archived) add(at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	if at.IsZero() {
		return
	}
	if a.first.IsZero() || at.Before(a.first) {
		a.first = at
	}
	a.last = newer(a.last, at)
}

// leaveArchived notes an archived object as done.
func (s *Source) leaveArchived(o *s3io.Object, n source.Name, id source.ID, group string) {
	a := &s.archived
	_, ofDay := dayOfGroup(group)
	if ofDay || strings.HasPrefix(group, groupOfAny) { // else a span's position tells
		if a.fresh.has(id) {
			return
		}
		a.fresh.add(id, s.deps.Progress)
		s.notes.done(group, id)
	}
	at := n.Time
	if at.IsZero() {
		at = o.LastModified
	}
	a.add(at)
	s.deps.Archived()
}

// logArchived logs what was left, when nothing is left to list for now; again when there
// are ten times as many.
func (s *Source) logArchived() {
	a := &s.archived
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count == 0 || a.count < 10*a.logged {
		return
	}
	a.logged = a.count
	const form = "2006-01-02T15:04:05Z"
	first, last := a.first.UTC().Format(form), a.last.UTC().Format(form)
	s.deps.Notice(true, fmt.Sprintf("%d log objects below s3://%s/%s, of %s to %s, are archived and are left out: "+
		"to read them, restore them (aws s3api restore-object, or S3 Batch Operations), then run a receiver of its own once, "+
		"with its own storage, start_from: %s and until: %s",
		a.count, s.cfg.Name, s.cfg.Prefix, first, last, first, last))
}
