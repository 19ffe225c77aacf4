package fleet

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

// However many buckets have much to read, few pages of their lists are in memory, and each
// bucket has its turn: one with little, those that are denied, and all others.
func TestListsInMemoryAreBounded(t *testing.T) {
	const buckets, denied, each = 170, 17, 2*listing.MaxPage + 10
	if underRace {
		t.Skip("it counts a lot, and TestTroubleOfBucketsHoldsUpNoOther shows the same goroutines")
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("")
		w.pageSize = listing.MaxPage
		r := newRig(t, w, "p-*", "small")
		r.cfg.StartFrom = "earliest"
		for i := range buckets {
			name := fmt.Sprintf("p-%03d", i)
			w.make(name, 0)
			if i%5 == 0 && i/5 < denied {
				w.broken[name] = source.ErrDenied
			}
			r.fill(name, "", each)
		}
		w.make("small", 0)
		r.open(t)
		read := map[string]int{}
		var done []*source.Work // not committed
		most, small, total := 0, 0, 0
		want := (buckets-denied)*each + 10
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		for total < want {
			work, err := r.src.Next(ctx)
			require.NoError(t, err)
			bucket := work.Object.Bucket
			body, err := work.Content.OpenAt(ctx, 0)
			if err != nil {
				work.Receipt.Nack(0, false)
				continue
			}
			require.NoError(t, body.Close())
			if done = append(done, work); len(done) == 100 {
				r.commit(t, done...)
				for _, work := range done {
					work.Receipt.Ack()
				}
				done = nil
			}
			read[bucket]++
			total++
			if total == 50_000 {
				r.fill("small", "", 10)
				_ = sleep(ctx, 7*time.Hour) // its next look is due
			}
			if bucket == "small" && read[bucket] == 10 {
				small = total - 50_000
			}
			if total%5000 == 0 {
				synctest.Wait()
				held := 0
				r.src.mu.Lock()
				for _, m := range r.src.members {
					if w.broken[m.Bucket] == nil {
						held += m.src.Held()
					}
				}
				r.src.mu.Unlock()
				most = max(most, held)
			}
		}
		t.Logf("at most %d objects held; the small bucket was read within %d others", most, small)
		assert.LessOrEqual(t, most, maxHeld+maxPolls*listing.MaxPage)
		assert.Less(t, small, 20*(buckets+maxHeld/listing.MaxPage), "ten turns, and some to spare")
		for bucket, n := range read {
			if bucket != "small" {
				assert.Equal(t, each, n, bucket)
			}
		}
		require.NoError(t, r.src.Close())
	})
}
