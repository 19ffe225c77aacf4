package queue

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func (r *rig) announce(etag string) (messageID string) {
	return r.remote.Send(fmt.Sprintf(
		`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k","size":7,"eTag":%q}}}]}`, etag))
}

var newVersion = source.Object{Bucket: "b", Key: "k", ETag: "new", Size: 9}

func (r *rig) reach(id source.ID, offset int64) {
	r.t.Helper()
	var c checkpoint.Change
	c.Reached("g", id, offset, 0)
	require.NoError(r.t, r.progress.Commit(context.Background(), &c))
}

func TestMessageWaitsForTheNewVersion(t *testing.T) {
	r := newRig(t)
	r.announce("old")
	old := r.next()
	r.reach(old.ID, 500)
	old.Receipt.Replace(newVersion)
	w := r.next()
	assert.Equal(t, newVersion, w.Object)
	assert.Equal(t, source.Identify("b", "k", "new"), w.ID)
	assert.Zero(t, w.Offset, "that of the old version means nothing")
	r.none()
	assert.Zero(t, r.remote.Stats().Deleted)
	r.progress.finish(w)
	r.untilDeleted(1)

	r.announce("new")
	r.announce("old")
	again := r.next() // S3 says that it is not there any more
	again.Receipt.Replace(newVersion)
	r.none()
	r.untilDeleted(3)
	_, already := r.counts.objects()
	assert.Equal(t, 2, already)
	assert.Empty(t, r.objects)
}

func TestNewVersionThatWasHandedOutIsJoined(t *testing.T) {
	r := newRig(t, withRoom(10))
	r.announce("old")
	r.announce("new")
	one, two := r.next(), r.next()
	if one.Object.ETag == "new" {
		one, two = two, one
	}
	one.Receipt.Replace(newVersion)
	r.none()
	assert.Zero(t, r.remote.Stats().Deleted)
	r.progress.finish(two)
	r.untilDeleted(2)
}

// What comes of a message again, here or elsewhere after a death, begins with the
// version that it names.
func TestNewVersionGoesOnWhereItWas(t *testing.T) {
	r := newRig(t)
	r.announce("old")
	old := r.next()
	r.progress.giveUp(old, 500, true)
	r.reach(source.Identify("b", "k", "new"), 70)
	r.until("the returned message", func() bool { return r.counts.of(Returned) == 1 })
	r.advance(backoff(1))
	again := r.next()
	assert.EqualValues(t, 500, again.Offset)
	again.Receipt.Replace(newVersion)
	assert.EqualValues(t, 70, r.next().Offset)
}

// A server that tells another ETag each time is not asked again at once.
func TestOverwrittenAgainIsReturned(t *testing.T) {
	r := newRig(t)
	r.announce("old")
	r.next().Receipt.Replace(newVersion)
	w := r.next()
	newer := newVersion
	newer.ETag = "newer"
	w.Receipt.Replace(newer)
	r.none()
	r.until("the returned message", func() bool { return r.counts.of(Returned) == 1 })
	assert.Zero(t, r.remote.Stats().Deleted)
	r.advance(backoff(1))
	assert.Equal(t, "old", r.next().Object.ETag)
}

func TestOverwrittenAtShutdownIsReturned(t *testing.T) {
	r := newRig(t, withRoom(10))
	r.announce("old")
	r.remote.Send(event("never begun"))
	w := r.next()
	r.until("both messages", func() bool { return r.remote.Stats().InFlight == 2 })
	r.stop()
	r.until("the renewer, which has seen it", func() bool { return r.counts.of(Returned) == 1 })
	w.Receipt.Replace(newVersion)
	r.until("the message of what was overwritten", func() bool { return r.counts.of(Returned) == 2 })
	assert.Zero(t, r.remote.Stats().Deleted)
}
