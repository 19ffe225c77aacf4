package queue

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

// charge commits a failure of an object as the engine does, and hands it back.
func (r *rig) charge(w *source.Work) {
	r.t.Helper()
	var c checkpoint.Change
	c.Reached(w.Group, w.ID, w.Offset, w.Attempt+1)
	require.NoError(r.t, r.progress.Commit(context.Background(), &c))
	returned := r.counts.of(Returned)
	w.Receipt.Nack(w.Offset, true)
	r.until("the returned message", func() bool { return r.counts.of(Returned) > returned })
}

// The engine reports an object at its third failure, or at the last receive that the
// policy allows: it is told both.
func TestTheEngineIsToldOfTheRedrivePolicy(t *testing.T) {
	r := newRig(t, withRedrive(4), withVisibility(time.Hour))
	r.remote.Send(event("corrupt"))
	for i := range 4 {
		w := r.next()
		assert.True(t, w.Redrive)
		assert.Equal(t, i, w.Attempt, "charged failures, by Progress")
		assert.Equal(t, i == 3, w.LastOffer, i)
		r.charge(w)
		r.advance(backoff(i + 1))
	}
	r.none()
	assert.Len(t, r.dead.Bodies(), 1)
	assert.Equal(t, 2, r.server.Calls("GetQueueAttributes"), "asked again when ten minutes are over")
	assert.Empty(t, r.counts.lost, "the engine has reported it")
}

func TestTheEngineIsNotToldOfARedrivePolicyWhereThereIsNone(t *testing.T) {
	r := newRig(t, withVisibility(time.Hour))
	r.remote.Send(event("corrupt"))
	for i := range 5 {
		w := r.next()
		assert.False(t, w.Redrive)
		assert.False(t, w.LastOffer)
		if i < 4 {
			assert.Zero(t, w.Attempt)
			r.charge(w)
			r.advance(backoff(i + 1))
			continue
		}
		assert.Equal(t, lastAttempt, w.Attempt)
	}
}

// The permission to ask for the policy is optional: what is known without it is that the
// message may come again.
func TestAPolicyThatMayNotBeAskedForIsAskedForOnceAnHour(t *testing.T) {
	r := newRig(t, withVisibility(time.Hour))
	r.server.Fail("GetQueueAttributes", fakesqs.Always, fakesqs.Denied)
	r.remote.Send(event("corrupt"))
	for i := range 5 {
		w := r.next()
		assert.True(t, w.Redrive)
		assert.False(t, w.LastOffer)
		assert.Equal(t, i, w.Attempt)
		r.charge(w)
		r.advance(backoff(i + 1))
	}
	assert.Equal(t, 1, r.server.Calls("GetQueueAttributes"))
	r.next()
	assert.Equal(t, 2, r.server.Calls("GetQueueAttributes"))
}

// What is known of the policy outlives a failure to ask for it again.
func TestAPolicyThatWasKnownStaysKnown(t *testing.T) {
	r := newRig(t, withRedrive(2), withVisibility(time.Hour))
	r.remote.Send(event("corrupt"))
	r.charge(r.next())
	r.server.Fail("GetQueueAttributes", fakesqs.Always, fakesqs.Unavailable)
	r.advance(policyAge)
	w := r.next()
	assert.True(t, w.LastOffer)
	assert.Greater(t, r.server.Calls("GetQueueAttributes"), 1)
}

// A message that is handed back unread at its last receive goes to the dead-letter
// queue although nothing is wrong with it: that is reported.
func TestAMessageThatIsLostByAShutdownIsTold(t *testing.T) {
	r := newRig(t, withRedrive(1), withRoom(3))
	var ids []string
	for _, key := range []string{"read", "begun", "waiting"} {
		ids = append(ids, r.remote.Send(event(key)))
	}
	read, begun := r.next(), r.next()
	r.progress.finish(read)
	r.untilDeleted(1)
	r.stop()
	r.progress.giveUp(begun, 0, false)
	r.until("the returns", func() bool { return r.counts.of(Returned) == 2 })
	assert.ElementsMatch(t, ids[1:], r.counts.lost)
}
