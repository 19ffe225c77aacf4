package listing

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// add puts an object that is delivered at a time, perhaps in the future.
func (r *rig) add(key string, delivered time.Time) {
	r.objects = append(r.objects, s3io.Object{Key: key, ETag: "etag", LastModified: delivered.UTC().Truncate(time.Second)})
}

func (r *rig) keys() (keys []string) {
	for _, o := range r.objects {
		keys = append(keys, o.Key)
	}
	return keys
}

func TestLateObjectsAreFoundOnceAcrossARestart(t *testing.T) {
	const days = 10
	perDay := 1000
	if underRace {
		perDay = 150
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000*fullDay + 10*time.Hour)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Lookback = days * fullDay })
		r.size = 100
		r.fill("event time", time.Now().Add(-days*fullDay), days, perDay)
		seen := r.during(t, time.Hour)
		assert.Len(t, seen, days*perDay)

		for i := range 100 {
			delivered := time.Now().Add(time.Duration(rand.Int64N(int64(fullDay))))
			day := delivered.Add(-time.Duration(rand.Int64N(days * int64(fullDay))))
			r.add(eventKey(partA, day, 10_000+i), delivered)
		}
		r.sort()
		for range 4 {
			seen = append(seen, r.during(t, 8*time.Hour)...)
			r.restart(t)
		}
		seen = append(seen, r.during(t, 2*time.Hour)...)
		assert.ElementsMatch(t, r.keys(), seen, "all found, none twice")
	})
}

// What is late is found by the schedule alone, up to the end of lookback.
func TestLateObjectIsFoundInTime(t *testing.T) {
	for layout, key := range keyOf {
		for age, within := range map[int]time.Duration{0: time.Minute, 1: 10 * time.Minute, 2: 100 * time.Minute} {
			if layout != "event time" {
				within = sweepInterval
			}
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000*fullDay + 10*time.Hour)
				r := newRig(t, func(s *settings) { s.Layout = layoutOf(layout) })
				r.put(key(time.Now(), 0), time.Now())
				r.during(t, 11*time.Hour)
				late := key(time.Now().Add(-time.Duration(age)*fullDay).Add(-10*time.Hour), 1)
				r.put(late, time.Now())
				assert.Equal(t, []string{late}, r.during(t, within+time.Second), "%s, %d days old", layout, age)
			})
		}
	}
}

// A day is listed a last time when it has left lookback.
func TestLastMomentOfLookback(t *testing.T) {
	for layout, key := range keyOf {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay) // midnight
			r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = layoutOf(layout) })
			day := time.Now()
			r.put(key(day.Add(12*time.Hour), 1), day.Add(12*time.Hour))
			assert.Len(t, r.during(t, 3*fullDay-time.Second), 1)
			late := key(day.Add(time.Hour), 2)
			r.put(late, time.Now())
			assert.Equal(t, []string{late}, r.during(t, time.Hour), layout)

			tooLate := key(day.Add(2*time.Hour), 3)
			r.put(tooLate, time.Now())
			assert.Empty(t, r.during(t, fullDay), layout)
			assert.Empty(t, r.store.Groups(), "%s: nothing is kept of a closed day", layout)
		})
	}
}

func TestDowntimeLeavesNothingOut(t *testing.T) {
	n := 2000
	if underRace {
		n = 500
	}
	for layout, key := range keyOf {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000*fullDay + 10*time.Hour)
			r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = layoutOf(layout) })
			r.size = 20
			begin := time.Now()
			for i := range n { // over 12 days, up to lookback late
				at := begin.Add(time.Duration(i) * (12 * fullDay / time.Duration(n)))
				late := time.Duration(rand.Int64N(int64(4 * time.Hour)))
				if i%10 == 0 {
					late = time.Duration(rand.Int64N(int64(48 * time.Hour)))
				}
				r.add(key(at, i), at.Add(late))
			}
			r.sort()
			seen := r.during(t, 4*fullDay)
			time.Sleep(5 * fullDay)
			r.restart(t)
			seen = append(seen, r.during(t, time.Hour)...)
			r.restart(t)
			seen = append(seen, r.during(t, 6*fullDay)...)
			assert.ElementsMatch(t, r.keys(), seen, "%s: all found, none twice", layout)
		})
	}
}

// A backfill goes on where everything before was acknowledged.
func TestBackfillResumes(t *testing.T) {
	for layout := range keyOf {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = layoutOf(layout) })
			r.size = 10
			r.fill(layout, time.Now().Add(-103*fullDay), 100, 100)
			var seen []string
			var works []*source.Work
			for range 5000 {
				w, err := r.src.Next(t.Context())
				require.NoError(t, err)
				works = append(works, w)
			}
			r.commit(t, works[:3000]...)
			r.commit(t, works[3001:]...) // the one is in flight all the time
			for i, w := range works {
				if i != 3000 {
					seen = append(seen, w.Object.Key)
				}
			}
			w, err := r.src.Next(t.Context())
			require.NoError(t, err)
			r.commit(t, w)
			seen = append(seen, w.Object.Key)
			assert.Less(t, len(r.store.Groups()), 2000/r.size/segmentPages+5, "groups before it are forgotten")

			r.restart(t)
			r.asked = nil
			w, err = r.src.Next(t.Context())
			require.NoError(t, err)
			assert.Equal(t, works[3000].Object.Key, w.Object.Key)
			r.commit(t, w)
			seen = append(seen, w.Object.Key)
			assert.Less(t, len(r.requests()), 20, "what was done before it is not listed again")

			seen = append(seen, r.during(t, 7*time.Hour)...)
			assert.ElementsMatch(t, r.keys(), seen, "all found, none twice")
			r.during(t, 4*fullDay)
			assert.Empty(t, r.store.Groups(), "nothing is left behind")
		})
	}
}

func TestStartActsOnceOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, nil)
		r.put(simpleKey(time.Now().Add(-time.Minute), 0), time.Now().Add(-time.Minute))
		assert.Empty(t, r.poll(t)) // there was none since
		r.commit(t)
		time.Sleep(time.Hour)
		missed := simpleKey(time.Now(), 1)
		r.put(missed, time.Now())
		time.Sleep(time.Hour)
		r.restart(t)
		assert.Equal(t, []string{missed}, r.during(t, time.Hour), "latest is when it started first")

		from("earliest")(&r.set)
		r.restart(t)
		assert.Empty(t, r.during(t, time.Hour), "start_from acts while no progress is stored")
		r.set.Prefix = ""
		_, err := New(r.set.Config, r.set.Deps)
		require.ErrorContains(t, err, "overlaps \"p/\", of which progress is stored: from start_from earliest on, objects would be read twice")
		from("latest")(&r.set)
		r.restart(t)
		r.during(t, time.Hour)
		assert.ElementsMatch(t, []string{
			"listing/b/p/:start", "listing/b/p/:shard", "listing/b/p/:look", "listing/b/p/:names",
			"listing/b/:start", "listing/b/:shard", "listing/b/:look", "listing/b/:names", "listing/b/:p/:names",
		}, slices.Collect(maps.Keys(r.store.Cursors())), "another prefix is another thing")
	})
}

// An object that cannot be read for a long time holds the backfill back, since
// what is behind it cannot be forgotten.
func TestBackfillWaitsForAnObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Simple })
		r.size = 1
		r.fill("simple", time.Now().Add(-103*fullDay), 100, 15)
		stuck, err := r.src.Next(t.Context())
		require.NoError(t, err)
		r.during(t, time.Minute)
		assert.Less(t, len(r.store.Groups()), maxMarks/segmentPages+10)
		groups := len(r.store.Groups())
		r.commit(t, stuck)
		r.during(t, time.Minute)
		assert.Less(t, len(r.store.Groups()), groups/2)
	})
}

func TestVanishedBucketsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Partitioned })
		r.put(eventKey(partA, time.Now(), 1), time.Now())
		r.during(t, time.Hour)
		assert.Len(t, r.store.Cursors(), 4)
		assert.Len(t, r.store.Groups(), 1)
		r.objects = nil
		r.during(t, time.Hour)
		assert.Len(t, r.store.Cursors(), 3, "its cursor")
		assert.Empty(t, r.store.Groups(), "and its objects")
		again := eventKey(partA, time.Now(), 2)
		r.put(again, time.Now())
		assert.Equal(t, []string{again}, r.during(t, time.Hour))
	})
}

func TestUnreadableCursorStopsTheStart(t *testing.T) {
	r := newRig(t, nil)
	r.put(eventKey(partA, time.Now(), 1), time.Now())
	assert.NotEmpty(t, r.poll(t))
	r.commit(t)
	cursors := r.store.Cursors()
	require.Len(t, cursors, 5)
	assert.Contains(t, cursors, "listing/b/p/:shard")
	assert.Contains(t, cursors, "listing/b/p/:start")
	assert.Contains(t, cursors, "listing/b/p/:look")
	assert.Contains(t, cursors, "listing/b/p/:names")
	assert.Contains(t, cursors, "listing/b/p/:"+partA)
	for name, good := range cursors {
		for _, bad := range []string{"\x02{}", "\x01", "\x01{\"day\":\"x\",\"window\":\"x\"}", "\x01{\"other\":1}", string(good[:len(good)/2])} {
			var c checkpoint.Change
			c.Cursor(name, []byte(bad))
			require.NoError(t, r.store.Commit(t.Context(), &c))
			_, err := New(r.set.Config, r.set.Deps)
			require.ErrorIs(t, err, source.ErrCursor, "%q", bad)
			assert.Contains(t, err.Error(), name)
		}
		var c checkpoint.Change
		c.Cursor(name, good)
		require.NoError(t, r.store.Commit(t.Context(), &c))
	}
	r.restart(t)
}

// The clock once was far ahead: what comes now is found all the same.
func TestClockThatWasWrong(t *testing.T) {
	for layout, key := range keyOf {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(s *settings) { s.Layout = layoutOf(layout); s.Clock = &fixedClock{time.Now().Add(1000 * fullDay)} })
			for range 5 {
				require.NoError(t, r.src.list(t.Context(), r.src.deps.Clock.Now()))
				r.src.fromPage(r.src.deps.Clock.Now())
			}
			r.commit(t)
			r.set.Clock = nil
			r.restart(t)
			fresh := key(time.Now(), 1)
			r.put(fresh, time.Now().Add(1000*fullDay))
			r.objects[0].LastModified = time.Now()
			r.src.from = startPoint{}
			for _, p := range r.src.prefixes {
				p.from = startPoint{}
			}
			assert.Equal(t, []string{fresh}, r.during(t, time.Hour), layout)
		})
	}
}

// Objects are settled by others while the list goes on.
func TestSettlingFromSeveralGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, from("earliest"))
		r.size = 10
		r.fill("simple", time.Now().Add(-30*fullDay), 30, 100)
		r.fill("event time", time.Now().Add(-30*fullDay), 30, 100)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		works := make(chan *source.Work, 100)
		var settled sync.WaitGroup
		var commit sync.Mutex
		done := map[string]int{}
		for i := range 3 {
			settled.Go(func() {
				for w := range works {
					if i == 0 && w.Attempt == 0 {
						w.Receipt.Nack(0, true)
						continue
					}
					commit.Lock()
					done[w.Object.Key]++
					r.commit(t, w)
					commit.Unlock()
				}
			})
		}
		for {
			w, err := r.src.Next(ctx)
			if err != nil {
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				break
			}
			works <- w
		}
		close(works)
		settled.Wait()
		assert.Len(t, done, len(r.objects))
		for key, n := range done {
			assert.Equal(t, 1, n, key)
		}
	})
}

// Whatever happens when, every object is found, and none after it was committed.
func TestCrashesLoseAndRepeatNothing(t *testing.T) {
	seeds := uint64(60)
	if underRace {
		seeds = 5
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) { crashes(t, rand.New(rand.NewPCG(seed, 1))) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func crashes(t *testing.T, rnd *rand.Rand) {
	time.Sleep(1000*fullDay + time.Duration(rnd.IntN(24))*time.Hour)
	r := newRig(t, from("earliest"))
	r.size, r.busy = 7, true
	keys := []func(time.Time, int) string{
		simpleKey,
		func(at time.Time, n int) string { return eventKey(partA, at, n) },
		func(at time.Time, n int) string { return eventKey("111122223333/us-east-1/bucket-b", at, n) },
		func(at time.Time, n int) string { return timedKey("444455556666/us-east-1/bucket-c", at, n) },
	}
	begin := time.Now()
	for i := range 1500 {
		at := begin.Add(time.Duration(rnd.Int64N(int64(35*fullDay))) - 20*fullDay)
		late := time.Duration(rnd.Int64N(int64(10 * time.Minute)))
		if i%10 == 0 {
			late = time.Duration(rnd.Int64N(int64(48 * time.Hour)))
		}
		r.add(keys[rnd.IntN(len(keys))](at, i), at.Add(late))
	}
	r.sort()

	committed := map[string]bool{}
	var out []*source.Work
	settle := func(n int) {
		rnd.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		for _, w := range out[:n] {
			assert.False(t, committed[w.Object.Key], "twice: %s", w.Object.Key)
			committed[w.Object.Key] = true
		}
		r.commit(t, out[:n]...)
		out = slices.Clone(out[n:])
	}
	for time.Since(begin) < 15*fullDay {
		switch rnd.IntN(12) {
		case 0: // a crash, perhaps just before a commit or right after it
			switch rnd.IntN(3) {
			case 0:
				r.src.Change()
			case 1:
				var lost []*source.Work
				lost, out = out, nil
				for _, w := range lost[:len(lost)/2] {
					committed[w.Object.Key] = true
					w.Receipt = nowhere{}
				}
				r.commit(t, lost[:len(lost)/2]...)
			}
			out = nil
			if rnd.IntN(4) == 0 {
				time.Sleep(time.Duration(rnd.Int64N(int64(4 * fullDay))))
			}
			r.restart(t)
		case 1:
			time.Sleep(time.Duration(rnd.Int64N(int64(fullDay))))
		case 2:
			settle(len(out))
		case 3, 4:
			settle(rnd.IntN(len(out) + 1))
		case 5:
			if len(out) > 0 {
				w := out[0]
				out = out[1:]
				w.Receipt.Nack(0, false)
			}
		default:
			out = append(out, r.some(t, 1+rnd.IntN(50), time.Duration(rnd.Int64N(int64(2*time.Hour))))...)
		}
	}
	for range 6 { // everything was delivered by the end of the fourth day
		settle(len(out))
		for _, key := range r.during(t, 12*time.Hour) {
			assert.False(t, committed[key], "twice: %s", key)
			committed[key] = true
		}
	}
	for _, o := range r.objects {
		assert.True(t, committed[o.Key], "lost: %s", o.Key)
	}
	r.during(t, 3*fullDay)
	assert.Empty(t, r.store.Groups(), "nothing is left behind")
	assert.Len(t, r.store.Cursors(), 7)
}

// some returns up to n works that come within d.
func (r *rig) some(t *testing.T, n int, d time.Duration) (works []*source.Work) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for range n {
		w, err := r.src.Next(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return works
		}
		require.NoError(t, err)
		works = append(works, w)
	}
	return works
}

// nowhere is the receipt of a source that is gone.
type nowhere struct{}

func (nowhere) Ack()                  {}
func (nowhere) Nack(int64, bool)      {}
func (nowhere) Replace(source.Object) {}
