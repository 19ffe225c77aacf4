package queue

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

// eventOf is S3's notification of an object of a bucket.
func eventOf(bucket, key string) string {
	return strings.ReplaceAll(event(key), `{"name":"b"}`, fmt.Sprintf(`{"name":%q}`, bucket))
}

func withDownloads(n int) option {
	return func(s *settings, _ *fakesqs.Settings) { s.Downloads = n }
}

// try reads an object as the engine does, and reports whether its bucket could be reached.
func (r *rig) try(w *source.Work) bool {
	r.t.Helper()
	content, err := w.Content.OpenAt(context.Background(), w.Offset)
	if err == nil {
		if _, cut := content.(*stream).ReadCloser.(cutOff); cut {
			_, err = content.Read(nil)
		}
		require.NoError(r.t, content.Close())
	}
	if err != nil {
		require.ErrorIs(r.t, err, source.ErrUnreachable)
		r.progress.giveUp(w, 0, false)
		return false
	}
	r.progress.finish(w)
	return true
}

// triesOn reads objects, in vain, until it is stopped, and counts them.
func (r *rig) triesOn() (tried *atomic.Int64, stop func()) {
	tried = &atomic.Int64{}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for {
			w, err := r.Next(ctx)
			if err != nil {
				return
			}
			if _, err := w.Content.OpenAt(ctx, 0); assert.ErrorIs(r.t, err, source.ErrUnreachable) {
				tried.Add(1)
				r.progress.giveUp(w, 0, false)
			}
		}
	})
	stop = func() { cancel(); running.Wait() }
	r.t.Cleanup(stop)
	return tried, stop
}

// However many objects are of a bucket that cannot be reached, those of others come at
// once; the held ones cost no receive, stay hidden, and are read once the bucket answers.
func TestABucketThatCannotBeReachedHoldsUpNoOther(t *testing.T) {
	for name, cut := range map[string]bool{"no answer": false, "objects break off": true} {
		t.Run(name, func(t *testing.T) { testHoldsUpNoOther(t, cut) })
	}
}

func testHoldsUpNoOther(t *testing.T, cut bool) {
	const each = 200
	r := newRig(t, withRoom(8), withDownloads(8), withRedrive(2))
	r.bucket.cuts = cut
	r.bucket.breaks("down", true)
	for i := range each {
		r.remote.Send(eventOf("down", fmt.Sprint("a/", i)))
		r.remote.Send(eventOf("up", fmt.Sprint("a/", i)))
	}
	read, failed := map[string]int{}, 0
	for read["up"] < each {
		w := r.next()
		if r.try(w) {
			read[w.Object.Bucket]++
		} else {
			failed++
		}
	}
	assert.LessOrEqual(t, failed, 8, "each is after a pause")
	r.until("the returns", func() bool { return r.counts.of(Returned) == failed })
	assert.Equal(t, each-failed, r.held())
	assert.Equal(t, int64(each), r.Backlog()[0].Objects)
	assert.Zero(t, r.Backlog()[0].Idle, "what is held is yet to be read")

	r.advance(10 * time.Minute) // those that failed are visible, the others are not
	assert.Equal(t, each-failed, r.held())
	assert.Equal(t, failed, r.counts.of(Returned))
	r.bucket.breaks("down", false)
	for read["down"] < each {
		w := r.next()
		require.True(t, r.try(w))
		read[w.Object.Bucket]++
	}
	r.until("the deletions", func() bool { return len(r.remote.Bodies()) == 0 })
	assert.Equal(t, failed, r.counts.of(Redelivered))
	assert.Empty(t, r.dead.Bodies())
	assert.Zero(t, r.held())
}

// While others are read, more objects than are held are returned, with a back-off. Those at
// their last receive are reported.
func TestMoreObjectsThanAreHeldAreReturned(t *testing.T) {
	r := newRig(t, withRoom(20), withDownloads(8), withRedrive(1))
	r.lanes.maxHeld = 5
	r.bucket.breaks("down", true)
	r.remote.Send(eventOf("up", "a/1"))
	require.True(t, r.try(r.next()))
	r.recent.add("up", r.clock.Now().Add(time.Hour)) // on a slow machine too
	for i := range 9 {
		r.remote.Send(eventOf("down", fmt.Sprint("a/", i)))
	}
	require.False(t, r.try(r.next()))
	r.none()
	r.until("the returns", func() bool { return r.counts.of(Returned) == 4 })
	assert.Equal(t, 5, r.held())
	assert.Len(t, r.counts.lost, 3, "the engine reports the one that it tried")
}

// While no more can be held, and none is read, each receive is that of a message that is held,
// or was tried: an outage uses up no others.
func TestNothingIsReceivedWhileNoMoreCanBeHeld(t *testing.T) {
	r := newRig(t, withRoom(8), withDownloads(8))
	r.lanes.maxHeld = 5
	r.bucket.breaks("down", true)
	var ids []string
	for i := range 50 {
		ids = append(ids, r.remote.Send(eventOf("down", fmt.Sprint("a/", i))))
	}
	tried, stop := r.triesOn()
	for range 60 {
		r.until("as many as can be held", func() bool { return r.held() == 5 })
		r.advanceBy(5*time.Second, time.Second)
	}
	stop()
	receives := 0
	for _, id := range ids {
		receives += r.remote.Receives(id)
	}
	assert.Greater(t, tried.Load(), int64(5), "it is tried on")
	assert.LessOrEqual(t, receives, 5+int(tried.Load())+1, "stop may have ended a receive")
	assert.Equal(t, int(tried.Load()), r.counts.of(Returned))

	r.bucket.breaks("down", false)
	for left := len(ids); left > 0; left-- {
		require.True(t, r.try(r.next()))
		if left%10 == 0 {
			r.advance(time.Hour)
		}
	}
}

// An object that was not begun may have gone to another collector with its message.
func TestAMessageThatIsVisibleAgainIsNotBegunFurther(t *testing.T) {
	r := newRig(t)
	id := r.remote.Send(event("one", "two"))
	one := r.next()
	r.server.Fail("ChangeMessageVisibilityBatch", fakesqs.Always, fakesqs.EntryDenied)
	r.advance(2 * r.cfg.VisibilityTimeout)
	assert.Equal(t, "two", r.next().Object.Key)
	assert.Equal(t, 2, r.remote.Receives(id), "as the message came again")
	r.progress.finish(one)
}

// What is held although it could not be renewed may have gone to another collector.
func TestWhatIsVisibleAgainIsNotReadHere(t *testing.T) {
	r := newRig(t, withRoom(8), withDownloads(8))
	r.bucket.breaks("down", true)
	for i := range 2 {
		r.remote.Send(eventOf("down", fmt.Sprint("a/", i)))
	}
	offered := func() *object { r.mu.Lock(); defer r.mu.Unlock(); return r.nextObject(r.clock.Now()) }
	require.False(t, r.try(r.next()))
	require.Nil(t, offered())
	require.Equal(t, 1, r.held())
	r.server.Fail("ChangeMessageVisibilityBatch", fakesqs.Always, fakesqs.EntryDenied)
	r.advance(2 * r.cfg.VisibilityTimeout)
	other, err := connect(t, r.remote).Receive(t.Context(), s3io.Receive{Max: 10, Visibility: time.Hour})
	require.NoError(t, err)
	require.Len(t, other, 2)
	assert.Nil(t, offered())
	assert.Zero(t, r.held())
}

// What is held is returned at the end.
func TestWhatIsHeldIsReturnedAtTheEnd(t *testing.T) {
	noWait := func(s *settings, _ *fakesqs.Settings) { s.WaitTime = 0 } // no receive is left that takes them
	r := newRig(t, withRoom(8), withDownloads(8), noWait)
	r.bucket.breaks("down", true)
	for i := range 6 {
		r.remote.Send(eventOf("down", fmt.Sprint("a/", i)))
	}
	tried, stop := r.triesOn()
	r.until("all are held", func() bool { return r.held() > 0 && int64(r.held()) == 6-tried.Load() })
	stop()
	r.stop()
	r.close()
	assert.Equal(t, 6, r.counts.of(Returned))
	assert.Equal(t, 6-int(tried.Load()), r.remote.Stats().Visible)
}

// Buckets in trouble share a quarter of the downloads, one object of each at a time.
func TestBucketsInTroubleShareAQuarter(t *testing.T) {
	now := time.Now()
	ls := lanes{downloads: 8, maxHeld: 100, of: map[string]*lane{}}
	fail := func(bucket string) {
		ls.begin(bucket, now)
		ls.answer(bucket, now, now, source.ErrUnreachable, false)
	}
	for _, bucket := range []string{"a", "b", "c"} {
		fail(bucket)
		for range 3 {
			require.True(t, ls.hold(ls.lane(bucket), &object{work: source.Work{Object: source.Object{Bucket: bucket}}}))
		}
	}
	release := func() string {
		o := ls.release(now)
		if o == nil {
			return ""
		}
		ls.lane(o.work.Object.Bucket).out++
		return o.work.Object.Bucket
	}
	assert.Empty(t, release(), "not before the pause is over")
	now = now.Add(minPause)
	assert.Equal(t, "a", release())
	assert.Equal(t, "b", release())
	assert.Empty(t, release(), "a quarter of eight")
	assert.True(t, ls.mayRead(ls.lane("other"), now))

	fail("a")
	ls.settle("a", now, false)
	assert.Equal(t, "c", release(), "the next one's turn")
	ls.answer("b", now, now, nil, false)
	assert.Equal(t, "b", release(), "it answers")
	assert.Equal(t, "b", release(), "as often as there is room")
	assert.Empty(t, release(), "c is read, a waits")
	now = now.Add(2 * minPause)
	assert.Equal(t, "a", release())
}

// That an object can be opened says little while they break off.
func TestABucketWhoseObjectsBreakOffIsInTrouble(t *testing.T) {
	now := time.Now()
	ls := lanes{downloads: 8, of: map[string]*lane{}}
	open := func() {
		ls.lane("cut").out++
		ls.begin("cut", now)
		ls.answer("cut", now, now, nil, false)
	}
	open()
	assert.True(t, ls.mayRead(ls.lane("cut"), now))
	for _, pause := range []time.Duration{minPause, 2 * minPause} {
		ls.breakOff("cut", now)
		ls.settle("cut", now, false)
		assert.False(t, ls.mayRead(ls.lane("cut"), now.Add(pause-1)))
		now = now.Add(pause)
		assert.True(t, ls.mayRead(ls.lane("cut"), now))
		open()
		assert.False(t, ls.mayRead(ls.lane("cut"), now), "one at a time")
	}
	ls.settle("cut", now, true)
	open()
	assert.True(t, ls.mayRead(ls.lane("cut"), now), "one was read")
}

// A bucket that does not answer is in trouble before its answer comes.
func TestASlowBucketIsInTrouble(t *testing.T) {
	now := time.Now()
	ls := lanes{downloads: 8, of: map[string]*lane{}}
	slow := ls.lane("slow")
	assert.True(t, ls.mayRead(slow, now))
	slow.out++
	assert.False(t, ls.mayRead(slow, now), "it never answered")
	ls.begin("slow", now)
	ls.answer("slow", now, now, source.ErrDenied, false)
	assert.True(t, ls.mayRead(slow, now), "a denial is an answer")
	ls.begin("slow", now)
	assert.True(t, ls.mayRead(slow, now.Add(source.SlowAfter)))
	assert.False(t, ls.mayRead(slow, now.Add(source.SlowAfter+1)))
	ls.answer("slow", now, now.Add(3*source.SlowAfter), nil, false)
	assert.True(t, ls.mayRead(slow, now.Add(3*source.SlowAfter)))
}

// Of a bucket without objects it is known for a while how it answered.
func TestBucketsAreForgotten(t *testing.T) {
	now := time.Now()
	ls := lanes{downloads: 8, of: map[string]*lane{}}
	ls.lane("never read").out++
	for _, err := range []error{nil, source.ErrUnreachable} {
		bucket := fmt.Sprint(err)
		ls.lane(bucket).out++
		ls.begin(bucket, now)
		ls.answer(bucket, now, now, err, false)
		ls.settle(bucket, now, err == nil)
	}
	ls.settle("never read", now, false)
	assert.Len(t, ls.of, 2)
	ls.forget(now.Add(forgetAfter))
	assert.Len(t, ls.of, 2)
	ls.forget(now.Add(forgetAfter + 1))
	assert.Empty(t, ls.of)
}

// hanging is a Bucket of which nothing is answered.
type hanging struct{ opened chan string }

func (h *hanging) Open(ctx context.Context, o source.Object, _ int64) (io.ReadCloser, error) {
	h.opened <- o.Key
	<-ctx.Done()
	return nil, ctx.Err()
}

// Openings that hang give way but for a quarter of the downloads; their messages are kept.
func TestOpeningsThatHangGiveWay(t *testing.T) {
	h := &hanging{make(chan string, 10)}
	r := newRig(t, withRoom(8), withDownloads(8), func(s *settings, _ *fakesqs.Settings) { s.Bucket = h })
	for i := range 5 {
		r.remote.Send(eventOf(fmt.Sprint("down", i), "a/1"))
	}
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error, 5)
	var reading sync.WaitGroup
	for range 5 {
		w := r.next()
		reading.Go(func() {
			_, err := w.Content.OpenAt(ctx, 0)
			errs <- err
			w.Receipt.Nack(0, false)
		})
		<-h.opened // one after another
	}
	r.clock.advance(giveWayAfter + time.Second)
	for range 3 {
		err := <-errs
		require.ErrorIs(t, err, source.ErrUnreachable)
		require.ErrorContains(t, err, "no answer for 1")
	}
	r.until("three that wait", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.ready)+r.lanes.held == 3 })
	r.none()
	assert.Empty(t, errs, "two go on waiting")
	assert.Zero(t, r.counts.of(Returned))
	cancel()
	reading.Wait()
}
