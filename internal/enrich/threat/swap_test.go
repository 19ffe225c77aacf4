package threat

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A thousand new tables while lookups go on: each has an answer, and none costs
// an allocation.
func TestSwapUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	clock := newClock()
	write := func(round int) {
		// The address is always in it, the rest changes.
		text := "203.0.113.7\n192.0.2." + strconv.Itoa(round%256) + "\n198.51.100.0/" + strconv.Itoa(24+round%8) + "\n"
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		require.NoError(t, os.Chtimes(path, today, today.Add(time.Duration(round)*time.Second)))
	}
	write(0)
	x, err := New(Config{}, []Feed{fileFeed("test", path)}, Deps{Clock: clock})
	require.NoError(t, err)
	defer x.Close()
	x.Load(t.Context())

	var done atomic.Bool
	var missed, looked atomic.Int64
	finished := make(chan struct{})
	always := netip.MustParseAddr("203.0.113.7")
	for range 2 {
		go func() {
			for !done.Load() {
				if threat := x.Lookup(always, today.Unix()); threat == nil || threat.Indicator != "203.0.113.7" {
					missed.Add(1)
				}
				looked.Add(1)
			}
			finished <- struct{}{}
		}()
	}
	for round := 1; round <= 1000; round++ {
		write(round)
		x.Load(t.Context())
		want := "192.0.2." + strconv.Itoa(round%256)
		if got := x.Lookup(netip.MustParseAddr(want), today.Unix()); got == nil || got.Indicator != want {
			missed.Add(1)
		}
		if !raceEnabled && round%100 == 0 {
			assert.Zero(t, allocations(func() { x.Lookup(always, today.Unix()) }))
		}
	}
	done.Store(true)
	<-finished
	<-finished
	assert.Zero(t, missed.Load())
	assert.Positive(t, looked.Load())
}

func allocations(fn func()) float64 { return testing.AllocsPerRun(100, fn) }
