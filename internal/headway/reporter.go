package headway

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Interval is the time between two lines, and how long reading is behind before the first.
const Interval = 30 * time.Second

// Totals are sums of what was read by this process.
type Totals struct{ Objects, Records, Bytes int64 }

// Deps are what a Reporter needs; all are required.
type Deps struct {
	Meter  *Meter
	Known  func() []source.Backlog
	Totals func() Totals
	Log    func(line string)
}

// Reporter logs how far reading has come: a line every Interval while it is behind, and one
// when it has caught up. It is not safe for concurrent use.
//
// Reading has caught up when every bucket was without anything else to hand out within
// Interval, and as many objects are settled as had been taken by then. It is behind when
// that is longer ago than Interval.
type Reporter struct {
	deps Deps

	waits  bool   // for marked
	marked int64  // objects that were taken when the source was idle
	logged bool   // that it has caught up, after the last line
	begin  sample // when it had last caught up, or at the start
	last   sample // of the last line, or begin
}

// sample is what is compared over time.
type sample struct {
	at    time.Time
	of    Totals
	share float64
	left  int64
}

// NewReporter makes a Reporter; now is when reading begins.
func NewReporter(deps Deps, now time.Time) *Reporter {
	r := &Reporter{deps: deps}
	r.begin = sample{at: now, of: deps.Totals()}
	r.last = r.begin
	return r
}

// Check is called about once a second, and logs what is due.
func (r *Reporter) Check(now time.Time) {
	known := r.deps.Known()
	switch {
	case r.hasCaughtUp(now, known):
		r.begin = sample{at: now, of: r.deps.Totals()}
		r.last = r.begin
		if !r.logged {
			r.logged = true
			r.logCaughtUp()
		}
	case now.Sub(r.last.at) >= Interval:
		r.logged = false
		r.logLine(now, known)
	}
}

func (r *Reporter) hasCaughtUp(now time.Time, known []source.Backlog) bool {
	idle := len(known) > 0
	for _, b := range known {
		idle = idle && now.Sub(b.Idle) <= Interval
	}
	taken, settled, _ := r.deps.Meter.counts()
	if idle && !r.waits {
		r.marked = taken
	}
	r.waits = idle && settled < r.marked
	return idle && !r.waits
}

func (r *Reporter) logCaughtUp() {
	of := r.deps.Totals()
	line := fmt.Sprintf("caught up: read %s in %s (%s)", count(of.Records, "record"), count(of.Objects, "object"), size(of.Bytes))
	if _, _, newest := r.deps.Meter.counts(); !newest.IsZero() {
		line += ", the newest request is of " + newest.Format(time.RFC3339)
	}
	r.deps.Log(line)
}

// logLine logs how far reading has come.
func (r *Reporter) logLine(now time.Time, known []source.Backlog) {
	known = merge(known)
	taken, settled, newest := r.deps.Meter.counts()
	next := sample{at: now, of: r.deps.Totals(), left: taken - settled}
	total, shares, behind := len(known) > 0, 0, false
	for _, b := range known {
		next.left += b.Objects
		total = total && b.Total
		if b.Share > 0 {
			next.share += b.Share
			shares++
			behind = behind || b.Share < 1
		}
	}
	next.share /= float64(max(shares, 1))
	behind = behind && !total

	parts := []string{"reading: " + count(next.of.Objects, "object") + " done, " + leftText(next.left, total)}
	if behind {
		parts = append(parts, fmt.Sprintf("%.0f %% of the days", math.Floor(100*next.share)))
	}
	parts = append(parts, count(next.of.Records, "record"), size(next.of.Bytes))
	if seconds := now.Sub(r.last.at).Seconds(); seconds > 0 {
		parts = append(parts, comma(int64(float64(next.of.Records-r.last.of.Records)/seconds))+" records/s")
	}
	if !newest.IsZero() {
		parts = append(parts, "newest request "+newest.Format(time.RFC3339))
	}
	parts = append(parts, r.timeLeft(&next, total))
	r.deps.Log(strings.Join(parts, ", "))
	if r.begin.share == 0 {
		r.begin.share, r.begin.at = next.share, now // the time before the first share says nothing
	}
	r.last = next
}

func leftText(left int64, total bool) string {
	switch {
	case total:
		return comma(left) + " left"
	case left > 0:
		return "at least " + comma(left) + " left (how many is not known)"
	}
	return "how many are left is not known"
}

// timeLeft estimates by the objects, or by the days, since reading has been behind.
func (r *Reporter) timeLeft(next *sample, total bool) string {
	seconds := next.at.Sub(r.begin.at).Seconds()
	var left float64
	switch {
	case total && next.of.Objects > r.begin.of.Objects:
		left = float64(next.left) * seconds / float64(next.of.Objects-r.begin.of.Objects)
	case !total && r.begin.share > 0 && next.share > r.begin.share:
		left = (1 - next.share) * seconds / (next.share - r.begin.share)
	default:
		return "time left not known"
	}
	if left > 100*24*3600 {
		return "more than 100 days left"
	}
	d := time.Duration(left * float64(time.Second))
	if d < time.Minute {
		return "less than a minute left"
	}
	text := d.Round(time.Minute).String()
	return "about " + strings.TrimSuffix(text, "0s") + " left"
}

// count is a number of things.
func count(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return comma(n) + " " + thing
}

func comma(n int64) string { return humanize.Comma(n) }
func size(n int64) string  { return humanize.IBytes(uint64(max(n, 0))) }
