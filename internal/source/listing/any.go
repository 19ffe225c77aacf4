package listing

import (
	"fmt"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// groupOfAny is the prefix of the groups of objects with any name: the day of their last
// modification follows.
const groupOfAny = "any/"

// whole is the job of the layout any: everything below Config.Prefix, again and again.
type whole struct {
	source *Source
	groups map[string]bool // that this pass found objects of
	logged int             // how many lists a pass takes
}

// begin implements job.
func (w *whole) begin() s3io.ListInput {
	w.groups = map[string]bool{}
	return s3io.ListInput{Prefix: w.source.cfg.Prefix}
}

// listed implements job.
func (w *whole) listed(in list, got *s3io.Page) (list, bool) {
	in.Token = got.Token
	return in, got.Token != ""
}

// take implements job.
func (w *whole) take(o *s3io.Object) (n source.Name, group string, ok bool) {
	if strings.HasSuffix(o.Key, "/") {
		return n, "", false
	}
	w.source.sawObject()
	n, _ = source.ParseName(o.Key)
	group = groupOfAny + dayOf(o.LastModified).String()
	w.groups[group] = true
	return n, group, w.source.from.qualifies(o, n, n.Dated) && w.source.isOurs(o, n, n.Dated)
}

// handedOut implements job. Groups of which a pass shows nothing are forgotten.
func (w *whole) handedOut(r *run, now time.Time) (due time.Time, never bool) {
	if r.more {
		return now, false
	}
	s := w.source
	if len(w.groups) > 0 { // an empty list may be a mistake
		for _, group := range s.deps.Progress.Groups() {
			if strings.HasPrefix(group, groupOfAny) && !w.groups[group] {
				s.notes.forget(group)
			}
		}
	}
	every := max(s.cfg.DiscoverInterval, s.cfg.PollInterval)
	if r.lists > 2*w.logged {
		w.logged = r.lists
		s.deps.Notice(false, fmt.Sprintf("all below s3://%s/%s is listed every %v: %d LIST requests each time, %d a day",
			s.cfg.Name, s.cfg.Prefix, every, r.lists, int64(r.lists)*int64(24*time.Hour/every)))
	}
	return newer(r.began.Add(every), now), false
}
