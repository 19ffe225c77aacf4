package tally

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBeyondTheLimitsOfNamesIsOther(t *testing.T) {
	of := New(720 * time.Hour)
	const buckets, operations = 250, 130
	for i := range buckets {
		for j := range operations {
			r := Record{UID: uint64(i*1000+j) + 1, Time: now, Bucket: fmt.Sprint("bucket-", i), Operation: fmt.Sprint("OP.", j), Total: 5, Turn: Absent}
			of.Add(&r, now)
		}
	}
	assert.Len(t, of.Buckets().List, MostBuckets)
	assert.Equal(t, buckets-MostBuckets, of.Buckets().Beyond)
	assert.Equal(t, operations-MostOperations, of.Operations().Beyond)
	n := uint64(0)
	for c := range of.Cells() {
		n += c.Value.Requests
		if c.Key == MostBuckets<<8|MostOperations {
			assert.EqualValues(t, (buckets-MostBuckets)*(operations-MostOperations), c.Value.Requests)
		}
	}
	assert.EqualValues(t, buckets*operations, n)
	e := of.Estimate(0)
	assert.LessOrEqual(t, e.Listed(), MostListed)
	assert.LessOrEqual(t, len(e.Pairs()), MostPairs+1)
	total := uint64(0)
	for _, p := range e.Pairs() {
		total += p.Total.Count()
	}
	assert.EqualValues(t, buckets*operations, total, "no time is lost")
}

func TestTheBudgetOfCellsHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds, and a minute with the race detector")
	}
	random := rand.New(rand.NewPCG(1, 1))
	of := New(720 * time.Hour)
	n, uid := uint64(0), uint64(0)
	for before := int64(60 * 24 * 9); before >= 0; before -= 3 {
		for range 150 {
			uid++
			r := Record{
				UID: uid, Time: now - before*msMinute, Total: Absent, Turn: Absent, Marks: 1 << random.IntN(int(Kinds)),
				Bucket: fmt.Sprint("bucket-", random.IntN(200)), Operation: fmt.Sprint("OP.", random.IntN(100)),
			}
			of.Add(&r, now)
			n++
			require.LessOrEqual(t, of.Used(), MostCells)
		}
	}
	_, coarsened := of.Ages()
	assert.True(t, coarsened)
	got := uint64(0)
	for c := range of.Cells() {
		got += c.Value.Requests
	}
	assert.Equal(t, n, got, "cells coarsen and lose nothing")
}

// With REPORT_MEMORY=1 as many as the issue names.
func TestMemoryHasACeiling(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute")
	}
	records := 700_000
	if os.Getenv("REPORT_MEMORY") != "" {
		records = 10_000_000
	}
	random := rand.New(rand.NewPCG(1, 1))
	before := heap()
	of := New(2160 * time.Hour)
	for i := range records {
		r := Record{
			UID:    random.Uint64(),
			Time:   now - int64(records-i)*(30*msDay)/int64(records),
			Bucket: fmt.Sprint("bucket-", random.IntN(200)), Operation: fmt.Sprint("OPERATION.", random.IntN(100)),
			Key:    fmt.Sprintf("folder-%d/%d/%0180d", random.Uint64(), random.Uint64(), i),
			Client: fmt.Sprintf("2001:db8:%x:%x::%x", random.IntN(1<<16), random.IntN(1<<16), random.Uint32()),
			Agent:  fmt.Sprintf("agent %0200d", random.Uint64()), Requester: fmt.Sprintf("arn:aws:iam::111122223333:user/%0200d", i),
			Sent: random.Int64N(1 << 30), Status: 403, Code: "AccessDenied", Marks: 1<<Denied | 1<<ACL | 1<<Presigned,
			Total: int64(1) << random.IntN(22), Turn: int64(1) << random.IntN(20),
			Country: "DE", City: fmt.Sprint("city ", random.IntN(10_000)),
			Confidence: 1, Actor: "HERON",
		}
		of.Add(&r, now)
	}
	assert.LessOrEqual(t, of.Memory(), MostMemory, "by its own measure")
	used := heap() - before
	t.Logf("%d records: %d MiB of heap, %d by its own measure; lists of %d", records, used>>20, of.Memory()>>20, of.entries)
	assert.LessOrEqual(t, used, int64(MostMemory+24<<20), "with the uids")
	runtime.KeepAlive(of)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestShortMemoryKeepsWhatIsDifferent(t *testing.T) {
	of := New(720 * time.Hour)
	for i := range 80 {
		r := made(rand.New(rand.NewPCG(1, uint64(i))), 0)
		r.UID, r.Bucket, r.Client, r.Sent, r.Added = uint64(i)+1, "b", fmt.Sprint("192.0.2.", i), 1<<20, 0
		of.Add(&r, now)
	}
	of.most = of.Memory() - 1
	of.shrink()
	require.Less(t, of.entries, mostEntries)
	all, bucket := of.Estimate(0).Distinct(Clients)
	assert.InEpsilon(t, 80, all, 0.07)
	assert.InEpsilon(t, 80, bucket[0], 0.07)
}

func TestShortMemoryShrinksTheSmallestListsAndStatesTheError(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds, and a minute with the race detector")
	}
	random := rand.New(rand.NewPCG(2, 1))
	of := New(720 * time.Hour)
	of.most = 6 << 20
	exact := map[string]uint64{}
	n := uint64(0)
	for i := range 60_000 {
		r := made(random, random.Int64N(30*minHour))
		r.Key = fmt.Sprintf("key-%0100d", int(random.ExpFloat64()*300))
		r.UID = uint64(i) + 1
		exact[r.Bucket+r.Key]++
		of.Add(&r, now)
		n++
	}
	assert.LessOrEqual(t, of.Memory(), of.most)
	assert.Less(t, of.entries, mostEntries)
	rows := of.Estimate(0).Top(Keys, false, 1000)
	require.NotEmpty(t, rows)
	buckets := of.Buckets().List
	errors := 0
	for _, row := range rows {
		exactly := exact[buckets[row.Bucket]+row.Text]
		assert.GreaterOrEqual(t, row.N, exactly)
		assert.LessOrEqual(t, row.N-row.Over, exactly)
		if row.Over > 0 {
			errors++
		}
	}
	assert.Positive(t, errors)
	got := uint64(0)
	for c := range of.Cells() {
		got += c.Value.Requests
	}
	assert.Equal(t, n, got, "cells stay exact")
}
