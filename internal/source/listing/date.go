package listing

import (
	"fmt"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// The clock of this machine says only how long to wait. What a day is, what is old and
// where reading starts is decided by the Date of S3's answers.

const (
	// maxSkew is how far the machine's clock may be off for what was restored by it to
	// stay: an answer takes some time.
	maxSkew = 2 * time.Second
	// maxStep is how far a Date may be from the one before, and the time since then, to be
	// used at once. Of more, a second answer has to say the same.
	maxStep = time.Hour
	// maxDoubts is how many answers are asked for until two agree, before this machine's
	// clock has to do, and doubtPause the time between them.
	maxDoubts  = 4
	doubtPause = time.Second
	// warnSkew is from when on a wrong clock is logged.
	warnSkew = 24 * time.Hour
)

// date is S3's time, as its last answer had it.
type date struct {
	time.Time
	read      time.Time // when that answer was used, by Deps.Clock
	confirmed bool      // it is of an answer, not of this machine
	doubted   time.Time // a Date that was too far off
	doubtedAt time.Time
	doubts    int // in a row
	logged    bool
}

// verdictOnDate says what to do with the answer that had a Date.
type verdictOnDate uint8

const (
	useAnswer    verdictOnDate = iota
	askAgain                   // nothing is decided before another answer says the same
	restoreAgain               // what New restored is by a wrong clock
)

// observe takes the Date of an answer; the zero time means that it has none: then this
// machine's clock has to do.
func (d *date) observe(got, now time.Time) verdictOnDate {
	first := !d.confirmed
	if got.IsZero() {
		d.Time, d.read, d.confirmed = now, now, true
		return useAnswer
	}
	if isFar(got, d.Add(now.Sub(d.read))) && isFar(got, d.doubted.Add(now.Sub(d.doubtedAt))) {
		d.doubted, d.doubtedAt = got, now
		if d.doubts++; first && d.doubts < maxDoubts {
			return askAgain
		}
		if !first {
			return useAnswer
		}
		got = now // no two answers agree
	}
	skew := got.Sub(now).Abs()
	d.Time, d.read, d.confirmed, d.doubted, d.doubts = got, now, true, time.Time{}, 0
	if first && skew > maxSkew {
		return restoreAgain
	}
	return useAnswer
}

func isFar(a, b time.Time) bool { return a.Sub(b).Abs() > maxStep }

// readDate takes the Date of an answer. It reports whether the answer is to be used.
func (s *Source) readDate(got, now time.Time) (use bool, err error) {
	was := s.date.confirmed
	is := s.date.observe(got, now)
	if is == restoreAgain {
		err = s.restoreBy(got, now)
	}
	if s.date.confirmed && !was {
		if err == nil {
			err = s.checkSince()
		}
		s.broken = err
		s.notes.confirm()
		for _, text := range s.repairs {
			s.deps.Notice(true, text)
		}
		s.repairs = nil
	}
	s.logSkew()
	return is == useAnswer, err
}

// logSkew logs a machine's clock that is far off, again after it was not.
func (s *Source) logSkew() {
	d, machine := &s.date, s.clock.machine()
	skew := machine.Sub(d.Time)
	switch {
	case skew.Abs() <= warnSkew:
		d.logged = false
	case !d.logged && d.confirmed && d.doubted.IsZero():
		d.logged = true
		s.deps.Notice(true, fmt.Sprintf("the clock of this machine says %s, that of s3://%s says %s: S3's is used; set the machine's, by which metrics are stamped",
			machine.UTC().Format(time.RFC3339), s.cfg.Name, d.UTC().Format(time.RFC3339)))
	}
}

// steadyClock is a clock that never goes back: a step forward may make something happen
// too early, but a step back would make everything wait.
type steadyClock struct {
	source.Clock
	mu   sync.Mutex // guards everything below
	last time.Time  // what Clock said
	now  time.Time
}

func newSteadyClock(c source.Clock) *steadyClock {
	now := c.Now()
	return &steadyClock{Clock: c, last: now, now: now}
}

// Now implements source.Clock.
func (c *steadyClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.Clock.Now()
	if passed := t.Sub(c.last); passed > 0 {
		c.now = c.now.Add(passed)
	}
	c.last = t
	return c.now
}

// machine returns what the machine's clock says.
func (c *steadyClock) machine() time.Time { return c.Clock.Now() }
