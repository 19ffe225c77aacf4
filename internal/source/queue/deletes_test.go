package queue

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// slow stands before a queue whose deletes are not answered until open is closed.
type slow struct {
	SQS
	open chan struct{}

	mu    sync.Mutex
	sizes []int // of the calls, as they came
}

// slowDeletes puts a slow queue before the rig's.
func slowDeletes(r *rig) *slow {
	q := &slow{SQS: r.deps.SQS, open: make(chan struct{})}
	r.deps.SQS = q
	return q
}

func (q *slow) Delete(ctx context.Context, receipts []string) ([]error, error) {
	q.mu.Lock()
	q.sizes = append(q.sizes, len(receipts))
	q.mu.Unlock()
	select {
	case <-q.open:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return q.SQS.Delete(ctx, receipts)
}

func (q *slow) calls() []int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]int(nil), q.sizes...)
}

// A message does not wait for company while a call for it can be made; those
// that have to wait go together.
func TestDeletesAreGatheredOnlyWhileAllCallsAreBusy(t *testing.T) {
	r := newRig(t, withRoom(100))
	deletes := slowDeletes(r)
	works := make([]*source.Work, maxCalls+25)
	for i := range works {
		r.remote.Send(event(fmt.Sprint(i)))
	}
	for i := range works {
		works[i] = r.next()
	}
	for i, w := range works[:maxCalls] {
		r.progress.finish(w)
		r.until("its call", func() bool { return len(deletes.calls()) == i+1 })
	}
	for _, w := range works[maxCalls:] {
		r.progress.finish(w)
	}
	close(deletes.open)
	r.untilDeleted(len(works))
	assert.Equal(t, []int{1, 1, 1, 1, 1, 1, 1, 1, 10, 10, 5}, deletes.calls())
}

// Deletes that take long do not keep other messages from being renewed.
func TestRenewingDoesNotWaitForDeletes(t *testing.T) {
	r := newRig(t)
	deletes := slowDeletes(r)
	r.remote.Send(event("one"))
	r.remote.Send(event("two"))
	one, two := r.next(), r.next()
	r.progress.finish(one)
	r.until("the call", func() bool { return len(deletes.calls()) == 1 })
	r.advance(r.cfg.VisibilityTimeout * 2)
	assert.Equal(t, 2, r.remote.Stats().InFlight)
	close(deletes.open)
	r.progress.finish(two)
	r.untilDeleted(2)
}

// What is to be deleted is bounded, however fast messages come that name nothing
// to read.
func TestNothingIsReceivedWhileMuchIsToBeDeleted(t *testing.T) {
	r := newRig(t, withRoom(10*s3io.QueueBatch))
	deletes := slowDeletes(r)
	const n = maxUndeleted + 500
	for range n {
		r.remote.Send(`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := r.Next(ctx)
		ended <- err
	}()
	r.until("the bound", func() bool { return r.remote.Stats().InFlight >= maxUndeleted })
	r.until("a look at it", func() bool { return r.clock.asked(undeletedPause) > 3 })
	assert.Less(t, r.remote.Stats().InFlight, maxUndeleted+2*maxCalls*s3io.QueueBatch, "with those in calls both ways")
	close(deletes.open)
	r.untilDeleted(n)
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
}
