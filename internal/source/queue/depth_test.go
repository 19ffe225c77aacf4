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
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

func TestTheQueueIsAskedOnceAMinuteHowManyMessagesItHas(t *testing.T) {
	r := newRig(t, func(s *settings, _ *fakesqs.Settings) { s.withDepth = true })
	assert.Zero(t, r.Backlog()[0].Idle)
	r.remote.Send(event("one"))
	r.remote.Send(event("two"))
	r.remote.Send(event("three"))
	w := r.next()
	r.advance(depthAge)
	r.until("the answer", func() bool { return r.server.Calls("GetQueueAttributes") >= 2 })
	r.until("what is left", func() bool { b := r.Backlog()[0]; return b.Total && b.Objects == 2 })
	assert.Zero(t, r.Backlog()[0].Idle, "a receive was full")
	r.progress.finish(w)
	r.progress.finish(r.next())
	r.progress.finish(r.next())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // longer than a receive waits
	defer cancel()
	_, err := r.Next(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	r.until("an empty receive", func() bool { return !r.Backlog()[0].Idle.IsZero() })
}

func TestADeniedDepthIsToldOnceAndRarelyAskedAgain(t *testing.T) {
	var denied []error
	var asked atomic.Int64
	r := newRig(t, func(s *settings, _ *fakesqs.Settings) {
		s.Depth = func(context.Context) (s3io.Depth, error) {
			asked.Add(1)
			return s3io.Depth{}, fmt.Errorf("%w: any", source.ErrDenied)
		}
		s.Hooks.NoDepth = func(err error) { denied = append(denied, err) }
	})
	for n := range 3 {
		r.until("a try", func() bool { return r.clock.asked(deniedAge) == n+1 })
		r.clock.advance(deniedAge / 2)
		assert.EqualValues(t, n+1, asked.Load())
		r.clock.advance(deniedAge / 2)
	}
	r.stop()
	r.close()
	require.Len(t, denied, 1)
	require.ErrorIs(t, denied[0], source.ErrDenied)
	assert.False(t, r.Backlog()[0].Total, "how many there are is not known")
}

func TestADepthThatIsOldCountsNoMore(t *testing.T) {
	s := &Source{depth: depth{at: time.Now()}}
	s.depth.last.Visible = 3
	s.deps.Clock = &clock{}
	assert.Equal(t, source.Backlog{Objects: 3, Total: true}, s.Backlog()[0])
	s.deps.Clock = &clock{moved: depthLimit + time.Minute}
	assert.Equal(t, source.Backlog{}, s.Backlog()[0])
}

// What was received and is not handed out, and what waits for another try, is yet to be read.
func TestNothingIsCaughtUpWhileMessagesWait(t *testing.T) {
	r := newRig(t, withRoom(30), withVisibility(time.Hour))
	r.remote.Send(event("one", "two"))
	one := r.next()
	assert.EqualValues(t, 1, r.Backlog()[0].Objects)
	assert.Zero(t, r.Backlog()[0].Idle, "the other one is not handed out")
	r.progress.finish(r.next())
	assert.NotZero(t, r.Backlog()[0].Idle)
	r.progress.giveUp(one, 0, true)
	r.until("the return", func() bool { return r.counts.of(Returned) == 1 })
	require.NoError(t, r.receive(t.Context()))
	assert.Equal(t, source.Backlog{Objects: 1}, r.Backlog()[0], "it waits to be tried again")
	r.advance(backoff(1))
	r.progress.finish(r.next())
	require.NoError(t, r.receive(t.Context()))
	assert.NotZero(t, r.Backlog()[0].Idle)
	assert.Zero(t, r.Backlog()[0].Objects)
}
