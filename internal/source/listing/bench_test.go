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

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
)

// hugeBucket lists n objects of one day without holding them. Its pages share
// their memory, so that what a benchmark counts is the source's own.
type hugeBucket struct {
	n       int
	keys    []byte // of all objects, one after the other
	keyLen  int
	objects []s3io.Object
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
	page := s3io.Page{Objects: b.objects[:0]}
	all := string(b.keys[first*b.keyLen : last*b.keyLen]) // one allocation a page
	for i := range last - first {
		page.Objects = append(page.Objects, s3io.Object{
			Key: all[i*b.keyLen:][:b.keyLen], ETag: "0123456789abcdef0123456789abcdef", Size: 1, LastModified: hugeNow,
		})
	}
	b.objects = page.Objects
	if last < b.n {
		page.Token = strconv.Itoa(last)
	}
	return page, nil
}

func (b *hugeBucket) Open(context.Context, string, string, string, int64) (io.ReadCloser, error) {
	return nil, errors.New("not opened here")
}

// fixedClock stands still but for what a test does to it.
type fixedClock struct{ now time.Time }

func (c *fixedClock) Now() time.Time                       { return c.now }
func (c *fixedClock) After(time.Duration) <-chan time.Time { return nil }

func newHugeSource(tb testing.TB, n int, start string) (*Source, *fixedClock) {
	tb.Helper()
	from, err := ParseStart(start)
	require.NoError(tb, err)
	clock := &fixedClock{hugeNow}
	s, err := New(newHugeBucket(n), Settings{
		Bucket: "b", Layout: Partitioned, PollInterval: time.Minute, Lookback: 48 * time.Hour, Start: from, Clock: clock,
	})
	require.NoError(tb, err)
	return s, clock
}

func take(tb testing.TB, s *Source, n int) {
	tb.Helper()
	for range n {
		w, err := s.Next(context.Background())
		if err != nil {
			tb.Fatal(err)
		}
		w.Receipt.Ack()
	}
}

// A million objects within lookback: what is allocated for each that is handed
// out, what stays in memory for each that is known, what it costs to see them
// all again.
//
//	go test -run=- -bench=Million -benchtime=3x ./internal/source/listing
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	b.Run("new", func(b *testing.B) {
		var before, after, kept runtime.MemStats
		for b.Loop() {
			b.StopTimer()
			s, _ := newHugeSource(b, n, "earliest")
			runtime.GC()
			runtime.ReadMemStats(&before)
			b.StartTimer()
			take(b, s, n)
			b.StopTimer()
			runtime.ReadMemStats(&after)
			runtime.GC()
			runtime.ReadMemStats(&kept)
			runtime.KeepAlive(s)
			b.StartTimer()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/object")
		b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "allocs/object")
		b.ReportMetric(float64(int64(kept.HeapAlloc)-int64(before.HeapAlloc))/n, "B/known-object")
	})
	b.Run("known", func(b *testing.B) {
		s, clock := newHugeSource(b, n, "earliest")
		take(b, s, n)
		ctx, cancel := context.WithCancel(context.Background())
		for b.Loop() {
			clock.now = clock.now.Add(time.Minute)
			for s.beginPoll(clock.now); len(s.tasks) > 0; {
				if err := s.list(ctx); err != nil {
					b.Fatal(err)
				}
				if s.fromPage() != nil {
					b.Fatal("offered again")
				}
			}
		}
		cancel()
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/object")
	})
}

func TestMemoryOfAKnownObject(t *testing.T) {
	const n = 200_000
	s, _ := newHugeSource(t, n, "earliest")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	take(t, s, n)
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(s)
	assert.Less(t, float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/n, 60.0)
	assert.Less(t, float64(after.Mallocs-before.Mallocs)/n, 1.1, "one allocation for each that is handed out")
}

// Objects of days that are not listed again leave nothing behind.
func TestMemoryOfAnOldObject(t *testing.T) {
	const n = 200_000
	s, clock := newHugeSource(t, n, "earliest")
	clock.now = clock.now.Add(30 * 24 * time.Hour)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	take(t, s, n)
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(s)
	assert.Less(t, float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/n, 5.0)
}
