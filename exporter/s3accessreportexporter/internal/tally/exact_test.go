package tally

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/cells"
)

var now = time.Date(2026, 11, 17, 15, 42, 8, 0, time.UTC).UnixMilli()

// made returns a record of a time that is so many minutes before now.
func made(random *rand.Rand, before int64) Record {
	r := Record{
		UID:       random.Uint64() | 1,
		Time:      now - before*msMinute - random.Int64N(msMinute),
		Bucket:    fmt.Sprint("bucket-", random.IntN(5)),
		Operation: []string{"REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.HEAD.OBJECT", "WEBSITE.GET.OBJECT"}[random.IntN(4)],
		Client:    fmt.Sprintf("192.0.2.%d", random.IntN(256)),
		Requester: []string{"", "arn:aws:iam::111122223333:user/alice", "arn:aws:sts::111122223333:assumed-role/etl/job"}[random.IntN(3)],
		Key:       fmt.Sprintf("a/%d/%d", random.IntN(20), random.IntN(10_000)),
		Agent:     "aws-cli/2",
		Status:    []uint16{200, 200, 206, 304, 403, 404, 500, 503}[random.IntN(8)],
		Sent:      random.Int64N(1 << 30),
		Added:     random.Int64N(2) * random.Int64N(1<<30),
		Total:     random.Int64N(5000) - 1,
		Turn:      random.Int64N(500) - 1,
		Marks:     uint16(random.IntN(1 << Kinds)),
		Present:   uint32(random.IntN(1 << Attributes)),
		TLS:       "1.1",
		Country:   []string{"", "DE", "US"}[random.IntN(3)],
	}
	if r.Status >= 400 {
		r.Code = "SlowDown"
	}
	if r.Country != "" {
		r.City, r.Lat, r.Lon, r.HasPoint = "X", 1.5, -2.25, true
	}
	if random.IntN(20) == 0 {
		r.Confidence, r.Actor, r.ThreatType, r.Feed, r.Feeds = uint8(1+random.IntN(4)), "HERON", "scanner", "feed", "feed\nother"
	}
	if random.IntN(50) == 0 {
		r.OddField, r.OddValue = "Signature Version", "SigV9"
	}
	return r
}

// records returns distinct records of up to so many days, in the order of their times.
func records(random *rand.Rand, n int, days int64) (all []Record) {
	for range n {
		before := random.Int64N(days * minDay)
		if random.IntN(2) == 0 {
			before = random.Int64N(10 * minHour)
		}
		all = append(all, made(random, before))
	}
	slices.SortFunc(all, func(a, b Record) int { return int(a.Time - b.Time) })
	all[n-1].Time = now
	return all
}

// where is a bucket's and an operation's place in a stretch of time.
type where struct {
	bucket, operation string
	minute            int64
}

// check compares the tally with a count over distinct records.
func check(t *testing.T, of *Tally, distinct []Record) {
	t.Helper()
	ages, _ := of.Ages()
	byCell, byHour, marks := map[where]Sums{}, map[where]Sums{}, map[where]uint64{}
	for i := range distinct {
		r := &distinct[i]
		minute := r.Time / msMinute
		width := cells.Widths[ages.Level(minute)]
		add := func(to map[where]Sums, at where) {
			s := to[at]
			s.count(r)
			to[at] = s
		}
		add(byCell, where{r.Bucket, r.Operation, minute - minute%width})
		add(byHour, where{r.Bucket, "", minute - minute%minHour})
		for kind := range Kinds {
			if r.Is(kind) {
				marks[where{r.Bucket, fmt.Sprint(kind), minute - minute%width}]++
			}
		}
	}
	buckets, operations := of.Buckets().List, of.Operations().List
	gotCells, gotHours, gotMarks := map[where]Sums{}, map[where]Sums{}, map[where]uint64{}
	last := int64(-1)
	for c := range of.Cells() {
		require.GreaterOrEqual(t, c.Minute, last, "by time")
		last = c.Minute
		require.Equal(t, cells.Widths[ages.Level(c.Minute)], c.Width)
		gotCells[where{buckets[c.Key>>8], operations[c.Key&0xFF], c.Minute}] = *c.Value
	}
	for c := range of.Marks() {
		gotMarks[where{buckets[c.Key>>8], fmt.Sprint(Kind(c.Key & 0xFF)), c.Minute}] = c.Value.N
	}
	for hour := of.Start() / msMinute / minHour; hour <= now/msMinute/minHour; hour++ {
		for b, bucket := range buckets {
			if s := of.Hour(uint8(b), hour); s != nil && s.Requests > 0 {
				gotHours[where{bucket, "", hour * minHour}] = *s
			}
		}
	}
	assert.Equal(t, byCell, gotCells)
	assert.Equal(t, byHour, gotHours)
	assert.Equal(t, marks, gotMarks)
}

// restarted returns a tally made of what the other one saves.
func restarted(t *testing.T, of *Tally) *Tally {
	t.Helper()
	again := New(time.Duration(of.retention) * time.Minute)
	for part := range of.Save() {
		require.NoError(t, again.Restore(slices.Clone(part)))
	}
	return again
}

func TestFiguresAreThoseOfTheDistinctRecordsInAnyOrder(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			distinct := records(random, 4000, 20)
			offered := slices.Clone(distinct)
			for range 2000 { // again
				offered = append(offered, distinct[random.IntN(len(distinct))])
			}
			if seed%2 == 0 {
				random.Shuffle(len(offered), func(i, j int) { offered[i], offered[j] = offered[j], offered[i] })
			}
			of := New(720 * time.Hour)
			for i := range offered {
				of.Add(&offered[i], now)
				if random.IntN(1500) == 0 {
					of = restarted(t, of)
				}
			}
			check(t, of, distinct)
			assert.EqualValues(t, 2000, of.Figures().Repeated)
			oldest, newest := of.Times()
			assert.Equal(t, []int64{distinct[0].Time, now}, []int64{oldest, newest})
		})
	}
}

// What is stored and counted is what is counted at once.
func TestStoredRecordsCountAsIfTheyWereNotStored(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	all := records(random, 3000, 12)
	all = append(all,
		Record{Ignored: true},
		Record{Malformed: true, UID: 5, Time: now, Bucket: "bucket-1", Reason: "torn", Example: "a\x00line"},
		Record{Time: now, Bucket: "no uid", Total: Absent, Turn: Absent, Cut: 2},
		Record{Time: now + 2*msDay, UID: 9, Bucket: "tomorrow", Total: Absent, Turn: Absent},
		Record{Time: now - 40*msDay, UID: 10, Bucket: "long ago", Total: Absent, Turn: Absent},
	)
	once, stored := New(720*time.Hour), New(720*time.Hour)
	var c Records
	c.Begin(now)
	for i := range all {
		once.Add(&all[i], now)
		c.Append(&all[i])
		if i%100 == 99 || i == len(all)-1 {
			require.NoError(t, stored.AddStored(slices.Clone(c.Bytes())))
			c.Begin(now)
		}
	}
	assert.Equal(t, saved(once), saved(stored))
	assert.Equal(t, Figures{Malformed: 1, NoUID: 1, Ignored: 1, Future: 1, Old: 1, Cut: 2}, once.Figures())
	assert.Equal(t, []Reason{{"torn", "bucket-1", "a\x00line", 1, now}}, once.Reasons())
}

func saved(t *Tally) (all []string) {
	for part := range t.Save() {
		all = append(all, string(part))
	}
	return all
}

func TestASavedTallyIsTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 1))
	of := New(720 * time.Hour)
	for _, r := range records(random, 20_000, 20) {
		of.Add(&r, now)
	}
	assert.Equal(t, saved(of), saved(restarted(t, of)))
}

func TestLateRecordsGoToCellsAsWideAsTheyAreThen(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 1))
	late := records(random, 1500, 25)
	of := New(720 * time.Hour)
	first := made(random, 0)
	first.Time = now
	of.Add(&first, now)
	slices.Reverse(late)
	for i := range late {
		of.Add(&late[i], now)
	}
	check(t, of, append(late, first))
}

func TestWhatIsOlderThanTheRetentionIsForgotten(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 1))
	all := records(random, 2000, 20)
	of := New(5 * 24 * time.Hour)
	for i := range all {
		of.Add(&all[i], now)
	}
	kept := slices.DeleteFunc(slices.Clone(all), func(r Record) bool { return r.Time/msMinute < of.Retained() })
	require.Less(t, len(kept), len(all))
	assert.Equal(t, int64(5*minDay), of.Retention())
	assert.LessOrEqual(t, of.Retained(), now/msMinute-5*minDay)
	check(t, of, kept)
	for level := range of.slices {
		for start := range of.slices[level] {
			assert.Greater(t, start+cells.Widths[level+1], of.Retained())
		}
	}
}

func TestAClockThatIsWrongChartsNothingInTheFuture(t *testing.T) {
	of := New(720 * time.Hour)
	r := Record{UID: 1, Time: now + msDay + 1, Bucket: "b", Total: Absent, Turn: Absent}
	of.Add(&r, now)
	_, newest := of.Times()
	assert.Zero(t, newest)
	assert.EqualValues(t, 1, of.Figures().Future)
	r.UID, r.Time = 2, now+msDay
	of.Add(&r, now)
	_, newest = of.Times()
	assert.Equal(t, now+msDay, newest)
}

func TestTheWindowHoldsAMillion(t *testing.T) {
	of := New(720 * time.Hour)
	r := Record{Time: now, Bucket: "b", Total: Absent, Turn: Absent}
	for uid := range uint64(MostUIDs + 1) {
		r.UID = uid + 1
		of.Add(&r, now)
	}
	r.UID = 2
	of.Add(&r, now)
	assert.EqualValues(t, 1, of.Figures().Repeated, "the second of 1,000,001 is known")
	r.UID = 1
	of.Add(&r, now)
	assert.EqualValues(t, 1, of.Figures().Repeated, "the first is not, and counts again")
}
