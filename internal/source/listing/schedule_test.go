package listing

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const fullDay = 24 * time.Hour

// timedKey is partitioned by delivery time.
func timedKey(part string, t time.Time, n int) string {
	return "p/" + part + "/" + t.UTC().Format("2006/01/02/2006-01-02-15-04-05-") + unique(n)
}

// keyOf makes the keys of a layout.
var keyOf = map[string]func(t time.Time, n int) string{
	"simple":        simpleKey,
	"delivery time": func(t time.Time, n int) string { return timedKey(partA, t, n) },
	"event time":    func(t time.Time, n int) string { return eventKey(partA, t, n) },
}

func layoutOf(name string) Layout {
	if name == "simple" {
		return Simple
	}
	return Partitioned
}

// during reads and commits what comes within d, and returns the keys.
func (r *rig) during(t *testing.T, d time.Duration) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	keys := []string{}
	var works []*source.Work
	for {
		w, err := r.src.Next(ctx)
		if err == nil {
			keys = append(keys, w.Object.Key)
			if works = append(works, w); len(works) < 100 {
				continue
			}
		}
		r.commit(t, works...)
		works = works[:0]
		if errors.Is(err, context.DeadlineExceeded) {
			synctest.Wait() // for a page ahead
			return keys
		}
		require.NoError(t, err)
	}
}

// fill adds perDay objects to each day from first on. By event time they are
// delivered an hour later.
func (r *rig) fill(layout string, first time.Time, days, perDay int) {
	for i := range days * perDay {
		at := first.Add(time.Duration(i) * (fullDay / time.Duration(perDay)))
		o := s3io.Object{Key: keyOf[layout](at, i), ETag: "etag", Size: 1, LastModified: at}
		if layout == "event time" {
			o.LastModified = at.Add(time.Hour)
		}
		r.objects = append(r.objects, o)
	}
	r.sort()
}

func (r *rig) sort() {
	slices.SortFunc(r.objects, func(a, b s3io.Object) int { return byKey(a, b.Key) })
}

// The schedule as it is promised, in LIST calls of a day with constant traffic.
// Pages hold 100 keys here instead of 1,000.
func TestListCallsOfADay(t *testing.T) {
	for _, c := range []struct {
		layout string
		pages  int // that the objects of a day make
		want   int // LIST calls, to within 5 %
	}{
		// A poll a minute, and 4 sweeps of 2 to 3 days.
		{"simple", 1, 1440 + 4*3},
		{"simple", 50, 1440 + 4*125},
		// The same, and 3 calls every 10 minutes to find new source buckets.
		{"delivery time", 1, 1440 + 3*144 + 4*3},
		{"delivery time", 50, 1440 + 3*144 + 4*125},
		// Today each minute, yesterday every 10, two days every 100.
		{"event time", 1, 1440 + 144 + 2*14 + 3*144},
		// Today each minute until there are 10 pages, at about 5 in the morning, then
		// a page every 6 seconds; a page a minute of yesterday, one every 10 of each
		// day before.
		{"event time", 50, 1500 + 19*600 + 1440 + 144 + 3*144},
	} {
		if underRace && c.pages > 1 {
			continue
		}
		t.Run(fmt.Sprintf("%s, %d pages", c.layout, c.pages), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				r := newRig(t, func(s *settings) { s.Layout = layoutOf(c.layout) })
				r.size, r.busy = 100, true
				start := time.Now().Add(-4 * fullDay)
				r.fill(c.layout, start, 7, c.pages*r.size)
				r.during(t, fullDay+time.Hour+30*time.Second) // not on the minute
				before := r.lists
				assert.InDelta(t, c.pages*r.size, len(r.during(t, fullDay)), 1, "each object once")
				lists := r.lists - before
				t.Logf("%d LIST calls a day: $ %.4f", lists, float64(lists)*0.005/1000)
				assert.InEpsilon(t, c.want, lists, 0.05)
			})
		})
	}
}

// idleBuckets makes source buckets of which the last object is 300 days old.
func (r *rig) idleBuckets(n int) {
	for i := range n {
		old := time.Now().Add(-300 * fullDay)
		r.objects = append(r.objects, s3io.Object{Key: eventKey(fmt.Sprintf("111122223333/eu-west-1/bucket-%04d", i), old, i), LastModified: old})
	}
	r.sort()
}

func TestListCallsOfManyIdleBuckets(t *testing.T) {
	for _, n := range []int{500, 2000} {
		if underRace {
			n /= 10
		}
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			var logged []string
			r := newRig(t, func(s *settings) {
				s.Layout = Partitioned
				s.Notice = noticesTo(&logged)
			})
			r.busy = true
			r.idleBuckets(n)
			r.during(t, 4*time.Hour)
			before := r.lists
			r.during(t, fullDay)
			lists := r.lists - before
			t.Logf("%d idle source buckets: %d LIST calls a day: $ %.2f", n, lists, float64(lists)*0.005/1000)
			assert.LessOrEqual(t, lists, min(n*100+3*144, 60_000))
			idle := slices.DeleteFunc(logged, func(text string) bool { return !strings.Contains(text, "idle folders") })
			if n > 500 {
				require.NotEmpty(t, idle)
				assert.Contains(t, idle[len(idle)-1], "are looked at every 57m")
			} else {
				assert.Empty(t, idle)
			}
		})
	}
}

// What comes after long is found within a quarter of an hour, late for its day or not, and
// then at the pace of others.
func TestIdlePrefixesAreFoundAgain(t *testing.T) {
	for name, key := range keyOf {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				r := newRig(t, nil)
				r.idleBuckets(20)
				r.put(key(time.Now(), 1), time.Now())
				require.Len(t, r.during(t, 10*fullDay), 1)
				late := key(time.Now().Add(-40*time.Hour), 2)
				r.put(late, time.Now())
				assert.Equal(t, []string{late}, r.during(t, 16*time.Minute))
				require.Empty(t, r.during(t, 6*time.Hour))
				fresh := key(time.Now(), 3)
				r.put(fresh, time.Now())
				assert.Equal(t, []string{fresh}, r.during(t, 16*time.Minute))
				for n := range 5 {
					fresh := key(time.Now(), 10+n)
					r.put(fresh, time.Now())
					assert.Equal(t, []string{fresh}, r.during(t, 2*time.Minute))
				}
			})
		})
	}
}

// Folders that only look like source buckets cost no more than the search does.
func TestMadeUpFoldersCostWhatTheSearchCosts(t *testing.T) {
	n := maxFolders - 10
	if underRace {
		n /= 10
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { s.Layout = Partitioned })
		r.busy = true
		for i := range n {
			r.objects = append(r.objects, s3io.Object{Key: fmt.Sprintf("p/111122223333/eu-west-1/x-%04d/y", i), LastModified: time.Now()})
		}
		r.sort()
		r.during(t, time.Hour)
		assert.Len(t, r.skipped, n)
		before := r.lists
		r.during(t, fullDay)
		assert.LessOrEqual(t, r.lists-before, 20_000)
		key := eventKey("111122223333/eu-west-1/x-0042", time.Now(), 1)
		r.put(key, time.Now())
		assert.Equal(t, []string{key}, r.during(t, fullDay+time.Hour))
	})
}

// The cost of polling depends on the days within lookback only.
func TestListCallsDoNotGrowWithTheArchive(t *testing.T) {
	for layout := range keyOf {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			var lists []int
			for _, days := range []int{5, 300} {
				r := newRig(t, func(s *settings) { s.Layout = layoutOf(layout) })
				r.size, r.busy = 100, true
				r.fill(layout, time.Now().Add(time.Duration(-days)*fullDay), days, 100)
				r.during(t, time.Hour)
				before := r.lists
				r.during(t, fullDay)
				lists = append(lists, r.lists-before)
			}
			assert.InEpsilon(t, lists[0], lists[1], 0.01, layout) // pages end elsewhere
		})
	}
}

// So many objects are done, and some are new.
func TestCostBesideManyDoneObjects(t *testing.T) {
	const fresh = 50
	for _, done := range []int{20_000, 200_000} {
		if underRace && done > 20_000 {
			continue
		}
		// Two full days and a half, of which today's are there.
		pages := (done*2/5 + 999) / 1000
		for layout, limit := range map[string]int{
			"simple":        60 + 2,
			"delivery time": 60 + 3*7 + 2,
			// Each pass of today, yesterday, and the day before once.
			"event time": 3600/max(60, 6*pages)*pages + pages + 3600/max(600, 60*pages)*pages + pages + pages + 3*7,
		} {
			t.Run(fmt.Sprintf("%s, %d", layout, done), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(1000*fullDay + 12*time.Hour)
					r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = layoutOf(layout) })
					key := keyOf[layout]
					now := time.Now()
					for i := range done {
						at := now.Add(-60*time.Hour + time.Duration(i)*(60*time.Hour/time.Duration(done)))
						r.objects = append(r.objects, s3io.Object{Key: key(at, i), ETag: "etag", LastModified: at})
					}
					r.sort()
					require.Len(t, r.during(t, time.Minute), done)

					before := heapInUse()
					r.lists = 0
					var want []string
					for i := range fresh {
						at := time.Now().Add(time.Duration(rand.IntN(3000)) * time.Second)
						want = append(want, key(at, done+i))
						r.objects = append(r.objects, s3io.Object{Key: want[i], ETag: "etag", LastModified: at})
					}
					r.sort()
					assert.ElementsMatch(t, want, r.during(t, time.Hour))
					t.Logf("%d LIST calls in an hour, %d more bytes in memory", r.lists, heapInUse()-before)
					assert.LessOrEqual(t, r.lists, limit)
					assert.Less(t, heapInUse()-before, int64(200_000))
				})
			})
		}
	}
}

// Runs that are due wait for no long pass of another.
func TestPollsGoOnBesideABackfill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, from("earliest"))
		r.size = 10
		r.fill("simple", time.Now().Add(-100*fullDay), 97, 100)
		r.during(t, time.Millisecond) // nothing of it takes time here
		r.restart(t)
		today := simpleKey(time.Now(), 1)
		r.put(today, time.Now())
		got := r.during(t, time.Second)
		require.NotEmpty(t, got)
		assert.Equal(t, today, got[0])
	})
}

// The mode follows the names.
func TestDateSourceChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000*fullDay + 10*time.Hour)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Partitioned })
		ordered := func() bool { return r.src.prefixes[partA].ordered }
		r.put(eventKey(partA, time.Now(), 1), time.Now())
		assert.Len(t, r.pollKeys(t), 1)
		assert.False(t, ordered())
		r.put(timedKey(partA, time.Now(), 2), time.Now())
		assert.Len(t, r.pollKeys(t), 1)
		assert.True(t, ordered())

		time.Sleep(fullDay)
		r.put(eventKey(partA, time.Now(), 3), time.Now())
		assert.Len(t, r.pollKeys(t), 1)
		assert.False(t, ordered(), "and back")
		late := eventKey(partA, time.Now().Add(-fullDay), 4)
		r.put(late, time.Now())
		assert.Equal(t, []string{late}, r.during(t, 15*time.Minute))
	})
}
