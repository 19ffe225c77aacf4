package queue

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

// failFor lets an action fail for the message of one object until it is healed.
func (r *rig) failFor(action, key string, f fakesqs.Fault) {
	f.Of = event(key)
	r.server.Fail(action, fakesqs.Always, f)
}

// untilTrouble waits until Trouble reports one message.
func (r *rig) untilTrouble(part string) {
	r.t.Helper()
	r.until("the trouble", func() bool { r.clock.advance(time.Second); return r.counts.troubled() != nil })
	require.ErrorContains(r.t, r.counts.troubled(), part)
}

func (r *rig) untilHealed() {
	r.t.Helper()
	r.until("the recovery", func() bool { r.clock.advance(time.Second); return r.counts.troubled() == nil })
}

// A message that cannot be deleted is reported and tried again for as long as it
// lasts; it stops neither the deletion of others nor what is received.
func TestAMessageThatCannotBeDeletedIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		fault fakesqs.Fault
		says  string
	}{
		"no permission": {fakesqs.EntryDenied, "allow sqs:DeleteMessage on"},
		"left out":      {fakesqs.EntryMissing, "the answer to sqs:DeleteMessage does not tell"},
		"in trouble":    {fakesqs.EntryFailure, "InternalError"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, withRoom(40))
			for i := range 40 {
				r.remote.Send(event(fmt.Sprint(i)))
			}
			r.failFor("DeleteMessageBatch", "7", c.fault)
			works := make([]*source.Work, 40)
			for i := range works {
				works[i] = r.next()
			}
			for _, w := range works {
				r.progress.finish(w)
			}
			r.untilDeleted(39)
			r.untilTrouble(c.says)
			r.advance(10 * time.Minute)
			assert.Equal(t, []string{event("7")}, r.remote.Bodies())
			assert.Equal(t, 1, r.remote.Stats().InFlight, "renewed meanwhile")
			assert.LessOrEqual(t, r.server.Calls("DeleteMessageBatch"), 40+r.clock.asked(maxBeat), "once a beat")
			r.remote.Send(event("next"))
			r.progress.finish(r.next())
			r.untilDeleted(40)

			r.server.Heal("DeleteMessageBatch")
			r.untilHealed()
			r.untilDeleted(41)
			assert.Empty(t, r.remote.Bodies())
			assert.Zero(t, r.counts.of(Redelivered))
		})
	}
}

// A message whose renewal fails is tried at each beat. If it comes again
// meanwhile, what is being read is not read twice.
func TestAMessageThatCannotBeRenewedIsTriedAgain(t *testing.T) {
	for name, fault := range map[string]fakesqs.Fault{"no permission": fakesqs.EntryDenied, "left out": fakesqs.EntryMissing} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, withRoom(2))
			id := r.remote.Send(event("one"))
			r.remote.Send(event("two"))
			one, two := r.next(), r.next()
			r.failFor("ChangeMessageVisibilityBatch", "one", fault)
			r.advance(40 * time.Second)
			r.untilTrouble("sqs:ChangeMessageVisibility")
			r.server.Heal("ChangeMessageVisibilityBatch")
			r.untilHealed()
			r.advance(2 * time.Minute)
			assert.Equal(t, 2, r.remote.Stats().InFlight, "in time again")

			r.failFor("ChangeMessageVisibilityBatch", "one", fault)
			r.advance(2 * time.Minute)
			assert.Equal(t, 1, r.remote.Stats().InFlight)
			r.none()
			require.Equal(t, 2, r.remote.Receives(id))
			r.server.Heal("ChangeMessageVisibilityBatch")
			r.untilHealed()
			r.progress.finish(one)
			r.progress.finish(two)
			r.untilDeleted(2)
			assert.Empty(t, r.messages)
		})
	}
}

// When many fail alone, the fault is not theirs: what would be received could
// not be finished.
func TestNothingIsReceivedWhileManyMessagesFail(t *testing.T) {
	for action, of := range map[string]func(*rig, []*source.Work){
		"DeleteMessageBatch": func(r *rig, works []*source.Work) {
			for _, w := range works {
				r.progress.finish(w)
			}
		},
		"ChangeMessageVisibilityBatch": func(r *rig, _ []*source.Work) { r.advance(40 * time.Second) },
	} {
		t.Run(action, func(t *testing.T) {
			r := newRig(t, withRoom(maxFailing))
			for i := range maxFailing + 1 {
				r.remote.Send(event(fmt.Sprint(i)))
			}
			works := make([]*source.Work, maxFailing)
			for i := range works {
				works[i] = r.next()
			}
			r.server.Fail(action, fakesqs.Always, fakesqs.EntryDenied)
			of(r, works)
			r.untilTrouble("access denied")
			r.until("all of them", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.blocked() != nil })
			calls := r.server.Calls("ReceiveMessage")
			_, err := r.Next(context.Background())
			require.ErrorIs(t, err, source.ErrDenied)
			assert.Equal(t, calls, r.server.Calls("ReceiveMessage"))

			r.server.Heal(action)
			r.untilHealed()
			assert.Equal(t, fmt.Sprint(maxFailing), r.next().Object.Key)
		})
	}
}

// failsLate is a queue whose first delete fails for its message when open is closed.
type failsLate struct {
	SQS
	calls atomic.Int64
	open  chan struct{}
}

func (q *failsLate) Delete(ctx context.Context, receipts []string) ([]error, error) {
	if q.calls.Add(1) > 1 {
		return q.SQS.Delete(ctx, receipts)
	}
	<-q.open
	return []error{source.ErrUnreachable}, nil
}

// A deletion that fails after its message came again is nobody's trouble: the
// message is deleted by its new receipt.
func TestAFailureOfAnEarlierReceiptIsNotTold(t *testing.T) {
	r := newRig(t)
	deletes := &failsLate{SQS: r.deps.SQS, open: make(chan struct{})}
	r.deps.SQS = deletes
	r.remote.Send(event("one"))
	r.progress.finish(r.next())
	r.until("the call", func() bool { return deletes.calls.Load() == 1 })
	r.remote.RedeliverEarly()
	r.none()
	r.untilDeleted(1)
	close(deletes.open)
	r.until("its end", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.deleters == 0 })
	r.advance(time.Minute)
	require.NoError(t, r.counts.troubled())
}

// A message that cannot be returned is tried until it is visible by itself.
func TestAReturnThatFailsEndsWithTheVisibility(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("one"))
	r.failFor("ChangeMessageVisibilityBatch", "one", fakesqs.EntryDenied)
	r.progress.giveUp(r.next(), 0, true)
	r.untilTrouble("sqs:ChangeMessageVisibility")
	r.advance(r.cfg.VisibilityTimeout + 2*retryDelay)
	r.untilHealed()
	assert.Empty(t, r.messages)
	calls := r.server.Calls("ChangeMessageVisibilityBatch")
	r.advance(time.Minute)
	assert.Equal(t, calls, r.server.Calls("ChangeMessageVisibilityBatch"))
	assert.Equal(t, "one", r.next().Object.Key)
}

// A receipt that is not valid any more ends a deletion, a renewal and a return
// without a word: the message comes again, or somebody else has it.
func TestStaleReceiptsAreForgotten(t *testing.T) {
	for name, fault := range map[string]fakesqs.Fault{
		"invalid": fakesqs.BadReceipt, "expired": fakesqs.StaleReceipt, "visible again": fakesqs.NotInFlight,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, withRoom(3))
			for _, key := range []string{"one", "two", "three"} {
				r.remote.Send(event(key))
			}
			one, two := r.next(), r.next()
			r.next() // is being read
			r.server.Fail("DeleteMessageBatch", fakesqs.Always, fault)
			r.server.Fail("ChangeMessageVisibilityBatch", fakesqs.Always, fault)
			r.progress.finish(one)
			r.until("the deletion", func() bool { return r.server.Calls("DeleteMessageBatch") == 1 })
			r.progress.giveUp(two, 0, true)
			r.advance(40 * time.Second)
			r.until("their end", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.messages) == 0 })
			require.NoError(t, r.counts.troubled())
			assert.Equal(t, 1, r.server.Calls("DeleteMessageBatch"))
			assert.Equal(t, 2, r.server.Calls("ChangeMessageVisibilityBatch"))
		})
	}
}

// What cannot be deleted does not hold a shutdown up for longer than closeTimeout.
func TestCloseGivesUpWhatCannotBeDeleted(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("one"))
	r.failFor("DeleteMessageBatch", "one", fakesqs.EntryMissing)
	w := r.next()
	r.stop()
	r.progress.finish(w)
	r.close()
	require.ErrorContains(t, r.counts.troubled(), "sqs:DeleteMessage")
	assert.Greater(t, r.server.Calls("DeleteMessageBatch"), 1, "tried again")
	assert.Equal(t, []string{event("one")}, r.remote.Bodies())
}
