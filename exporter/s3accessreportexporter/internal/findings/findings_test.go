package findings

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

var end = time.Date(2026, 11, 17, 15, 42, 8, 0, time.UTC).UnixMilli()

const (
	day   = 24 * msHour
	alice = "arn:aws:iam::111122223333:user/team/alice"
	etl   = "arn:aws:sts::111122223333:assumed-role/etl/job"
)

// week has two calm weeks of three buckets, with what happens in any: some errors, some
// denials, a known client that is turned away, deletions each night, uploads by day.
type week struct {
	*tally.Tally
	uid uint64
}

func calm(t *testing.T) *week {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	w := &week{Tally: tally.New(720 * time.Hour)}
	for at := end - 14*day; at <= end; at += msHour / 60 {
		bucket := []string{"lake", "shop", "vault"}[random.IntN(3)]
		r := tally.Record{Time: at, Bucket: bucket, Operation: "REST.GET.OBJECT", Requester: etl, Client: "192.0.2.1", Status: 200, Sent: 1000, Total: 30, Turn: 20}
		switch random.IntN(60) {
		case 0:
			r.Status, r.Code = 503, "SlowDown"
		case 1:
			r.Status, r.Code, r.Requester, r.Marks = 403, "AccessDenied", "", 1<<tally.Denied|1<<tally.Anonymous|1<<tally.DeniedAnonymous
		case 2:
			r.Operation, r.Added = "REST.PUT.OBJECT", 50<<20
		}
		if random.IntN(2000) == 0 {
			r.Status, r.Confidence, r.Actor = 403, 1, "HERON"
		}
		if hour := at / msHour % 24; hour == 2 {
			r.Operation, r.Status, r.Marks = "BATCH.DELETE.OBJECT", 204, 1<<tally.Deleted
		}
		w.add(r, 1)
	}
	return w
}

// add adds a record n times, a millisecond apart.
func (w *week) add(r tally.Record, n int) {
	for range n {
		w.uid++
		r.UID = w.uid
		w.Add(&r, end)
		r.Time++
	}
}

func (w *week) of(id string) (found []Finding) {
	for _, r := range w.Ranges(w.Start()) {
		if r.ID == id {
			found = Of(w.Tally, r)
		}
	}
	return found
}

func TestACalmWeekHasNoFindings(t *testing.T) {
	w := calm(t)
	for _, id := range []string{"3h", "24h", "7d", "all"} {
		assert.Empty(t, w.of(id), id)
	}
	assert.Empty(t, (&week{Tally: tally.New(720 * time.Hour)}).of("all"), "no data")
}

func TestWhatStandsOut(t *testing.T) {
	at := end - msHour
	for name, c := range map[string]struct {
		happens tally.Record
		n       int
		want    Finding
		text    string
	}{
		"a burst of 5xx": {
			tally.Record{Time: at, Bucket: "lake", Operation: "REST.GET.OBJECT", Requester: etl, Status: 503, Code: "SlowDown"},
			40,
			Finding{Kind: "errors", Link: "Look at it", Page: "details"},
			"503 SlowDown from lake: 4",
		},
		"anonymous denials of a network": {
			tally.Record{Time: at, Bucket: "vault", Operation: "REST.GET.OBJECT", Client: "203.0.113.71", Status: 403, Code: "AccessDenied", Marks: 1<<tally.Denied | 1<<tally.Anonymous | 1<<tally.DeniedAnonymous},
			700,
			Finding{Kind: "denied", Link: "Who was denied?", Page: "security"},
			"Anonymous requests to vault from 203.0.113.0/24: 700 requests, all denied. Last at 17 Nov, 14:42 UTC.",
		},
		"a threat that was answered": {
			tally.Record{Time: at, Bucket: "vault", Operation: "REST.GET.OBJECT", Client: "203.0.113.9", Status: 200, Confidence: 1, Actor: "OTTER"},
			3,
			Finding{Kind: "threats", Link: "Threat Intel", Page: "threats"},
			"OTTER, high confidence, was answered by vault: ",
		},
		"a bucket that takes in far more": {
			tally.Record{Time: at, Bucket: "shop", Operation: "REST.PUT.OBJECT", Requester: alice, Status: 200, Added: 1 << 30},
			200,
			Finding{Kind: "growth", Link: "Data added", Page: "details"},
			"shop took in 20",
		},
		"a mass deletion": {
			tally.Record{Time: at, Bucket: "shop", Operation: "REST.DELETE.OBJECT", Requester: alice, Status: 204, Marks: 1 << tally.Deleted},
			2000,
			Finding{Kind: "deletions", Link: "Who deleted objects?", Page: "security"},
			"objects deleted from shop: Most by alice, REST.DELETE.OBJECT, last at 17 Nov, 14:42 UTC.",
		},
		"old TLS": {
			tally.Record{Time: at, Bucket: "shop", Operation: "REST.GET.OBJECT", Requester: etl, Status: 200, Marks: 1 << tally.TLS, TLS: "1.1"},
			12,
			Finding{Kind: "tls", Link: "Who still uses TLS below 1.2?", Page: "security"},
			"etl still uses TLS 1.1: 12 requests below TLS 1.2.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := calm(t)
			c.happens.Total, c.happens.Turn = tally.Absent, tally.Absent
			w.add(c.happens, c.n)
			for _, id := range []string{"3h", "24h", "7d"} {
				found := w.of(id)
				require.Len(t, found, 1, id)
				assert.Equal(t, []string{c.want.Kind, c.want.Link, c.want.Page}, []string{found[0].Kind, found[0].Link, found[0].Page})
				assert.Contains(t, found[0].String(), c.text, id)
				if c.want.Kind == "errors" {
					assert.LessOrEqual(t, found[0].From, at)
					assert.Greater(t, found[0].To, at)
					if id != "3h" { // counted by the hour
						assert.Zero(t, found[0].From%msHour, id)
						assert.True(t, found[0].To%msHour == 0 || found[0].To == w.End(), id)
					}
				}
			}
		})
	}
}

// The week before begins inside a day, of which nothing is known but the whole.
func TestThePeriodBeforeHasTheCellInWhichItBegins(t *testing.T) {
	at := end - end%msHour - 167*msHour // the week begins
	before := 2*at - end + 2*msHour
	for name, r := range map[string]tally.Record{
		"added":   {Bucket: "shop", Operation: "REST.PUT.OBJECT", Requester: alice, Status: 200, Added: 1 << 30},
		"deleted": {Bucket: "shop", Operation: "REST.DELETE.OBJECT", Requester: alice, Status: 204, Marks: 1 << tally.Deleted},
	} {
		w := calm(t)
		r.Total, r.Turn = tally.Absent, tally.Absent
		for _, r.Time = range []int64{before, at + msHour} {
			w.add(r, 2000)
		}
		assert.Empty(t, w.of("7d"), name)
		r.Time = at + 2*msHour
		w.add(r, 8000)
		assert.Len(t, w.of("7d"), 1, name)
	}
}

// All begins inside a day, and what is known of that day is the whole.
func TestTheCellInWhichARangeBeginsIsInIt(t *testing.T) {
	for kind, r := range map[string]tally.Record{
		"threats": {Operation: "REST.GET.OBJECT", Client: "203.0.113.9", Status: 200, Confidence: 1, Actor: "OTTER"},
		"denied":  {Operation: "REST.GET.OBJECT", Client: "203.0.113.71", Status: 403, Code: "AccessDenied", Marks: 1<<tally.Denied | 1<<tally.Anonymous | 1<<tally.DeniedAnonymous},
	} {
		w := &week{Tally: tally.New(14 * 24 * time.Hour)}
		r.Bucket, r.Total, r.Turn = "vault", tally.Absent, tally.Absent
		w.add(tally.Record{Time: end, Bucket: "lake", Operation: "REST.GET.OBJECT", Requester: etl, Status: 200}, 1)
		r.Time = end - 14*day + msHour
		w.add(r, 700)
		found := w.of("all")
		require.Len(t, found, 1, kind)
		assert.Equal(t, kind, found[0].Kind)
	}
}

func TestLinesSayOfEachRangeWhatStandsOutOrThatNothingDoes(t *testing.T) {
	hour := [2]int64{end - end%msHour, end - end%msHour + msHour}
	assert.Equal(t, []string{
		"Last 3 h: nothing out of the ordinary",
		"Last 24 h: a: b, 17 Nov, 15:00 to 16:00 UTC",
		"Last 24 h: c: d",
		"Last 7 d: c: d",
		"All: nothing out of the ordinary",
	}, Lines(&[Ranges][]Finding{
		1: {{Title: []Part{"a"}, Text: []Part{"b, ", hour}}, {Title: []Part{"c"}, Text: []Part{"d"}}},
		2: {{Title: []Part{"c"}, Text: []Part{"d"}}},
	}))
}

func TestWords(t *testing.T) {
	assert.Equal(t, "1,234,567", count(1234567))
	assert.Equal(t, "999", count(999))
	assert.Equal(t, "1 request", plural(1, "request"))
	assert.Equal(t, []string{"0%", "< 0.1%", "4.2%", "31%", "100%"}, []string{share(0, 9), share(1, 10_000), share(42, 1000), share(31, 100), share(1, 1)})
	assert.Equal(t, []string{"0 B", "1.41 GiB", "38.0 KiB", "123 MiB"}, []string{size(0), size(1514000000), size(38 << 10), size(123 << 20)})
	assert.Equal(t, []string{"alice", "etl", "svc:x", "arn:aws:iam::1:root"}, []string{principal(alice), principal(etl), principal("svc:x"), principal("arn:aws:iam::1:root")})
}
