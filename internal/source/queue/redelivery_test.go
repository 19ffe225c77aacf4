package queue

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

func TestVisibilityIsRenewedWhileAnythingIsInFlight(t *testing.T) {
	r := newRig(t, withRoom(30))
	for i := range 30 {
		r.remote.Send(event(string(rune('a' + i))))
	}
	works := make([]*source.Work, 30)
	for i := range works {
		works[i] = r.next()
	}
	r.advance(10 * time.Minute)
	assert.Equal(t, 30, r.remote.Stats().InFlight)
	calls := r.server.Calls("ChangeMessageVisibilityBatch")
	assert.LessOrEqual(t, calls, 3*21, "each at half-time, ten to a call")
	assert.GreaterOrEqual(t, calls, 3*15)
	for _, w := range works {
		r.progress.finish(w)
	}
	r.untilDeleted(30)
	assert.Zero(t, r.counts.of(Redelivered))
	assert.Empty(t, r.messages)
	assert.Empty(t, r.objects)
}

// A receipt that is not valid any more is not renewed again; what is being read
// goes on to its end.
func TestALostMessageIsNotRenewed(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("one"))
	w := r.next()
	r.remote.Purge()
	r.advance(40 * time.Second)
	calls := r.server.Calls("ChangeMessageVisibilityBatch")
	assert.Equal(t, 1, calls)
	r.advance(10 * time.Minute)
	assert.Equal(t, calls, r.server.Calls("ChangeMessageVisibilityBatch"))
	r.progress.finish(w)
	r.none()
	assert.Zero(t, r.server.Calls("DeleteMessageBatch"))
}

// Renewing is tried again while it fails.
func TestRenewingSurvivesFailures(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("one"))
	w := r.next()
	r.server.Fail("ChangeMessageVisibilityBatch", 2, fakesqs.EntryFailure)
	r.advance(2 * time.Minute)
	assert.Equal(t, 1, r.remote.Stats().InFlight)
	r.progress.finish(w)
	r.untilDeleted(1)
}

func TestTheFirstNackReturnsTheMessageOnce(t *testing.T) {
	r := newRig(t)
	id := r.remote.Send(event("one", "two", "three"))
	one, two, three := r.next(), r.next(), r.next()
	r.progress.giveUp(one, 100, true)
	r.until("the returned message", func() bool { return r.counts.of(Returned) == 1 })
	r.progress.giveUp(three, 0, true)
	r.progress.finish(two) // goes on although the message was returned

	r.none()
	r.advance(backoff(1))
	again, third := r.next(), r.next()
	assert.Equal(t, 2, r.remote.Receives(id))
	assert.Equal(t, "one", again.Object.Key)
	assert.Equal(t, int64(100), again.Offset, "resumed where it was committed")
	assert.Equal(t, "three", third.Object.Key)
	_, alreadyDone := r.counts.objects()
	assert.Equal(t, 1, alreadyDone)
	r.progress.finish(again)
	r.progress.finish(third)
	r.untilDeleted(1)
	assert.Equal(t, 1, r.counts.of(Returned))
	assert.Equal(t, 1, r.counts.of(Redelivered))
}

// After a Nack the objects that were not begun are not handed out: their
// message is not ours any more.
func TestAReturnedMessageIsNotBegunFurther(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("one", "two"))
	r.progress.giveUp(r.next(), 0, true)
	r.none()
	r.advance(backoff(1))
	assert.Equal(t, "one", r.next().Object.Key)
	assert.Equal(t, "two", r.next().Object.Key)
}

// A standard queue may give a message out again while it is worked on: the
// object that is being read is not read twice, and the message goes with its
// new receipt.
func TestAnEarlyRedeliveryJoinsWhatIsInFlight(t *testing.T) {
	r := newRig(t)
	id := r.remote.Send(event("one", "two"))
	one := r.next()
	r.remote.RedeliverEarly()
	two := r.next()
	assert.Equal(t, "two", two.Object.Key)
	r.none()
	require.Equal(t, 2, r.remote.Receives(id))
	r.progress.finish(one)
	r.advance(5 * time.Minute)
	assert.Equal(t, 1, r.remote.Stats().InFlight, "renewed by the new receipt")
	r.progress.finish(two)
	r.untilDeleted(1)
	assert.Equal(t, 1, r.counts.of(Redelivered))
	assert.Empty(t, r.messages)
}

// A message that comes again after all of it was done is deleted unread, also
// when its deletion was on its way.
func TestARedeliveryOfWhatIsDoneIsDeleted(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("one"))
	w := r.next()
	r.server.Fail("DeleteMessageBatch", 1, fakesqs.EntryFailure)
	r.remote.RedeliverEarly()
	r.progress.finish(w)
	ctx, cancel := context.WithCancel(context.Background())
	offered := make(chan int)
	go func() {
		n := 0
		for ctx.Err() == nil { // the failure is reported meanwhile
			if work, err := r.Next(ctx); err == nil && work != nil {
				n++
			}
		}
		offered <- n
	}()
	r.until("the deletion", func() bool { r.clock.advance(time.Second); return r.remote.Stats().Deleted == 1 })
	cancel()
	assert.Zero(t, <-offered)
}

// Two messages that name one object, as after a duplicate event.
func TestTwoMessagesOfOneObject(t *testing.T) {
	r := newRig(t, withRoom(2))
	r.remote.Send(event("one"))
	r.remote.Send(event("one", "one"))
	w := r.next()
	r.none()
	r.progress.finish(w)
	r.untilDeleted(2)
}

func TestAMessageIsHandedBackAfterElevenHours(t *testing.T) {
	r := newRig(t, withVisibility(10*time.Minute))
	id := r.remote.Send(event("one"))
	w := r.next()
	content, err := w.Content.OpenAt(context.Background(), 0)
	require.NoError(t, err)
	read := make(chan error, 1)
	go func() { _, err := content.Read(nil); read <- err }()

	r.advance(maxHeld - 2*time.Minute)
	assert.Equal(t, 1, r.remote.Stats().InFlight)
	assert.Empty(t, read)
	r.advanceBy(2*time.Minute, time.Second)
	require.ErrorIs(t, <-read, context.Canceled, "the reading ends, or two would read on")
	require.NoError(t, content.Close())
	r.until("the returned message", func() bool { return r.counts.of(Returned) == 1 })
	assert.Equal(t, 1, r.remote.Stats().Visible)
	_, err = w.Content.OpenAt(context.Background(), 50)
	require.ErrorIs(t, err, context.Canceled)

	r.progress.giveUp(w, 50, false)
	again := r.next()
	assert.Equal(t, int64(50), again.Offset)
	assert.Equal(t, 2, r.remote.Receives(id))
	r.progress.finish(again)
	r.untilDeleted(1)
}

// fails hands an object back n times and returns the attempts it came with.
func (r *rig) fails(n int) (attempts []int) {
	r.t.Helper()
	for i := range n {
		w := r.next()
		attempts = append(attempts, w.Attempt)
		r.progress.giveUp(w, 0, true)
		r.until("the returned message", func() bool { return r.counts.of(Returned) == i+1 })
		r.advance(backoff(i + 1))
	}
	return attempts
}

func TestTheRedrivePolicyTakesWhatCannotBeRead(t *testing.T) {
	r := newRig(t, withRedrive(6), withVisibility(time.Hour))
	r.remote.Send(event("corrupt"))
	assert.Equal(t, make([]int, 6), r.fails(6))
	r.none()
	assert.Len(t, r.dead.Bodies(), 1)
	assert.Zero(t, r.remote.Stats().Deleted)
}

// Without a redrive policy the engine is told, at the fifth receive, that it is
// the last attempt; it then gives the object up, and the message goes.
func TestWithoutARedrivePolicyTheFifthReceiveIsTheLast(t *testing.T) {
	r := newRig(t, withVisibility(time.Hour))
	r.remote.Send(event("corrupt"))
	assert.Equal(t, make([]int, 4), r.fails(4))
	w := r.next()
	assert.Equal(t, lastAttempt, w.Attempt)
	r.progress.finish(w)
	r.untilDeleted(1)
}

// Nothing is given up on a guess.
func TestAnUnknownRedrivePolicyCountsAsOne(t *testing.T) {
	r := newRig(t, withVisibility(time.Hour))
	r.server.Fail("GetQueueAttributes", fakesqs.Always, fakesqs.Denied)
	r.remote.Send(event("corrupt"))
	assert.Equal(t, make([]int, 6), r.fails(6))
}

func TestTroubleIsToldAndHeals(t *testing.T) {
	r := newRig(t)
	r.server.Fail("ReceiveMessage", fakesqs.Always, fakesqs.Denied)
	_, err := r.Next(context.Background())
	require.ErrorIs(t, err, source.ErrDenied)
	require.ErrorContains(t, err, "sqs:ReceiveMessage")
	r.server.Heal("ReceiveMessage")

	// What cannot be deleted is reported by Next, which takes nothing more until it can.
	r.server.Fail("DeleteMessageBatch", fakesqs.Always, fakesqs.Denied)
	r.remote.Send(event("one"))
	r.remote.Send(event("two"))
	r.progress.finish(r.next())
	failing := func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.trouble[deletion] != nil }
	r.until("the failure", failing)
	_, err = r.Next(context.Background())
	require.ErrorContains(t, err, "sqs:DeleteMessage")
	assert.Equal(t, 1, r.remote.Stats().Visible)
	r.advance(2 * time.Minute)
	assert.Equal(t, 1, r.remote.Stats().InFlight, "kept until it is deleted")

	r.server.Heal("DeleteMessageBatch")
	r.until("the deletion", func() bool { r.clock.advance(time.Second); return r.remote.Stats().Deleted == 1 })
	r.until("the recovery", func() bool { return !failing() })
	assert.Equal(t, "two", r.next().Object.Key)
}

func TestTheReceiptOfADeletionMayBeInvalid(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("one"))
	w := r.next()
	r.server.Fail("DeleteMessageBatch", 1, fakesqs.BadReceipt)
	r.progress.finish(w)
	r.until("its end", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.messages) == 0 })
	assert.Zero(t, r.counts.of(Deleted))
}
