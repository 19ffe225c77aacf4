package queue

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// meanwhile is a Progress during whose answer something happens.
type meanwhile struct {
	*progress
	do atomic.Pointer[func()] // once, after the answer was found
}

func (m *meanwhile) Done(id source.ID) bool {
	done := m.progress.Done(id)
	if do := m.do.Swap(nil); do != nil {
		(*do)()
	}
	return done
}

// An object that is committed and acknowledged while a second message that names
// it is looked at is not read again.
func TestAnObjectThatIsFinishedWhileItComesAgain(t *testing.T) {
	r := newRig(t)
	late := &meanwhile{progress: r.progress}
	r.deps.Progress = late
	r.remote.Send(event("one"))
	w := r.next()
	finished := make(chan struct{})
	finish := func() {
		go func() { defer close(finished); r.progress.finish(w) }()
		select {
		case <-finished:
		case <-time.After(50 * time.Millisecond): // it has to wait
		}
	}
	late.do.Store(&finish)
	r.remote.Send(event("one"))
	r.none()
	<-finished
	r.untilDeleted(2)
	assert.Empty(t, r.remote.Bodies())
}

// stuck is a queue of which one receive is not answered until open is closed.
type stuck struct {
	SQS
	which int64 // the number of that receive, from 1 on
	calls atomic.Int64
	open  chan struct{}
}

func (q *stuck) Receive(ctx context.Context, in s3io.Receive) ([]s3io.Message, error) {
	if q.calls.Add(1) == q.which {
		<-q.open
	}
	return q.SQS.Receive(ctx, in)
}

// Messages are ours from the answer that has them on: while another receive is
// waited for they are kept, or given back, and do not come again by themselves.
func TestAReceiveThatTakesLongHoldsNoOtherUp(t *testing.T) {
	r := newRig(t, withRoom(20))
	for i := range 30 {
		r.remote.Send(event(fmt.Sprint(i)))
	}
	q := &stuck{SQS: r.deps.SQS, which: 3, open: make(chan struct{})}
	r.deps.SQS = q
	for range 10 { // of the first receive, after which two go side by side
		r.progress.finish(r.next())
	}
	next := make(chan *source.Work, 1)
	go func() {
		w, err := r.Next(context.Background())
		assert.NoError(t, err)
		next <- w
	}()
	r.until("the other receive", func() bool { return r.remote.Stats().InFlight == 10 })
	r.advance(r.cfg.VisibilityTimeout)
	r.until("the return of those that nobody began", func() bool { return r.counts.of(Returned) == 10 })
	close(q.open)
	require.NotNil(t, <-next)
}

// A message may name many objects: then fewer messages fill the room.
func TestRoomIsForTheObjectsOfAMessage(t *testing.T) {
	r := newRig(t, withRoom(30))
	for i := range 20 {
		keys := make([]string, 10)
		for j := range keys {
			keys[j] = fmt.Sprint(i, "/", j)
		}
		r.remote.Send(event(keys...))
	}
	for range 100 {
		r.next()
	}
	assert.Equal(t, 10, r.remote.Stats().InFlight, "nothing is known of the first ones")
	r.next()
	assert.Equal(t, 13, r.remote.Stats().InFlight)
}
