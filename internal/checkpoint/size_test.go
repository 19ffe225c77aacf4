package checkpoint

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// fill commits n done objects, 200 at a time, and calls each after each commit.
// group names the group of the i-th.
func fill(tb testing.TB, s *Store, random *rand.Rand, n int, group func(i int) string, each func(done int)) {
	tb.Helper()
	var c Change
	for done := 0; done < n; {
		for range 200 {
			c.Done(group(done), randomID(random))
			done++
		}
		require.NoError(tb, s.Commit(tb.Context(), &c))
		require.NoError(tb, s.Tidy(tb.Context()))
		c.Reset()
		if each != nil {
			each(done)
		}
	}
}

// days returns groups for fill: n days, one after the other.
func days(n, objects int) func(int) string {
	return func(i int) string { return fmt.Sprintf("2026/11/%02d", 1+i*n/objects) }
}

// liveBytes is the heap that is in use.
func liveBytes() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// lengths is a client that keeps no values, so that the heap holds the Store.
type lengths struct {
	storage.Client
	of map[string]int
}

func (l *lengths) Set(_ context.Context, key string, value []byte) error {
	l.of[key] = len(value)
	return nil
}

func (l *lengths) Delete(_ context.Context, key string) error {
	delete(l.of, key)
	return nil
}

func (l *lengths) Batch(ctx context.Context, ops ...*storage.Operation) error {
	for _, op := range ops {
		if op.Type == storage.Delete {
			_ = l.Delete(ctx, op.Key)
		}
	}
	return nil
}

// A done object takes less than 24 bytes, in memory and in storage, at any time,
// in few groups or many.
func TestBytesPerDoneObject(t *testing.T) {
	if raceEnabled {
		t.Skip("figures are wrong with the race detector")
	}
	const objects = 200_000
	for name, group := range map[string]func(int) string{
		"three days":                     days(3, objects),
		"48 hours, objects out of order": func(i int) string { return fmt.Sprint("hour ", i*7919%48) },
		"500 prefixes":                   func(i int) string { return fmt.Sprint("prefix ", i*7919%500) },
	} {
		t.Run(name, func(t *testing.T) {
			var memory, stored figure
			before := liveBytes()
			s, err := Open(t.Context(), storage.NewNopClient(), nil)
			require.NoError(t, err)
			fill(t, s, rand.New(rand.NewPCG(6, 6)), objects, group, func(done int) {
				if done >= objects/2 && done%5000 == 0 {
					memory.add(liveBytes()-before, done)
				}
			})
			runtime.KeepAlive(s)

			client := &lengths{storage.NewNopClient(), map[string]int{}}
			s, err = Open(t.Context(), client, nil)
			require.NoError(t, err)
			fill(t, s, rand.New(rand.NewPCG(6, 6)), objects, group, func(done int) {
				if done >= objects/2 {
					bytes := 0
					for _, n := range client.of {
						bytes += n
					}
					stored.add(bytes, done)
				}
			})
			t.Logf("bytes per done object: %.1f in memory, %.1f in storage; from 100,000 on at most %.1f and %.1f; %d values",
				memory.last, stored.last, memory.worst, stored.worst, len(client.of))
			assert.Less(t, memory.worst, 24.0)
			assert.Less(t, stored.worst, 24.0)
		})
	}
}

// figure is a number of bytes per object.
type figure struct{ last, worst float64 }

func (f *figure) add(bytes, objects int) {
	f.last = float64(bytes) / float64(objects)
	f.worst = max(f.worst, f.last)
}

// A commit costs what it changes, however much is done.
func TestCommitsCostTheSameHoweverMuchIsDone(t *testing.T) {
	written := map[int]int{}
	for _, n := range []int{20_000, 200_000} {
		random := rand.New(rand.NewPCG(6, 6))
		client := newMemory()
		s, err := Open(t.Context(), client, nil)
		require.NoError(t, err)
		fill(t, s, random, n, days(3, n), nil)
		client.writes = nil
		var c Change
		for range 50 {
			c.Done("2026/11/22", randomID(random))
		}
		c.Reached("2026/11/22", randomID(random), 1<<30, 0)
		require.NoError(t, s.Commit(t.Context(), &c))
		require.Len(t, client.writes, 1, "one write of one value")
		written[n] = len(client.writes[0].value)
	}
	t.Logf("bytes of a commit of 50 done objects and an offset: %v", written)
	assert.Equal(t, written[20_000], written[200_000])
	assert.Less(t, written[200_000], 900)
}

// Tidy writes a bounded piece at a time, and all of it together no more than a
// few times what the commits wrote.
func TestTidyIsBounded(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	client := newMemory()
	s, err := Open(t.Context(), client, nil)
	require.NoError(t, err)
	committed, tidied, longest := 0, 0, 0
	for range 3000 {
		var c Change
		for range 20 {
			c.Done("2026/11/22", randomID(random))
		}
		client.writes = nil
		require.NoError(t, s.Commit(t.Context(), &c))
		committed += len(client.writes[0].value)
		client.writes = nil
		require.NoError(t, s.Tidy(t.Context()))
		piece := 0
		for _, w := range client.writes {
			piece += len(w.value)
		}
		tidied += piece
		longest = max(longest, piece)
	}
	t.Logf("commits wrote %d bytes, Tidy %d, at most %d at a time", committed, tidied, longest)
	assert.LessOrEqual(t, longest, defaultLimits.chunkBytes+64)
	assert.Less(t, tidied, 2*committed)
}

// A day that is forgotten leaves memory at once and storage soon.
func TestForgottenDayFreesItsBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	client := newMemory()
	s, err := Open(t.Context(), client, nil)
	require.NoError(t, err)
	fill(t, s, random, 90_000, days(3, 90_000), nil)
	full := client.bytes()
	var c Change
	c.Forget("2026/11/01")
	require.NoError(t, s.Commit(t.Context(), &c))
	assert.Equal(t, 60_000, s.state.done.n)
	assert.Less(t, len(s.state.done.ids)*18, 60_000*23)
	for range 20 { // as many commits later
		require.NoError(t, s.Tidy(t.Context()))
	}
	assert.Less(t, client.bytes(), full*3/4)
}

// Sections of any size do not let the journal outgrow them.
func TestJournalStaysBounded(t *testing.T) {
	client := newMemory()
	owner := &bigSection{size: 2 << 20}
	s, err := Open(t.Context(), client, map[string]Section{"counters": owner})
	require.NoError(t, err)
	for range 2000 {
		var c Change
		c.Delta("counters", make([]byte, 20_000))
		require.NoError(t, s.Commit(t.Context(), &c))
		require.NoError(t, s.Tidy(t.Context()))
		client.writes = nil
		require.Less(t, client.bytes(), 5*owner.size)
	}
}

type bigSection struct {
	ledger
	size int
}

func (b *bigSection) AppendState(to []byte) []byte { return append(to, make([]byte, b.size)...) }
