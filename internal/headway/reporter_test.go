package headway

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// rig is a Reporter on a clock of its own.
type rig struct {
	*Reporter
	meter  *Meter
	now    time.Time
	known  []source.Backlog
	totals Totals
	lines  []string
}

func newRig() *rig {
	r := &rig{meter: NewMeter(noon), now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	r.Reporter = NewReporter(Deps{
		Meter: r.meter, Known: func() []source.Backlog { return r.known }, Totals: func() Totals { return r.totals },
		Log: func(line string) { r.lines = append(r.lines, line) },
	}, r.now)
	return r
}

// pass checks each second, and returns the lines of that time.
func (r *rig) pass(d time.Duration) (lines []string) {
	for end := r.now.Add(d); r.now.Before(end); {
		r.now = r.now.Add(time.Second)
		r.Check(r.now)
	}
	lines, r.lines = r.lines, nil
	return lines
}

func (r *rig) read(objects int64) {
	for range objects {
		r.meter.Taken("logs")
		r.meter.Settled("logs")
	}
	r.totals.Objects += objects
	r.totals.Records += 1000 * objects
	r.totals.Bytes += objects << 20
}

func TestALineComesEvery30SecondsWhileReadingIsBehind(t *testing.T) {
	r := newRig()
	r.known = []source.Backlog{{Bucket: "logs", Objects: 900, Share: 0.25}}
	assert.Empty(t, r.pass(29*time.Second))
	r.read(120)
	r.meter.Delivered("logs", 1794045602)
	assert.Equal(t, []string{"reading: 120 objects done, at least 900 left (how many is not known), 25 % of the days, 120,000 records, 120 MiB, " +
		"4,000 records/s, newest request 2026-11-07T10:00:02Z, time left not known"}, r.pass(time.Second))
	assert.Empty(t, r.pass(29*time.Second))
	r.read(300)
	r.known[0].Share = 0.5
	assert.Equal(t, []string{"reading: 420 objects done, at least 900 left (how many is not known), 50 % of the days, 420,000 records, 420 MiB, " +
		"10,000 records/s, newest request 2026-11-07T10:00:02Z, about 1m left"}, r.pass(time.Second), "30 s for a quarter, by the days")
}

// A bucket, or prefix, all of whose days are read, counts on: the share does not go back.
func TestTheShareIsThatOfAllBuckets(t *testing.T) {
	r := newRig()
	line := func() string {
		t.Helper()
		lines := r.pass(30 * time.Second)
		assert.Len(t, lines, 1)
		return lines[0]
	}
	r.known = []source.Backlog{{Bucket: "a", Share: 0.5}, {Bucket: "b", Share: 0.9}, {Bucket: "b", Share: 0.8}, {Bucket: "b"}, {Bucket: "c"}}
	assert.Contains(t, line(), ", 65 % of the days, ", "those that are known, and the least of a bucket's prefixes")
	r.known[1].Share = 1
	assert.Contains(t, line(), ", 65 % of the days, ")
	r.known[2].Share = 1
	assert.Contains(t, line(), ", 75 % of the days, ")
	r.known[0].Share = 1
	assert.NotContains(t, line(), "of the days", "only the newest are left")
}

func TestTheTimeLeftFollowsFromATotalThatIsKnown(t *testing.T) {
	r := newRig()
	r.known = []source.Backlog{{Objects: 1000, Total: true}}
	r.pass(29 * time.Second)
	r.read(10)
	lines := r.pass(time.Second)
	assert.Len(t, lines, 1)
	assert.Contains(t, lines[0], "10 objects done, 1,000 left, ")
	assert.True(t, strings.HasSuffix(lines[0], "about 50m left"), lines[0])
}

func TestALineSaysThatHowManyAreLeftIsNotKnown(t *testing.T) {
	r := newRig()
	r.known = []source.Backlog{{}}
	lines := r.pass(30 * time.Second)
	assert.Equal(t, []string{"reading: 0 objects done, how many are left is not known, 0 records, 0 B, 0 records/s, time left not known"}, lines)
}

func TestCaughtUpIsToldOnceWhenAllThatWasTakenIsSettled(t *testing.T) {
	r := newRig()
	r.meter.Taken("logs")
	r.known = []source.Backlog{{Bucket: "logs", Idle: r.now}, {Bucket: "other"}}
	assert.Empty(t, r.pass(2*time.Second), "the other bucket was not looked at yet")
	r.known[1].Idle = r.now
	assert.Empty(t, r.pass(2*time.Second), "one object is still read")
	r.meter.Settled("logs")
	r.totals = Totals{1, 20, 3000}
	assert.Equal(t, []string{"caught up: read 20 records in 1 object (2.9 KiB)"}, r.pass(time.Second))
	for range 100 {
		r.known[0].Idle, r.known[1].Idle = r.now, r.now
		r.read(1)
		assert.Empty(t, r.pass(10*time.Second))
	}
}

func TestOneIsNoPlural(t *testing.T) {
	for n, want := range map[int64]string{0: "0 objects", 1: "1 object", 2: "2 objects", 1234: "1,234 objects"} {
		assert.Equal(t, want, count(n, "object"))
	}
}

// A steady source has always something under way, and yet falls behind no more.
func TestASourceThatKeepsUpIsNotBehind(t *testing.T) {
	r := newRig()
	r.known = []source.Backlog{{Idle: r.now}}
	assert.Len(t, r.pass(time.Second), 1)
	for range 200 {
		r.meter.Taken("logs")
		r.known[0].Idle = r.now
		assert.Empty(t, r.pass(time.Second))
		r.meter.Settled("logs")
	}
}

func TestFallingBehindIsToldAndCatchingUpAgain(t *testing.T) {
	r := newRig()
	r.known = []source.Backlog{{Idle: r.now}}
	assert.Len(t, r.pass(time.Second), 1)
	lines := r.pass(99 * time.Second)
	assert.Len(t, lines, 2)
	assert.Contains(t, lines[0], "reading: ")
	r.known[0].Idle = r.now
	lines = r.pass(time.Second)
	assert.Len(t, lines, 1)
	assert.Contains(t, lines[0], "caught up: ")
}
