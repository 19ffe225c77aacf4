// Package findings says what stands out in a range of time: rules that are silent about an
// ordinary week. The same findings are on the page and in the log.
package findings

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

// Most is how many findings a range has at most.
const Most = 5

// Part is a text, a time in ms, or a range of time: an int64 or two of them.
type Part any

// Finding is one thing that stands out.
type Finding struct {
	Kind        string // as the page knows it
	Title, Text []Part
	Link, Page  string
	From, To    int64 // ms; 0: those of the page stay
	Bucket      int   // -1: that of the page stays
}

// Of returns what stands out in a range, the most telling first.
func Of(t *tally.Tally, r *tally.Range) (all []Finding) {
	f := finder{t: t, r: r, buckets: t.Buckets().List}
	if r.End == 0 {
		return nil
	}
	f.sum()
	for _, rule := range []func() (Finding, bool){f.errors, f.denied, f.threats, f.growth, f.deletions, f.oldTLS} {
		if found, telling := rule(); telling && len(all) < Most {
			all = append(all, found)
		}
	}
	return all
}

// Ranges is how many ranges a report has.
const Ranges = 4

var rangeNames = [Ranges]string{"Last 3 h", "Last 24 h", "Last 7 d", "All"}

// Lines returns the findings of the ranges as lines of text, one at least of each range.
func Lines(ranges *[Ranges][]Finding) (lines []string) {
	for i, found := range ranges {
		if len(found) == 0 {
			lines = append(lines, rangeNames[i]+": nothing out of the ordinary")
		}
		for j := range found {
			lines = append(lines, rangeNames[i]+": "+found[j].String())
		}
	}
	return lines
}

// String returns a finding as a line of text. Times are UTC.
func (f *Finding) String() string {
	return text(f.Title) + ": " + text(f.Text)
}

func text(parts []Part) string {
	const layout = "2 Jan, 15:04"
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	var b strings.Builder
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			b.WriteString(p)
		case int64:
			b.WriteString(at(p).Format(layout) + " UTC")
		case [2]int64:
			to := at(p[1])
			b.WriteString(at(p[0]).Format(layout) + " to ")
			if at(p[0]).YearDay() == to.YearDay() {
				b.WriteString(to.Format("15:04 UTC"))
			} else {
				b.WriteString(to.Format(layout + " UTC"))
			}
		}
	}
	return b.String()
}

// count returns a number with commas.
func count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return count(n) + " " + noun
}

// share returns a share in percent.
func share(part, all uint64) string {
	p := 100 * float64(part) / float64(max(all, 1))
	switch {
	case p > 0 && p < 0.1:
		return "< 0.1%"
	case p < 10:
		return strings.TrimSuffix(strconv.FormatFloat(p, 'f', 1, 64), ".0") + "%"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + "%"
}

// size returns bytes with three digits.
func size(n uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	v, unit := float64(n), 0
	for v >= 1000 && unit < len(units)-1 {
		v /= 1024
		unit++
	}
	digits := 0
	if unit > 0 {
		digits = max(0, 2-len(strconv.Itoa(int(v)))+1)
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + units[unit]
}

// principal returns the name in a requester's ARN.
func principal(who string) string {
	if !strings.HasPrefix(who, "arn:") {
		return who
	}
	_, name, found := strings.Cut(who[strings.LastIndexByte(who, ':')+1:], "/")
	if !found {
		return who
	}
	if strings.Contains(who, ":assumed-role/") {
		role, _, _ := strings.Cut(name, "/")
		return role
	}
	return name[strings.LastIndexByte(name, '/')+1:]
}

func (f *finder) bucket(number int) string {
	if number >= 0 && number < len(f.buckets) {
		return f.buckets[number]
	}
	return "other buckets"
}

func times(now, before uint64) string {
	x := float64(now) / float64(max(before, 1))
	if x < 10 {
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}
