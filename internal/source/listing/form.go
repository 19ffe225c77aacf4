package listing

import (
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// form is how the keys of a prefix begin behind its base.
type form string

const (
	names form = "names" // 2026-11-22-: names, not in a folder for their day
	days  form = "days"  // 2026/11/22/: S3's partitioned layout, and CloudWatch's delivery
	hive  form = "hive"  // year=2026/month=11/day=22/: CloudWatch's delivery, on request
)

// dated reports whether keys have folders for their day.
func (f form) dated() bool { return f != names }

// day returns what the keys of a day begin with.
func (f form) day(d day) string {
	switch f {
	case days:
		return d.time().Format(dayLayout) + "/"
	case hive:
		return d.time().Format(hiveLayout) + "/"
	default:
		return d.time().Format(nameLayout) + "-"
	}
}

// cut reads the day at the beginning of text; rest begins behind it.
func (f form) cut(text string) (d day, rest string, ok bool) {
	layout := nameLayout
	switch f {
	case days:
		layout = dayLayout
	case hive:
		layout = hiveLayout
	}
	if len(text) < len(layout) {
		return 0, text, false
	}
	t, err := time.Parse(layout, text[:len(layout)])
	return dayOf(t), text[len(layout):], err == nil
}

// end sorts behind all days, and before letters.
func (f form) end() string {
	if f == hive {
		return hiveYear + ":"
	}
	return ":" // sorts behind "9"
}

// parts are what the parts of a key for a year, a month, a day and so on begin with. Two
// digits and the delimiter follow: those of a year begin with its century.
func (f form) parts() (parts []string, delimiter string) {
	switch f {
	case hive:
		return []string{hiveYear + "20", "month=", "day=", "hour="}, "/"
	case days:
		return []string{"20", "", "", ""}, "/"
	default:
		return []string{"20", "", "", "", ""}, "-" // and the minute
	}
}

// yearFolder returns the form of which folder, without "/", is that of a year.
func yearFolder(folder string) (f form, ok bool) {
	f = days
	digits, isHive := strings.CutPrefix(folder, hiveYear)
	if isHive {
		f = hive
	}
	return f, len(digits) == len("2026") && strings.HasPrefix(digits, "20") && areDigits(digits)
}

func areDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// isName reports whether rest, behind a base, is the name of a log object that is not in
// a folder. n is of the whole key.
func isName(rest string, n source.Name) bool {
	return isStamped(rest, n.Time) && !strings.Contains(rest, "/")
}
