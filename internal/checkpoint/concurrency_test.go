package checkpoint

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// What was committed is found by all readers from then on, also while the table
// grows, pages and snapshots are written, groups are forgotten, and several
// goroutines commit.
func TestReadersBesideCommits(t *testing.T) {
	s, err := open(t.Context(), newMemory(), map[string]Section{"ledger": &ledger{}}, small)
	require.NoError(t, err)
	const committers, rounds, each = 2, 300, 10
	id := func(committer, n int) ID { return source.Identify(fmt.Sprint(committer), fmt.Sprint(n), "") }
	var committed [committers]atomic.Int64
	stop := make(chan struct{})

	var readers, writers sync.WaitGroup
	for r := range 3 {
		readers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(r), 1))
			for {
				select {
				case <-stop:
					return
				default:
				}
				committer := random.IntN(committers)
				if known := committed[committer].Load(); known > 0 {
					n := random.IntN(int(known))
					if !s.Done(id(committer, n)) {
						assert.Fail(t, "a done object is not found", "%d of %d", n, known)
						return
					}
				}
				assert.False(t, s.Done(id(committers, random.IntN(100))))
				_, _ = s.Reached(id(committer, -1))
				_, _ = s.Groups(), s.Cursors()
			}
		})
	}
	for committer := range committers {
		writers.Go(func() {
			var c Change
			for round := range rounds {
				for i := range each {
					c.Done("kept", id(committer, round*each+i))
				}
				c.Done("passing", id(committer+10, round))
				c.Reached("kept", id(committer, -1), int64(round), 0)
				c.Cursor("round", fmt.Append(nil, round))
				if round%20 == 0 {
					c.Forget("passing")
				}
				assert.NoError(t, s.Commit(t.Context(), &c))
				committed[committer].Store(int64((round + 1) * each))
				c.Reset()
				assert.NoError(t, s.Tidy(t.Context()))
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	require.NoError(t, s.Close(t.Context()))
	assert.Equal(t, uint64(committers*rounds), s.position)
}
