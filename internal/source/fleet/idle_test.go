package fleet

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// many makes a rig of idle buckets that were read to their end.
func many(t *testing.T, buckets int) *rig {
	t.Helper()
	w := newWorld("")
	for i := range buckets {
		bucket := fmt.Sprintf("logs-%04d", i)
		w.make(bucket, 0)
	}
	r := newRig(t, w, "logs-*")
	r.cfg.StartFrom = "earliest"
	return r
}

// docs/sources.md states the figure, with the counts of listing's own test.
func TestListsADayOfIdleBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const buckets = 50
		r := many(t, buckets)
		for i := range buckets {
			r.fill(fmt.Sprintf("logs-%04d", i), "", 3)
		}
		r.run(t, 72*time.Hour) // the windows are empty then
		r.set(func() { clear(r.lists) })
		r.run(t, 24*time.Hour)
		lists := 0
		for _, n := range r.lists {
			lists += n
		}
		t.Logf("%d LIST a day and bucket", lists/buckets)
		assert.LessOrEqual(t, lists, 250*buckets)
		assert.LessOrEqual(t, r.asked, 5*24*7+10)
	})
}

// A bucket without anything to read costs no goroutine, and little memory.
func TestIdleBucketsAreLight(t *testing.T) {
	const buckets, most = 2000, 32 << 10
	synctest.Test(t, func(t *testing.T) {
		r := many(t, buckets)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		goroutines := runtime.NumGoroutine()
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.run(t, time.Hour)
		}()
		time.Sleep(30*time.Minute + 7*time.Second)
		synctest.Wait()
		assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines+3)
		runtime.GC()
		runtime.ReadMemStats(&after)
		each := int64(after.HeapAlloc-before.HeapAlloc) / buckets
		t.Logf("%d bytes a bucket, with what is stored of it", each)
		assert.Less(t, each, int64(most))
		<-done
	})
}
