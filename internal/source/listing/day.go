package listing

import (
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// day is a day, UTC, in days since 1970.
type day int

const (
	dayLayout  = "2006/01/02" // of folders, cursors and groups
	nameLayout = "2006-01-02" // of names
	hiveLayout = "year=2006/month=01/day=02"
	hiveYear   = "year="
	groupOfDay = "day/" // and the day
)

func dayOf(t time.Time) day { return day(t.Unix() / (24 * 60 * 60)) }

func (d day) time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

func (d day) String() string { return d.time().Format(dayLayout) }

func (d day) group() string { return groupOfDay + d.String() }

// groupName caches the last name: most come many times in a row.
type groupName struct {
	day  day
	name string
}

func (g *groupName) of(d day) string {
	if g.name == "" || g.day != d {
		g.day, g.name = d, d.group()
	}
	return g.name
}

// dayOfGroup returns the day of a group, false for groups of something else.
func dayOfGroup(group string) (day, bool) {
	text, ok := strings.CutPrefix(group, groupOfDay)
	d, rest, isDay := days.cut(text)
	return d, ok && isDay && rest == ""
}

// isOfObjects reports whether a group is of log objects, not of other keys.
func isOfObjects(group string) bool {
	return strings.HasPrefix(group, groupOfDay) || strings.HasPrefix(group, groupOfSegment) || strings.HasPrefix(group, groupOfAny)
}

// isStamped reports whether text begins with t as names write it.
func isStamped(text string, t time.Time) bool {
	var buf [len(source.StampLayout)]byte
	return strings.HasPrefix(text, string(t.AppendFormat(buf[:0], source.StampLayout)))
}
