package listing

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// hugeBucket lists n objects of one day without holding them. Every second page
// has the same memory, so that what a benchmark counts is the source's own.
type hugeBucket struct {
	n      int
	keys   []byte // of all objects, one after the other
	keyLen int
	// pages are the page that is handed out and the page ahead, in turn.
	pages [2][]s3io.Object
}

const hugePrefix = "111122223333/us-east-1/bucket/"

var hugeNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func newHugeBucket(n int) *hugeBucket {
	b := &hugeBucket{n: n}
	for i := range n {
		key := hugePrefix + "2026/11/22/2026-11-22-00-00-00-" + unique(i)
		b.keyLen = len(key)
		b.keys = append(b.keys, key...)
	}
	return b
}

func (b *hugeBucket) List(_ context.Context, in s3io.ListInput) (s3io.Page, error) {
	if in.Delimiter != "" {
		next := map[string]string{"": "111122223333/", "111122223333/": "us-east-1/", "111122223333/us-east-1/": "bucket/"}
		return s3io.Page{Prefixes: []string{in.Prefix + next[in.Prefix]}}, nil
	}
	if in.Prefix != hugePrefix && in.Prefix != hugePrefix+"2026/11/22/" {
		return s3io.Page{}, nil // another day
	}
	first, _ := strconv.Atoi(in.Token)
	last := min(first+1000, b.n)
	objects := &b.pages[first/1000%2]
	page := s3io.Page{Objects: (*objects)[:0]}
	all := string(b.keys[first*b.keyLen : last*b.keyLen]) // one allocation a page
	for i := range last - first {
		page.Objects = append(page.Objects, s3io.Object{
			Key: all[i*b.keyLen:][:b.keyLen], ETag: "0123456789abcdef0123456789abcdef", Size: 1, LastModified: hugeNow,
		})
	}
	*objects = page.Objects
	if last < b.n {
		page.Token = strconv.Itoa(last)
	}
	return page, nil
}

func (b *hugeBucket) Open(context.Context, source.Object, int64) (io.ReadCloser, error) {
	return nil, errors.New("not opened here")
}

// fixedClock stands still but for what a test does to it.
type fixedClock struct{ now time.Time }

func (c *fixedClock) Now() time.Time                       { return c.now }
func (c *fixedClock) After(time.Duration) <-chan time.Time { return nil }

func newHugeSource(tb testing.TB, n int, start string) (*Source, *checkpoint.Store, *fixedClock) {
	tb.Helper()
	clock, store := &fixedClock{hugeNow}, checkpoint.InMemory()
	cfg := DefaultConfig()
	cfg.Name, cfg.Layout, cfg.StartFrom = "b", Partitioned, start
	s, err := New(cfg, Deps{Bucket: newHugeBucket(n), Progress: store, Clock: clock})
	require.NoError(tb, err)
	return s, store, clock
}

// take takes n objects and commits them, a thousand at a time.
func take(tb testing.TB, s *Source, store *checkpoint.Store, n int) {
	tb.Helper()
	works := make([]*source.Work, 0, 1000)
	var c checkpoint.Change
	for i := range n {
		w, err := s.Next(context.Background())
		if err != nil {
			tb.Fatal(err)
		}
		works = append(works, w)
		c.Done(w.Group, w.ID)
		if len(works) == cap(works) || i == n-1 {
			for _, group := range s.Change().Forget {
				c.Forget(group)
			}
			if err := store.Commit(context.Background(), &c); err != nil {
				tb.Fatal(err)
			}
			c.Reset()
			for _, w := range works {
				w.Receipt.Ack()
			}
			works = works[:0]
		}
	}
}

// pass lists everything that is due once more, of which nothing may be new.
func pass(tb testing.TB, s *Source, now time.Time) {
	tb.Helper()
	for s.startNewDay(now); s.page.run != nil || !s.runs.due().After(now); {
		if s.fromPage(now) != nil {
			tb.Fatal("offered again")
		}
		if s.settle(); !s.runs.due().After(now) {
			require.NoError(tb, s.list(context.Background(), now))
		}
	}
}

// heap returns the bytes that are in use.
func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A million objects within lookback: what it costs to hand one out and to commit
// it, what stays in memory for it, what it costs to see it again.
//
//	go test -run=- -bench=Million -benchtime=3x ./internal/source/listing
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	b.Run("new", func(b *testing.B) {
		var kept int64
		for b.Loop() {
			b.StopTimer()
			s, store, _ := newHugeSource(b, n, "earliest")
			before := heapInUse()
			b.StartTimer()
			take(b, s, store, n)
			b.StopTimer()
			kept = heapInUse() - before
			runtime.KeepAlive(s)
			b.StartTimer()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/object")
		b.ReportMetric(float64(kept)/n, "B/done-object")
	})
	b.Run("done", func(b *testing.B) {
		s, store, clock := newHugeSource(b, n, "earliest")
		take(b, s, store, n)
		pass(b, s, clock.now)
		for b.Loop() {
			clock.now = clock.now.Add(2 * time.Hour) // 1,000 pages: every 100 minutes
			pass(b, s, clock.now)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/object")
	})
}

// Beside what Progress keeps, a done object leaves nothing in memory.
func TestMemoryOfADoneObject(t *testing.T) {
	if underRace {
		t.Skip("the race detector takes memory of its own")
	}
	for _, n := range []int{20_000, 200_000} {
		s, store, _ := newHugeSource(t, n, "earliest")
		before := heapInUse()
		take(t, s, store, n)
		perObject := float64(heapInUse()-before) / float64(n)
		runtime.KeepAlive(s)
		t.Logf("%d objects: %.1f bytes each, with what Progress keeps", n, perObject)
		if n == 200_000 { // a constant part does not count
			assert.Less(t, perObject, 24.0)
		}
	}
}

// Objects of days that are not listed again leave nothing behind.
func TestMemoryOfAnOldObject(t *testing.T) {
	if underRace {
		t.Skip("the race detector takes memory of its own")
	}
	const n = 200_000
	s, store, clock := newHugeSource(t, n, "earliest")
	clock.now = clock.now.Add(30 * 24 * time.Hour)
	before := heapInUse()
	take(t, s, store, n)
	perObject := float64(heapInUse()-before) / n
	runtime.KeepAlive(s)
	t.Logf("%.1f bytes", perObject)
	assert.Less(t, perObject, 5.0)
}
