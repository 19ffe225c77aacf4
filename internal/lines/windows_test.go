package lines

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// openPacked opens an object of one zstd frame and reads its first line.
func openPacked(ctx context.Context, windowLog byte, windows *Windows) (*Reader, error) {
	limits := generous
	limits.Windows = windows
	r, err := Open(ctx, &memory{data: rawFrame(windowLog, record+"\n")}, 0, limits)
	if err != nil {
		return nil, err
	}
	if _, err := r.Next(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// fills opens as many objects as there is room for.
func fills(t *testing.T, windowLog byte, n int, windows *Windows) []*Reader {
	t.Helper()
	open := make([]*Reader, n)
	for i := range open {
		var err error
		open[i], err = openPacked(t.Context(), windowLog, windows)
		require.NoError(t, err)
	}
	return open
}

func TestWindowsAreBounded(t *testing.T) {
	for windowLog, n := range map[byte]int{11: 32, 13: 8, 15: 2, 16: 1, 17: 1} {
		windows := NewWindows()
		open := fills(t, windowLog, n, windows)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, err := openPacked(ctx, windowLog, windows)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded, "%d more than %d", windowLog, n)
		require.NotErrorIs(t, err, ErrCorrupt)

		more, err := openPacked(t.Context(), 10, windows)
		require.NoError(t, err, "a small one needs no room")
		require.NoError(t, more.Close())

		waiting := make(chan *Reader)
		go func() {
			r, err := openPacked(context.WithoutCancel(t.Context()), windowLog, windows)
			assert.NoError(t, err)
			waiting <- r
		}()
		require.NoError(t, open[0].Close())
		require.NoError(t, (<-waiting).Close())
		for _, r := range open[1:] {
			require.NoError(t, r.Close())
		}
		assert.Empty(t, windows.units)
	}
}

// Thirty-two objects at once, each with the largest window that is common, take
// what a quarter of them needs.
func TestMemoryOfManyWindows(t *testing.T) {
	windows := NewWindows()
	before := heapInUse()
	var peak, done atomic.Int64
	var all sync.WaitGroup
	var measuring sync.Mutex
	for range 32 {
		all.Go(func() {
			r, err := openPacked(context.Background(), 13, windows)
			if !assert.NoError(t, err) {
				return
			}
			measuring.Lock()
			peak.Store(max(peak.Load(), heapInUse()-before))
			measuring.Unlock()
			_, err = r.Next()
			assert.ErrorIs(t, err, io.EOF)
			assert.NoError(t, r.Close())
			done.Add(1)
		})
	}
	all.Wait()
	assert.EqualValues(t, 32, done.Load())
	// The windows, the blocks around them, and what each Reader holds.
	assert.Less(t, peak.Load(), int64(110<<20))
	assert.Greater(t, peak.Load(), int64(8<<20))
	t.Logf("at most %d MiB", peak.Load()>>20)
}

func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Large and small windows that wait for each other all get theirs.
func TestWindowsAreSharedWithoutADeadlock(t *testing.T) {
	windows := NewWindows()
	limits := generous
	limits.Windows = windows
	var all sync.WaitGroup
	for i := range byte(64) {
		all.Go(func() {
			frames := append(rawFrame(13-i%4, "a\n"), rawFrame(14+i%3, "b\n")...)
			r, err := Open(context.Background(), &memory{data: frames}, 0, limits)
			if !assert.NoError(t, err) {
				return
			}
			var got string
			for {
				c, err := r.Next()
				if err != nil {
					assert.ErrorIs(t, err, io.EOF)
					break
				}
				got += c.Text
			}
			assert.Equal(t, "a\nb\n", got)
			assert.NoError(t, r.Close())
		})
	}
	all.Wait()
	assert.Empty(t, windows.units)
}
