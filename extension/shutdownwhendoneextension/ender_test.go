package shutdownwhendoneextension

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

var _ extensioncapabilities.PipelineWatcher = (*ender)(nil)

// rig is an ender in a process that is not there. It is made inside a bubble of
// synctest, whose clock stands still while anything runs.
type rig struct {
	*ender
	logged *observer.ObservedLogs

	signals chan<- os.Signal
	begin   time.Time

	mu     sync.Mutex // guards everything below
	caught bool       // SIGTERM has not its default action
	lost   bool       // signals that are sent do not arrive
	sent   []time.Duration
	exits  []int
}

// seen returns what the process has seen so far.
func (r *rig) seen() (sent []time.Duration, exits []int, caught bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent), slices.Clone(r.exits), r.caught
}

func (r *rig) sentAt() []time.Duration { sent, _, _ := r.seen(); return sent }
func (r *rig) exited() []int           { _, exits, _ := r.seen(); return exits }
func (r *rig) catches() bool           { _, _, caught := r.seen(); return caught }

func (r *rig) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func newRig(t *testing.T) *rig {
	t.Helper()
	core, logged := observer.New(zap.InfoLevel)
	r := &rig{logged: logged, begin: time.Now()}
	r.ender = newEnder(zap.New(core), process{
		catch: func(c chan<- os.Signal) (func(), error) {
			r.signals = c
			r.set(func() { r.caught = true })
			return func() { r.set(func() { r.caught = false }) }, nil
		},
		send: func() error {
			r.set(func() {
				r.sent = append(r.sent, time.Since(r.begin))
				if !r.lost {
					r.signal()
				}
			})
			return nil
		},
		exit: func(status int) { r.set(func() { r.exits = append(r.exits, status) }) },
	})
	return r
}

// signal is a SIGTERM to the process.
func (r *rig) signal() {
	select {
	case r.signals <- syscall.SIGTERM:
	default:
	}
}

func (r *rig) start(t *testing.T) {
	t.Helper()
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
}

// after lets time pass.
func (*rig) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *rig) shutdown(t *testing.T) {
	t.Helper()
	require.NoError(t, r.Shutdown(context.WithoutCancel(t.Context())))
}

// messages returns the messages of the log.
func (r *rig) messages() (all []string) {
	for _, entry := range r.logged.All() {
		all = append(all, entry.Message)
	}
	return all
}

const ends, endless = true, false

// withRig runs a test of an ender that is started, and shuts it down.
func withRig(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.start(t)
		assert.True(t, r.catches())
		test(t, r)
		r.shutdown(t)
		assert.False(t, r.catches(), "SIGTERM has its default action again after Shutdown")
	})
}

func TestItSendsWhenEverySourceIsDone(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		a, b := r.RegisterSource("a", ends, nil), r.RegisterSource("b", ends, nil)
		require.NoError(t, r.Ready())
		r.after(time.Hour)
		assert.Empty(t, r.sentAt())
		a(map[string]int64{"objects": 3, "given_up": 1})
		r.after(time.Hour)
		assert.Empty(t, r.sentAt(), "b is not done")
		b(map[string]int64{"objects": 4, "records": 9})
		r.after(0)
		assert.Equal(t, []time.Duration{2 * time.Hour}, r.sentAt())
		last := r.logged.All()[r.logged.Len()-1]
		assert.Equal(t, "all is read and accepted, the collector ends", last.Message)
		assert.Equal(t, map[string]any{"objects": int64(7), "records": int64(9), "given_up": int64(1)}, last.ContextMap())
	})
}

func TestItSendsOnlyOncePipelinesAreReady(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		r.RegisterSource("a", ends, nil)(nil)
		r.after(45 * time.Second)
		assert.Empty(t, r.sentAt())
		assert.Equal(t, []string{"all is read and accepted, the collector ends when all its components have started"}, r.messages())
		require.NoError(t, r.Ready())
		r.after(0)
		assert.Equal(t, []time.Duration{45 * time.Second}, r.sentAt())
	})
}

func TestItSendsAgainUntilNotReady(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		r.RegisterSource("a", ends, nil)(nil)
		require.NoError(t, r.Ready())
		r.after(250 * time.Millisecond)
		assert.Equal(t, []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond}, r.sentAt())
		require.NoError(t, r.NotReady())
		r.after(9 * time.Minute)
		assert.Len(t, r.sentAt(), 3)
		assert.True(t, r.catches())
		assert.Empty(t, r.exited())
	})
}

func TestItSendsAgainUntilShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.start(t)
		r.RegisterSource("a", ends, nil)(nil)
		require.NoError(t, r.Ready())
		r.after(250 * time.Millisecond)
		r.shutdown(t)
		r.after(time.Hour)
		assert.Len(t, r.sentAt(), 3)
		assert.Empty(t, r.exited(), "the watchdog ends with Shutdown")
	})
}

// The collector stops listening at its end, and a signal that arrives then would be the
// death of the process.
func TestNotReadyReturnsWhenTheLastSignalHasArrived(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		r.set(func() { r.lost = true })
		r.RegisterSource("a", ends, nil)(nil)
		require.NoError(t, r.Ready())
		r.after(50 * time.Millisecond)
		go func() {
			time.Sleep(300 * time.Millisecond)
			r.signal()
		}()
		require.NoError(t, r.NotReady())
		require.NoError(t, r.NotReady()) // once the first has been dealt with
		assert.Equal(t, 350*time.Millisecond, time.Since(r.begin))
		assert.Len(t, r.sentAt(), 1)
	})
}

func TestSignalFromElsewhereIsSentAgain(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		r.RegisterSource("a", endless, nil)
		r.signal() // the collector is not listening yet
		r.after(350 * time.Millisecond)
		assert.Equal(t, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond}, r.sentAt())
		require.NoError(t, r.Ready())
		require.NoError(t, r.NotReady())
		r.after(time.Second)
		assert.Len(t, r.sentAt(), 3)
	})
}

func TestSignalFromElsewhereThatIsHeededIsNotSentAgain(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		require.NoError(t, r.Ready())
		r.signal()
		r.after(20 * time.Millisecond)
		require.NoError(t, r.NotReady())
		r.signal()
		r.after(time.Minute)
		assert.Empty(t, r.sentAt())
	})
}

func TestProcessExitsWhenTheCollectorDoesNotHeed(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		require.NoError(t, r.Ready())
		r.after(time.Hour) // counts from the first signal
		r.RegisterSource("a", ends, nil)(nil)
		r.after(time.Minute - time.Millisecond)
		assert.Empty(t, r.exited())
		r.after(time.Millisecond)
		assert.Equal(t, []int{1}, r.exited())
		assert.Equal(t, 1, r.logged.FilterMessage("the collector has not ended, the process exits with status 1: "+
			"it was sent SIGTERM and has not begun to shut down within 1m0s").Len())
	})
}

func TestProcessExitsWhenTheShutdownHangs(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		r.RegisterSource("a", ends, nil)(nil)
		require.NoError(t, r.Ready())
		r.after(50 * time.Second)
		require.NoError(t, r.NotReady())
		r.after(10*time.Minute - time.Millisecond)
		assert.Empty(t, r.exited())
		r.after(time.Millisecond)
		assert.Equal(t, []int{1}, r.exited())
		assert.Equal(t, 1, r.logged.FilterMessage("the collector has not ended, the process exits with status 1: its shutdown takes more than 10m0s").Len())
	})
}

// As after a SIGHUP: Shutdown is that of before.
func TestShutdownOfAnotherCauseHasNoLimit(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		done := r.RegisterSource("a", ends, nil)
		require.NoError(t, r.Ready())
		require.NoError(t, r.NotReady())
		done(nil)
		r.signal()
		r.after(time.Hour)
		assert.Empty(t, r.sentAt())
		assert.Empty(t, r.exited())
	})
}

func TestSourceThatNeverEndsEndsNothing(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		r.RegisterSource("b", endless, func() string { return "a back end" })
		r.RegisterSource("a", ends, nil)(nil)
		require.NoError(t, r.Ready())
		r.RegisterSource("c", endless, nil)
		r.after(time.Hour)
		assert.Empty(t, r.sentAt())
		assert.Equal(t, []string{"shutdown_when_done ends nothing, since these receivers have sources that never end: b, c"}, r.messages())
	})
}

func TestNoSourceEndsNothing(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		require.NoError(t, r.Ready())
		r.after(time.Hour)
		assert.Empty(t, r.sentAt())
		assert.Equal(t, []string{"shutdown_when_done ends nothing, since no receiver has registered a source with it"}, r.messages())
	})
}

// A receiver that is started again reads again.
func TestSourceTakesThePlaceOfTheReceiversEarlierOne(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		before := r.RegisterSource("a", ends, nil)
		now := r.RegisterSource("a", ends, nil)
		require.NoError(t, r.Ready())
		before(map[string]int64{"objects": 1})
		r.after(time.Minute)
		assert.Empty(t, r.sentAt())
		now(map[string]int64{"objects": 2})
		r.after(0)
		assert.Len(t, r.sentAt(), 1)
		assert.EqualValues(t, 2, r.logged.All()[0].ContextMap()["objects"])
	})
}

func TestItSaysWhatItWaitsForEvery30Seconds(t *testing.T) {
	withRig(t, func(t *testing.T, r *rig) {
		var trouble atomic.Value
		trouble.Store("")
		waits := func() string { return trouble.Load().(string) }
		r.RegisterSource("a", ends, waits)
		r.RegisterSource("b", ends, func() string { return "" })
		r.RegisterSource("c", ends, waits)(nil)
		require.NoError(t, r.Ready())
		r.after(40 * time.Second)
		assert.Empty(t, r.messages(), "they only read")
		trouble.Store("the back end is away")
		r.after(time.Minute)
		const line = "the collector ends later, nothing is lost, it waits: a: the back end is away"
		assert.Equal(t, []string{line, line}, r.messages())
		trouble.Store("")
		r.after(time.Minute)
		assert.Len(t, r.messages(), 2)
	})
}

func TestStartFailsWhereThereIsNoSIGTERM(t *testing.T) {
	failure := errors.New("no such signal")
	e := newEnder(zap.NewNop(), process{catch: func(chan<- os.Signal) (func(), error) { return nil, failure }})
	require.ErrorIs(t, e.Start(t.Context(), componenttest.NewNopHost()), failure)
	require.NoError(t, e.NotReady())
	require.NoError(t, e.Shutdown(t.Context()))
}
