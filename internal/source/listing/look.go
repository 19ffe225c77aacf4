package listing

import (
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

type lookKind uint8

const (
	poll lookKind = iota
	sweep
	wholeDay
)

// look is the job of listing a window, or a part of it, again and again.
type look struct {
	source *Source
	prefix *prefix
	kind   lookKind
	day    day // of wholeDay
}

func (l look) rank() int {
	switch l.kind {
	case poll:
		return rankNewest
	case sweep:
		return rankSweep
	default:
		if age := l.age(); age > 0 {
			return rankFind + age
		}
		return rankNewest
	}
}

func (l look) age() int { return int(l.source.today - l.day) }

// begin implements job.
func (l look) begin(now time.Time) s3io.ListInput {
	p := l.prefix
	window := p.dayKey(p.window)
	switch l.kind {
	case poll:
		newest := p.newest
		if newest.IsZero() || newest.After(now) { // a name from the future must not hide those of today
			newest = now
		}
		// A pass may take hours, when its objects do: what came behind it meanwhile
		// is behind its begin, or not much before.
		if !p.polled.IsZero() && newest.After(p.polled) {
			newest = p.polled
		}
		return p.list(max(p.timeKey(newest.Add(-overlap)), window))
	case sweep:
		return p.list(window)
	default:
		return s3io.ListInput{Prefix: p.dayKey(l.day)}
	}
}

// listed implements job.
func (l look) listed(in list, got *s3io.Page) (list, bool) {
	in.Token = got.Token
	l.source.strayFolders(got)
	return in, got.Token != "" && !l.prefix.passed(got)
}

// take implements job.
func (l look) take(o *s3io.Object) (n source.Name, group string, ok bool) {
	p := l.prefix
	n, d, ok := p.parse(o.Key)
	if !ok {
		l.source.strayIn(p, o.Key)
		return n, "", false
	}
	l.source.meet()
	if d < p.window { // a span's, or closed
		return n, "", false
	}
	p.observe(n)
	return n, l.source.group.of(d), true
}

// handedOut implements job.
func (l look) handedOut(r *run, now time.Time) (due time.Time, never bool) {
	if r.more {
		return now, false
	}
	if l.kind == poll {
		l.prefix.polled = r.began
	}
	if l.prefix.reconsider(now) {
		l.source.plan(l.prefix, now)
	}
	r.rank = l.rank() // today is yesterday soon
	due = r.began.Add(l.interval(r.lists))
	if due.Before(now) {
		due = now
	}
	return due, false
}

// interval is how long after a pass that took so many lists the next one begins.
func (l look) interval(lists int) time.Duration {
	every := l.source.cfg.PollInterval
	switch l.kind {
	case poll:
		return every
	case sweep:
		return max(every, sweepInterval)
	}
	every = max(every, time.Duration(lists)*perPage)
	switch age := l.age(); {
	case age <= 0:
		return every
	case age == 1:
		return 10 * every
	default:
		return 100 * every
	}
}
