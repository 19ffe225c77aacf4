package queue

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestBackoffs(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 30 * time.Second, 1: 30 * time.Second, 2: 2 * time.Minute, 3: 8 * time.Minute, 4: 32 * time.Minute, 5: time.Hour, 1000: time.Hour} {
		assert.Equal(t, want, backoff(n), n)
	}
}

// read reads an object as the engine does, and reports whether that was denied.
func (r *rig) read(w *source.Work) (denied bool) {
	r.t.Helper()
	content, err := w.Content.OpenAt(context.Background(), 0)
	if err != nil {
		require.ErrorIs(r.t, err, source.ErrDenied)
		r.progress.giveUp(w, 0, false) // none was opened since: not charged
		return true
	}
	require.NoError(r.t, content.Close())
	r.progress.finish(w)
	return false
}

// However many objects are denied, those behind them come as fast as the denied ones
// are answered: nothing waits.
func TestDeniedObjectsHideNoneBehindThem(t *testing.T) {
	for name, c := range map[string]struct {
		denied  int
		options []option
	}{
		"no redrive policy": {12_000, nil}, "redrive policy": {1000, []option{withRedrive(10)}},
	} {
		t.Run(name, func(t *testing.T) {
			const readable = 400
			r := newRig(t, append(c.options, withRoom(33), withVisibility(time.Hour))...)
			for i := range c.denied {
				r.remote.Send(event(fmt.Sprint("denied/", i)))
			}
			for i := range readable {
				r.remote.Send(event(fmt.Sprint("readable/", i)))
			}
			readings, found := 0, 0
			for ; found < readable; readings++ {
				if !r.read(r.next()) {
					found++
				}
				require.Zero(t, r.held(), "nothing waits")
			}
			assert.LessOrEqual(t, r.server.Calls("ReceiveMessage"), readings/10*3/2)
			r.untilDeleted(readable)
			assert.Empty(t, r.dead.Bodies())
		})
	}
}

// How many messages wait is known, and reported once a minute while they are many.
func TestMessagesThatWaitAreToldOnceAMinute(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("one"))
	r.progress.giveUp(r.next(), 0, true)
	r.until("the return", func() bool { return r.counts.of(Returned) == 1 })
	assert.Equal(t, 1, r.Waiting())
	r.advance(backoff(1))
	assert.Zero(t, r.Waiting())
	assert.Empty(t, r.counts.logged())

	r.mu.Lock()
	for range manyWaiting + 7 {
		r.delayed.add(r.clock.Now().Add(3 * waitingInterval / 2))
	}
	r.mu.Unlock()
	r.advance(waitingInterval / 2)
	assert.Equal(t, []int{manyWaiting + 7}, r.counts.logged())
	r.advance(waitingInterval * 3 / 4)
	assert.Equal(t, []int{manyWaiting + 7, manyWaiting + 7}, r.counts.logged())
	r.advance(2 * waitingInterval)
	assert.Len(t, r.counts.logged(), 2)
}

// virtual is a clock that only its test moves.
type virtual struct{ now time.Time }

func (v *virtual) Now() time.Time                       { return v.now }
func (v *virtual) After(time.Duration) <-chan time.Time { return nil }

func TestTheBackoffShrinksNearTheQuota(t *testing.T) {
	for url, quota := range map[string]int{anyQueue: quota, anyQueue + ".fifo": quotaFIFO, anyQueue + ".fifo/": quotaFIFO} {
		v := &virtual{time.Unix(1e9, 0)}
		s := &Source{cfg: Config{URL: url}, deps: Deps{Clock: v}}
		for waiting, want := range map[int]time.Duration{
			0: time.Hour, quota / 4: time.Hour, quota * 3 / 8: time.Hour / 2,
			quota / 2: shortBackoff, quota: shortBackoff,
		} {
			s.delayed = slices.Repeat(waitingList{v.now.Add(time.Hour)}, waiting)
			assert.Equal(t, want, s.backoff(9), "%s %d", url, waiting)
			assert.LessOrEqual(t, s.backoff(1), minBackoff)
		}
		s.delayed = slices.Repeat(waitingList{v.now}, quota)
		assert.Equal(t, time.Hour, s.backoff(9), "those that are visible again do not wait")
	}
}

// Of 120,000 messages that cannot be read, 500 of which are received a second, never so
// many wait that SQS gives out no others, and their receives are not used up at once.
func TestMessagesThatWaitNeverFillTheQuota(t *testing.T) {
	const messages, rate = 120_000, 500
	v := &virtual{time.Unix(1e9, 0)}
	s := &Source{cfg: Config{URL: anyQueue}, deps: Deps{Clock: v}}
	visible := make([]int, messages) // receives, in the order in which they are visible
	returns := map[time.Time][]int{}
	most := 0
	for range 3600 {
		visible = append(visible, returns[v.now]...)
		delete(returns, v.now)
		n := min(rate, len(visible))
		for _, receives := range visible[:n] {
			at := v.now.Add(s.backoff(receives + 1))
			s.delayed.add(at)
			returns[at] = append(returns[at], receives+1)
		}
		visible = visible[n:]
		most = max(most, s.Waiting())
		v.now = v.now.Add(time.Second)
	}
	for _, waiting := range returns {
		visible = append(visible, waiting...)
	}
	t.Log("at most", most, "wait; the most receives in an hour are", slices.Max(visible))
	assert.Less(t, most, quota*5/8)
	assert.Len(t, visible, messages)
	assert.LessOrEqual(t, slices.Max(visible), 25)
}
