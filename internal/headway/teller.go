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

// Deps are what a Teller asks and tells; all are required.
type Deps struct {
	Meter  *Meter
	Known  func() []source.Backlog
	Totals func() Totals
	Tell   func(line string)
}

// Teller tells how far reading has come: a line every Interval while it is behind, and one
// when it has caught up. It is not safe for concurrent use.
//
// Reading has caught up when every bucket was without anything else to hand out within
// Interval, and as many objects are settled as had been taken by then. It is behind when
// that is longer ago than Interval.
type Teller struct {
	deps Deps

	waits  bool   // for marked
	marked int64  // objects that were taken when the source was idle
	told   bool   // that it has caught up, after the last line
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

// NewTeller makes a Teller; now is when reading begins.
func NewTeller(deps Deps, now time.Time) *Teller {
	t := &Teller{deps: deps}
	t.begin = sample{at: now, of: deps.Totals()}
	t.last = t.begin
	return t
}

// Look is called about once a second, and tells what is due.
func (t *Teller) Look(now time.Time) {
	known := t.deps.Known()
	switch {
	case t.hasCaughtUp(now, known):
		t.begin = sample{at: now, of: t.deps.Totals()}
		t.last = t.begin
		if !t.told {
			t.told = true
			t.tellCaughtUp()
		}
	case now.Sub(t.last.at) >= Interval:
		t.told = false
		t.tellLine(now, known)
	}
}

func (t *Teller) hasCaughtUp(now time.Time, known []source.Backlog) bool {
	idle := len(known) > 0
	for _, b := range known {
		idle = idle && now.Sub(b.Idle) <= Interval
	}
	taken, settled, _ := t.deps.Meter.counts()
	if idle && !t.waits {
		t.marked = taken
	}
	t.waits = idle && settled < t.marked
	return idle && !t.waits
}

func (t *Teller) tellCaughtUp() {
	of := t.deps.Totals()
	line := fmt.Sprintf("caught up: read %s in %s (%s)", count(of.Records, "record"), count(of.Objects, "object"), size(of.Bytes))
	if _, _, newest := t.deps.Meter.counts(); !newest.IsZero() {
		line += ", the newest request is of " + newest.Format(time.RFC3339)
	}
	t.deps.Tell(line)
}

// tellLine tells how far reading has come.
func (t *Teller) tellLine(now time.Time, known []source.Backlog) {
	known = merge(known)
	taken, settled, newest := t.deps.Meter.counts()
	next := sample{at: now, of: t.deps.Totals(), left: taken - settled}
	total, shares := len(known) > 0, 0
	for _, b := range known {
		next.left += b.Objects
		total = total && b.Total
		if b.Share > 0 {
			next.share += b.Share
			shares++
		}
	}
	next.share /= float64(max(shares, 1))

	parts := []string{"reading: " + count(next.of.Objects, "object") + " done, " + leftText(next.left, total)}
	if shares > 0 && !total {
		parts = append(parts, fmt.Sprintf("%.0f %% of the days", math.Floor(100*next.share)))
	}
	parts = append(parts, count(next.of.Records, "record"), size(next.of.Bytes))
	if seconds := now.Sub(t.last.at).Seconds(); seconds > 0 {
		parts = append(parts, comma(int64(float64(next.of.Records-t.last.of.Records)/seconds))+" records/s")
	}
	if !newest.IsZero() {
		parts = append(parts, "newest request "+newest.Format(time.RFC3339))
	}
	parts = append(parts, t.timeLeft(&next, total))
	t.deps.Tell(strings.Join(parts, ", "))
	if t.begin.share == 0 {
		t.begin.share, t.begin.at = next.share, now // the time before the first share says nothing
	}
	t.last = next
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
func (t *Teller) timeLeft(next *sample, total bool) string {
	seconds := next.at.Sub(t.begin.at).Seconds()
	var left float64
	switch {
	case total && next.of.Objects > t.begin.of.Objects:
		left = float64(next.left) * seconds / float64(next.of.Objects-t.begin.of.Objects)
	case !total && t.begin.share > 0 && next.share > t.begin.share:
		left = (1 - next.share) * seconds / (next.share - t.begin.share)
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
