package listing

import (
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

type windowKind uint8

const (
	poll windowKind = iota
	sweep
	wholeDay
	wholeWindow // in place of all of them, while there is nothing in it
)

// windowJob is the job of listing a window, or a part of it, repeatedly.
type windowJob struct {
	source *Source
	prefix *prefix
	kind   windowKind
	day    day // of wholeDay
}

func (w windowJob) rank() int {
	switch w.kind {
	case poll:
		return rankNewest
	case sweep, wholeWindow:
		return rankSweep
	default:
		if age := w.age(); age > 0 {
			return rankFind + age
		}
		return rankNewest
	}
}

func (w windowJob) age() int { return int(w.source.today - w.day) }

// begin implements job.
func (w windowJob) begin() s3io.ListInput {
	p := w.prefix
	window := p.dayKey(p.window)
	switch w.kind {
	case poll:
		newest := p.newest
		if newest.IsZero() || newest.After(w.source.date.Time) { // a name from the future must not hide those of today
			newest = w.source.date.Time
		}
		// A pass takes as long as its objects, perhaps hours: objects that arrived
		// meanwhile have names from about its begin on.
		if !p.polled.IsZero() && newest.After(p.polled) {
			newest = p.polled
		}
		return p.list(max(p.timeKey(newest.Add(-overlap)), window))
	case sweep, wholeWindow:
		return p.list(window)
	default:
		return s3io.ListInput{Prefix: p.dayKey(w.day)}
	}
}

// listed implements job.
func (w windowJob) listed(in list, got *s3io.Page) (list, bool) {
	in.Token = got.Token
	w.source.seeFolders(got)
	return in, got.Token != "" && !w.prefix.passed(got)
}

// take implements job.
func (w windowJob) take(o *s3io.Object) (n source.Name, group string, ok bool) {
	p := w.prefix
	n, d, ok := p.parse(o.Key)
	if !ok {
		w.source.strayIn(p, o.Key)
		return n, "", false
	}
	w.source.sawObject()
	if d < p.window { // in a span, or closed
		return n, "", false
	}
	p.observe(o, n)
	return n, w.source.group.of(d), w.source.isWanted(p, o, n)
}

// handedOut implements job.
func (w windowJob) handedOut(r *run, now time.Time) (due time.Time, never bool) {
	if r.more {
		return now, false
	}
	if w.kind == poll {
		w.prefix.polled = r.date
	}
	w.prefix.reconsider(w.source.date.Time)
	w.source.plan(w.prefix, now)
	r.rank = w.rank() // today is yesterday soon
	return newer(r.began.Add(w.interval(r.lists)), now), false
}

// interval is the time from the begin of a pass with this many lists to the next one.
func (w windowJob) interval(lists int) time.Duration {
	every, least := w.source.cfg.PollInterval, w.source.idleWait(w.prefix)
	switch w.kind {
	case poll, wholeWindow:
		return max(every, least)
	case sweep:
		return max(every, sweepInterval)
	}
	every = max(every, time.Duration(lists)*perPage)
	switch age := w.age(); {
	case age <= 0:
		return max(every, least)
	case age == 1:
		return max(10*every, least)
	default:
		return max(100*every, least)
	}
}
