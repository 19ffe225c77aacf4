package fleet

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Buckets that fit a pattern are read, with the identity that lists them, also those that
// are made later; a later one from its first object on, also when nobody ran then.
func TestBucketsAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("role", "")
		r := newRig(t, w, "p-*")
		w.make("p-1", 0)
		w.make("p-2", 1)
		w.make("other", 1)
		r.fill("p-1", "", 5) // before the start
		time.Sleep(time.Hour)
		assert.Empty(t, r.run(t, time.Minute), "start_from is latest")
		assert.Equal(t, map[string]string{"p-1": "role", "p-2": ""}, w.used)

		time.Sleep(24 * time.Hour)
		w.make("p-3", 0)
		want := append(r.fill("p-1", "", 3), r.fill("p-3", "", 250)...)
		time.Sleep(24 * time.Hour)
		r.run(t, time.Hour)
		r.once(t, want)

		go func() {
			time.Sleep(30 * time.Minute)
			w.make("p-4", 1)
			want = append(want, r.fill("p-4", "", 30)...)
		}()
		r.run(t, 2*time.Hour)
		r.once(t, want)
		assert.Equal(t, []string{"p-1", "p-2", "p-3", "p-4"}, keys(w.used))
		assert.Empty(t, r.src.stored.New, "all have begun")
	})
}

// A kill between finding a bucket and reading it changes nothing.
func TestBucketThatIsFoundIsNotLostByAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("")
		r := newRig(t, w, "p-*")
		w.make("p-1", 0)
		r.run(t, time.Minute)
		time.Sleep(24 * time.Hour)
		w.make("p-2", 0)
		want := r.fill("p-2", "", 20)
		time.Sleep(time.Hour)
		w.set(func() { w.fail["p-2"] = source.ErrUnreachable })
		for range 3 {
			r.run(t, time.Hour) // what was found is committed, nothing is read
			time.Sleep(24 * time.Hour)
		}
		w.set(func() { delete(w.fail, "p-2") })
		r.run(t, time.Hour)
		r.once(t, want)
	})
}

// An account that cannot be listed for days is read from where the pattern was first
// seen.
func TestIdentityThatIsDeniedAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("denied", "")
		r := newRig(t, w, "p-*")
		w.make("p-1", 0)
		w.make("p-2", 1)
		r.fill("p-1", "", 5)
		time.Sleep(time.Hour)
		w.set(func() { w.denied[0] = errors.New("not authorized to perform sts:AssumeRole") })
		var want []string
		go func() {
			time.Sleep(time.Hour)
			want = append(r.fill("p-1", "", 30), r.fill("p-2", "", 30)...)
		}()
		r.run(t, 24*time.Hour)
		assert.Len(t, r.read, 30, "the other account is read")
		assert.Contains(t, r.failing["denied"], "sts:AssumeRole")
		w.set(func() { delete(w.denied, 0) })
		r.run(t, time.Hour)
		r.once(t, want)
		assert.Empty(t, r.failing)
	})
}

// Of two roles that list one bucket the first wins; a pattern or role that comes later is
// as one that the configuration names.
func TestPatternThatComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("one", "two")
		r := newRig(t, w, "p-*")
		r.cfg.StartFrom = "2h"
		w.make("p-1", -1)
		w.make("q-1", -1)
		old := r.fill("q-1", "", 4)
		_ = old
		time.Sleep(24 * time.Hour)
		r.run(t, time.Hour)
		assert.Equal(t, "one", w.used["p-1"])
		recent := r.fill("q-1", "", 9)
		time.Sleep(time.Hour)
		r.cfg.Names = []string{"p-*", "q-*"}
		r.run(t, time.Hour)
		r.once(t, recent)
	})
}

// A bucket that is deleted is not asked for any more, and goes on when it comes back.
func TestBucketThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("")
		r := newRig(t, w, "p-*")
		w.make("p-1", 0)
		w.make("p-2", 0)
		var first, second []string
		go func() {
			time.Sleep(time.Hour)
			first = r.fill("p-1", "", 4)
			time.Sleep(time.Hour)
			w.set(func() { delete(w.owners, "p-1"); w.fail["p-1"] = errors.New("no such bucket") })
			time.Sleep(time.Hour)
			w.set(func() { w.lists = map[string]int{} })
			time.Sleep(time.Hour)
			w.set(func() {
				assert.Zero(t, w.lists["p-1"])
				delete(w.fail, "p-1")
				w.owners["p-1"] = 0
			})
			second = r.fill("p-1", "", 6)
		}()
		r.run(t, 6*time.Hour)
		r.once(t, first, second)
		assert.Empty(t, r.failing)
	})
}

// A bucket that is dropped while an object of it is offered, or while its list hangs,
// leaves nothing behind: no download, and no status.
func TestDroppedBucketLeavesNothingBehind(t *testing.T) {
	drop := func(r *rig) {
		r.src.mu.Lock()
		defer r.src.mu.Unlock()
		r.src.takeBuckets(r.src.accounts[0], s3io.Buckets{Date: time.Now()}, time.Now())
	}
	t.Run("offered", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld("")
			r := newRig(t, w, "p-*")
			r.cfg.StartFrom = "earliest"
			w.make("p-1", 0)
			r.fill("p-1", "", 3)
			r.open(t)
			work, err := r.src.Next(t.Context())
			require.NoError(t, err)
			time.Sleep(time.Second) // another one is offered
			body, err := work.Content.OpenAt(t.Context(), 0)
			require.NoError(t, err)
			require.NoError(t, body.Close())
			drop(r)
			assert.Empty(t, r.src.reading)
			r.src.mu.Lock()
			r.src.takeBuckets(r.src.accounts[0], s3io.Buckets{Date: time.Now(), List: []s3io.FoundBucket{{Name: "p-1"}}}, time.Now())
			r.src.mu.Unlock()
			again, err := r.src.Next(t.Context())
			require.NoError(t, err)
			assert.NotEqual(t, work.ID, again.ID)
			require.NoError(t, r.src.Close())
		})
	})
	t.Run("its list hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld("")
			r := newRig(t, w, "p-*")
			w.make("p-1", 0)
			w.set(func() { w.hang["p-1"] = 90 * time.Second })
			go func() {
				time.Sleep(5 * time.Second)
				synctest.Wait() // so that r.src is seen
				drop(r)
				w.set(func() { delete(w.owners, "p-1") })
			}()
			r.run(t, 6*time.Hour)
			assert.Empty(t, r.failing)
		})
	})
}

// With an end, a bucket that cannot be begun is not as one that is read.
func TestBucketThatCannotBeBegunIsNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("")
		r := newRig(t, w, "p-*")
		r.cfg.StartFrom, r.cfg.Until = "earliest", time.Now().Add(time.Minute).Format(time.RFC3339)
		w.make("p-1", 0)
		var c checkpoint.Change
		c.Cursor("listing/p-1/:start", []byte("damaged"))
		require.NoError(t, r.store.Commit(t.Context(), &c))
		r.open(t)
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		_, err := r.src.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, r.failing["p-1"], "stored cursor cannot be read")
		require.NoError(t, r.src.Close())
	})
}

func TestNoBucketFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newWorld(""), "p-*")
		r.run(t, time.Hour)
		assert.Equal(t, []string{"no bucket fits bucket.names (p-*): 1 accounts were asked; one that is made later is found"}, r.notices)
	})
}
