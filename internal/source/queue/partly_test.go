package queue

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

// partly is a notification of two objects and of a third event that cannot be read.
const partly = `{"Records":[
	{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"one","eTag":"e"}}},
	{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%zz"}}},
	{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"two","eTag":"\u0001"}}}]}`

// commitChange commits the source's own change as the engine does.
func (r *rig) commitChange() {
	r.t.Helper()
	own := r.Change()
	var c checkpoint.Change
	for _, group := range own.Forget {
		c.Forget(group)
	}
	for group, ids := range own.Done {
		for _, id := range ids {
			c.Done(group, id)
		}
	}
	require.NoError(r.t, r.progress.Commit(context.Background(), &c))
}

// What can be read of a message is read, once; the message goes the way of those
// that are no notifications.
func TestAMessageThatIsPartlyUnknownIsReadAndNotDeleted(t *testing.T) {
	r := newRig(t, withRedrive(3))
	id := r.remote.Send(partly)
	one, two := r.next(), r.next()
	assert.Equal(t, "one", one.Object.Key)
	assert.Equal(t, "two", two.Object.Key)
	assert.Empty(t, two.Object.ETag, "no request can be made with it")
	r.progress.finish(two)
	r.advance(5 * time.Minute)
	assert.Equal(t, 1, r.remote.Receives(id), "kept while the other one is read")
	r.progress.finish(one)
	assert.Empty(t, r.messages)
	for range 3 {
		r.advance(r.cfg.VisibilityTimeout)
		r.none()
	}
	r.until("the dead letter", func() bool { r.none(); return len(r.dead.Bodies()) == 1 })
	assert.Equal(t, []string{partly}, r.dead.Bodies())
	assert.Zero(t, r.remote.Stats().Deleted)
	assert.Equal(t, 3, r.counts.of(Unknown))
	_, alreadyDone := r.counts.objects()
	assert.Equal(t, 4, alreadyDone)
	assert.Contains(t, r.counts.unknown[0], id+": not a notification of Amazon S3: a key that is not form-encoded")
}

// Without a redrive policy it comes until the queue's retention ends, which may be
// longer than objects are remembered.
func TestAMessageThatIsPartlyUnknownIsNotReadAgainHoweverOftenItComes(t *testing.T) {
	r := newRig(t, withVisibility(time.Hour), func(s *settings, _ *fakesqs.Settings) { s.Remember = 2 * time.Hour })
	r.remote.Send(partly)
	r.progress.finish(r.next())
	r.progress.finish(r.next())
	for i := range 6 {
		r.advance(time.Hour)
		r.until("its coming again", func() bool { r.none(); return r.counts.of(Unknown) == i+2 })
		r.commitChange()
	}
	assert.LessOrEqual(t, len(r.progress.Groups()), 4, "and the earlier hours are forgotten")
}

func TestAnEmptyListOfEventsIsDeleted(t *testing.T) {
	r := newRig(t)
	r.remote.Send(`{"Records":[]}`)
	r.none()
	r.untilDeleted(1)
	assert.Equal(t, 1, r.counts.of(Ignored))
	assert.Zero(t, r.counts.of(Unknown))
}
