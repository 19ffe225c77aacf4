package queue

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

const logKey = "111122223333/us-east-1/web/2026/01/31/2026-01-31-12-34-56-0123456789ABCDEF"

func TestAMessageBecomesWork(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event(logKey))
	w := r.next()
	assert.Equal(t, "s3://b/"+logKey, w.Object.URI())
	assert.Equal(t, "e-"+logKey, w.Object.ETag)
	assert.Equal(t, int64(7), w.Object.Size)
	assert.Equal(t, "web", w.Object.Name.Bucket)
	assert.Equal(t, "us-east-1", w.Object.Name.Region)
	assert.Zero(t, w.Offset)
	assert.Zero(t, w.Attempt)

	content, err := w.Content.OpenAt(context.Background(), 5)
	require.NoError(t, err)
	require.NoError(t, content.Close())
	assert.Equal(t, []string{"b " + logKey + " e-" + logKey + " 5"}, r.bucket.opened)

	r.progress.finish(w)
	r.untilDeleted(1)
}

func TestOpeningFailsAsTheBucketDoes(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("absent"))
	w := r.next()
	_, err := w.Content.OpenAt(context.Background(), 0)
	require.ErrorIs(t, err, source.ErrGone)
	r.progress.finish(w) // the engine counts what is gone as done
	r.untilDeleted(1)
}

func TestAnArchivedObjectIsTold(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("archived"))
	w := r.next()
	_, err := w.Content.OpenAt(context.Background(), 0)
	require.ErrorIs(t, err, source.ErrArchived)
	assert.Equal(t, []string{"s3://b/archived"}, r.counts.archived)
	r.progress.finish(w) // the engine counts it as done
	r.untilDeleted(1)
}

// A message goes when the last of its objects is done, not before.
func TestAMessageIsDeletedAfterAllItsObjects(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("one", "two", "three"))
	works := []*source.Work{r.next(), r.next(), r.next()}
	r.progress.finish(works[2])
	r.progress.finish(works[0])
	r.advance(5 * time.Second)
	assert.Zero(t, r.remote.Stats().Deleted)
	r.progress.finish(works[1])
	r.untilDeleted(1)
	assert.Empty(t, r.remote.Bodies())
}

// What names no object to read is consumed, or it would come again for ever.
func TestMessagesWithNothingToReadAreDeleted(t *testing.T) {
	r := newRig(t)
	r.remote.Send(`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`)
	r.remote.Send(`{"Records":[{"eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}`)
	r.remote.Send(event("wanted"))
	assert.Equal(t, "wanted", r.next().Object.Key)
	r.untilDeleted(2)
	assert.Equal(t, 2, r.counts.of(Ignored))
	assert.Zero(t, r.counts.of(Deleted))
}

func TestWhatIsFilteredIsDoneUnread(t *testing.T) {
	r := newRig(t, func(s *settings, _ *fakesqs.Settings) {
		s.KeyPattern, s.Buckets = `^access/`, []string{"b"}
	})
	r.remote.Send(event("other/1", "other/2"))
	r.remote.Send(`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"c"},"object":{"key":"access/1"}}}]}`)
	r.remote.Send(event("other/3", "access/1"))
	w := r.next()
	assert.Equal(t, "s3://b/access/1", w.Object.URI())
	r.progress.finish(w)
	r.untilDeleted(3)
	assert.Equal(t, 2, r.counts.of(Ignored))
	skipped, _ := r.counts.objects()
	assert.Equal(t, 4, skipped)
}

// A message that is not a notification is not ours to delete.
func TestUnknownMessagesGoToTheDeadLetterQueue(t *testing.T) {
	r := newRig(t, withRedrive(2))
	id := r.remote.Send("hello")
	r.none()
	r.none()
	assert.Equal(t, 1, r.remote.Receives(id), "not returned at once either")
	r.advance(time.Minute)
	r.none()
	r.advance(time.Minute)
	r.none()
	assert.Equal(t, []string{"hello"}, r.dead.Bodies())
	assert.Zero(t, r.remote.Stats().Deleted)
	assert.Equal(t, 2, r.counts.of(Unknown))
	assert.Equal(t, 1, r.counts.of(Redelivered))
	require.Len(t, r.counts.unknown, 2)
	assert.Contains(t, r.counts.unknown[0], id+": not a notification of Amazon S3")
}

// What is received here is kept from others, so no more than there is room for.
func TestMessagesAreTakenOnlyForRoom(t *testing.T) {
	r := newRig(t)
	for i := range 20 {
		r.remote.Send(event(fmt.Sprint(i)))
	}
	for i := range 4 {
		r.next()
		assert.Equal(t, i+1, r.remote.Stats().InFlight)
	}

	r = newRig(t, withRoom(3))
	for i := range 20 {
		r.remote.Send(event(fmt.Sprint(i)))
	}
	for range 4 {
		r.next()
	}
	assert.Equal(t, 6, r.remote.Stats().InFlight)
}

// With much room and a full queue, receives go on side by side.
func TestAFullQueueIsEmptiedFast(t *testing.T) {
	r := newRig(t, withRoom(100))
	const n = 200
	for i := range n {
		r.remote.Send(event(fmt.Sprint(i)))
	}
	seen := map[string]bool{}
	for range n {
		w := r.next()
		seen[w.Object.Key] = true
		r.progress.finish(w)
	}
	assert.Len(t, seen, n)
	assert.LessOrEqual(t, r.server.Calls("ReceiveMessage"), n/10+maxCalls)
	r.untilDeleted(n)
}

// When Next does not come although there was room, somebody else may have the
// messages that wait.
func TestMessagesThatWaitAreReturned(t *testing.T) {
	r := newRig(t, withRoom(10))
	for i := range 10 {
		r.remote.Send(event(fmt.Sprint(i)))
	}
	w := r.next()
	assert.Equal(t, 10, r.remote.Stats().InFlight)
	r.advance(6 * time.Second)
	r.until("9 returned messages", func() bool { return r.counts.of(Returned) == 9 })
	assert.Equal(t, 1, r.remote.Stats().InFlight)
	r.progress.finish(w)
	assert.NotEqual(t, w.Object.Key, r.next().Object.Key)
}

func TestShutdownReturnsWhatWasNotBegun(t *testing.T) {
	r := newRig(t, withRoom(10))
	for i := range 5 {
		r.remote.Send(event(fmt.Sprint(i)))
	}
	read, refused := r.next(), r.next()
	r.stop()
	r.until("3 returned messages", func() bool { return r.remote.Stats().Visible == 3 })
	_, err := r.Next(context.Background())
	require.ErrorIs(t, err, context.Canceled)

	// What was begun is kept until it is settled, and then returned without delay.
	r.advance(3 * time.Minute)
	assert.Equal(t, 2, r.remote.Stats().InFlight)
	r.progress.finish(read)
	r.progress.giveUp(refused, 3, false)
	r.until("4 visible messages", func() bool { return r.remote.Stats().Visible == 4 })
	r.untilDeleted(1)
	r.until("the count", func() bool { return r.counts.of(Returned) == 4 })
}

// Close sends what is pending, without waiting for company.
func TestCloseSendsWhatIsPending(t *testing.T) {
	r := newRig(t, withRoom(10))
	for i := range 3 {
		r.remote.Send(event(fmt.Sprint(i)))
	}
	r.progress.finish(r.next())
	r.server.Fail("DeleteMessageBatch", 1, fakesqs.EntryFailure)
	done := make(chan struct{})
	go func() { defer close(done); r.close() }()
	r.until("the retry", func() bool { r.clock.advance(time.Second); return r.remote.Stats().Deleted == 1 })
	<-done
	assert.Equal(t, 2, r.remote.Stats().Visible)
}

func TestEveryWrongSettingIsReported(t *testing.T) {
	c := Config{VisibilityTimeout: time.Second, WaitTime: -1, KeyPattern: "(", Remember: -1}
	err := c.Validate("queue")
	for _, key := range []string{"url", "visibility_timeout", "wait_time", "key_pattern", "remember"} {
		assert.ErrorContains(t, err, "`queue::"+key+"` ")
	}
}

func TestWrongSettings(t *testing.T) {
	for want, cfg := range map[string]Config{
		"`queue::visibility_timeout` is 5s":            {URL: anyQueue, VisibilityTimeout: 5 * time.Second},
		"`queue::visibility_timeout` is 12h0m0":        {URL: anyQueue, VisibilityTimeout: 12 * time.Hour},
		"`queue::visibility_timeout` is 10.5s":         {URL: anyQueue, VisibilityTimeout: 10500 * time.Millisecond},
		"`queue::wait_time` is 21s":                    {URL: anyQueue, VisibilityTimeout: time.Minute, WaitTime: 21 * time.Second},
		"`queue::wait_time` is -1s":                    {URL: anyQueue, VisibilityTimeout: time.Minute, WaitTime: -time.Second},
		"`queue::remember` is -1s":                     {URL: anyQueue, VisibilityTimeout: time.Minute, Remember: -time.Second},
		"`queue::key_pattern` is \"(\": error parsing": {URL: anyQueue, VisibilityTimeout: time.Minute, KeyPattern: "("},
		"`queue::url` is not the address":              {VisibilityTimeout: time.Minute},
	} {
		_, err := New(context.Background(), cfg, Deps{})
		require.ErrorContains(t, err, want)
	}
}
