package listing

import (
	"fmt"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// startFrom is the setting start_from.
type startFrom struct {
	kind startKind
	at   time.Time
	ago  time.Duration
}

type startKind uint8

const (
	latest startKind = iota
	earliest
	at
	ago
)

// parseStart reads "latest", "earliest", an RFC 3339 time, or a duration.
func parseStart(text string) (startFrom, error) {
	switch text {
	case "latest":
		return startFrom{kind: latest}, nil
	case "earliest":
		return startFrom{kind: earliest}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return startFrom{kind: at, at: t}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return startFrom{kind: ago, ago: d}, nil
	}
	return startFrom{}, fmt.Errorf("%q: it must be latest, earliest, an RFC 3339 time such as 2026-11-22T00:00:00Z, or a duration such as 72h", text)
}

// Begin is where a bucket begins that was found by its account's list of buckets. Times
// are S3's.
type Begin struct {
	// Seen is when the pattern that the bucket's name fits was first seen: start_from means
	// that time. Zero means now.
	Seen time.Time
	// Missing is a time at which the bucket was not there: what is in it was delivered later. Zero
	// means that there is none. With earliest, all is read.
	Missing time.Time
}

// startPoint is a startFrom resolved at a time.
type startPoint struct {
	at       time.Time // objects delivered before it do not qualify; zero means all do
	modified bool      // delivered means LastModified, whatever the name says
	day      day       // days before it are not listed; the zero value means all are
}

func (s startFrom) resolve(now time.Time, lookback time.Duration) startPoint {
	var b startPoint
	switch s.kind {
	case earliest:
		return b
	case at:
		b.at = s.at
	case ago:
		b.at = now.Add(-s.ago)
	case latest:
		// Objects delivered from now on can be about requests of days ago.
		b.modified = true
		b.at = now
	}
	b.at = b.at.UTC().Truncate(time.Second) // the resolution of names and of LastModified
	first := b.at
	if s.kind == latest {
		first = first.Add(-lookback)
	}
	b.day = dayOf(first)
	return b
}

func (b startPoint) equal(other startPoint) bool {
	return b.at.Equal(other.at) && b.modified == other.modified && b.day == other.day
}

// qualifies reports whether an object was delivered at or after the start. dated says
// that its folder is that of its day: such names have the time of their delivery only if
// it is not 00-00-00.
func (b startPoint) qualifies(o *s3io.Object, n source.Name, dated bool) bool {
	at := o.LastModified
	if !b.modified {
		at = deliveredAt(o, n, dated)
	}
	return b.at.IsZero() || !at.Before(b.at)
}

// deliveredAt returns the time in an object's name, if that is the time of its delivery,
// else that of its last modification.
func deliveredAt(o *s3io.Object, n source.Name, dated bool) time.Time {
	if !n.Time.IsZero() && (!dated || hasTimeOfDay(n.Time)) {
		return n.Time
	}
	return o.LastModified
}

func hasTimeOfDay(t time.Time) bool {
	hour, minute, second := t.Clock()
	return hour+minute+second > 0
}

// notBefore returns the start of what was not there at a time, unless all is read.
func (b startPoint) notBefore(missing time.Time, lookback time.Duration) startPoint {
	if b.at.IsZero() {
		return b
	}
	return b.since(missing.Add(-overlap), lookback)
}

// since returns the later one of two starts.
func (b startPoint) since(at time.Time, lookback time.Duration) startPoint {
	if at.Before(b.at) {
		return b
	}
	at = at.UTC().Truncate(time.Second)
	return startPoint{at: at, day: dayOf(at.Add(-lookback))}
}

// key is where a prefix begins, without its base.
func (b startPoint) key(p *prefix) string {
	if b.day == 0 {
		return ""
	}
	return p.form.day(b.day)
}
