package listing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// wrongClock is the machine's clock, which is off. S3's is the bubble's.
type wrongClock struct {
	source.SystemClock
	mu  sync.Mutex
	off time.Duration
}

func (c *wrongClock) set(off time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = off
}

func (c *wrongClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Round(0).Add(c.off) // without the monotonic time, which hides steps
}

// newClockedRig is a rig whose machine's clock is off, with S3's time in each answer.
func newClockedRig(t *testing.T, off time.Duration, change func(*settings)) (*rig, *wrongClock, *[]string) {
	t.Helper()
	clock, logged := &wrongClock{off: off}, &[]string{}
	r := newRig(t, func(s *settings) {
		s.Clock = clock
		s.Notice = warningsTo(logged)
		if change != nil {
			change(s)
		}
	})
	r.date = func() time.Time { return time.Now().UTC().Truncate(time.Second) }
	return r, clock, logged
}

// An hour ahead at the first start, latest would be later than all that comes for an hour.
func TestAWrongClockAtTheFirstStartLosesNothing(t *testing.T) {
	for _, off := range []time.Duration{3 * time.Hour, -3 * time.Hour, 10 * fullDay, -400 * fullDay, time.Minute, 0} {
		for name, key := range keyOf {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				r, _, logged := newClockedRig(t, off, nil)
				r.put(key(time.Now().Add(-time.Hour), 1), time.Now().Add(-time.Hour))
				assert.Empty(t, r.during(t, 5*time.Minute), "from latest")
				var want []string
				for n := range 20 {
					want = append(want, key(time.Now(), 10+n))
					r.put(want[n], time.Now())
					if n%7 == 3 {
						r.restart(t)
					}
					assert.Equal(t, want[n:], r.during(t, 20*time.Minute), "%s, %v off", name, off)
				}
				assert.Empty(t, r.during(t, 3*fullDay))
				warned := slices.ContainsFunc(*logged, func(text string) bool { return strings.Contains(text, "the clock of this machine") })
				assert.Equal(t, off.Abs() > warnSkew, warned, *logged)
			})
		}
	}
}

// A clock that steps, forth and back, while it runs and over restarts.
func TestAClockThatStepsLosesAndRepeatsNothing(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			rnd := rand.New(rand.NewPCG(seed, 1))
			r, clock, _ := newClockedRig(t, 0, nil)
			assert.Empty(t, r.during(t, time.Minute))
			steps := []time.Duration{0, 10 * fullDay, -10 * fullDay, 3 * time.Hour, -time.Hour, 400 * fullDay, 0, 0}
			counts := map[string]int{}
			n := 0
			for range 60 {
				for _, key := range keyOf {
					n++
					at := time.Now().Add(-time.Duration(rnd.IntN(30)) * time.Hour)
					text := key(at, n)
					if !strings.Contains(text, "00-00-00") && rnd.IntN(2) == 0 {
						text = key(time.Now(), n)
					}
					counts[text] = 0
					r.put(text, time.Now())
				}
				clock.set(steps[rnd.IntN(len(steps))])
				got := r.during(t, 5*time.Second)
				clock.set(0)
				got = append(got, r.during(t, time.Duration(1+rnd.IntN(120))*time.Minute)...)
				if rnd.IntN(5) == 0 {
					r.restart(t)
				}
				for _, key := range got {
					counts[key]++
				}
			}
			for _, key := range r.during(t, 2*fullDay) {
				counts[key]++
			}
			for key, n := range counts {
				assert.Equal(t, 1, n, "%s, seed %d", key, seed)
			}
		})
	}
}

// A start that was stored by a wrong clock is repaired, since nothing was read by then.
func TestAStoredStartInTheFutureIsRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r, _, logged := newClockedRig(t, 0, nil)
		wrong := startFrom{kind: latest}.resolve(time.Now().Add(3*time.Hour), r.set.Lookback)
		var c checkpoint.Change
		c.Cursor("listing/b/p/:start", source.EncodeCursor(wrong.stored()))
		require.NoError(t, r.store.Commit(t.Context(), &c))
		key := simpleKey(time.Now(), 1)
		r.put(key, time.Now())
		r.restart(t)
		assert.Equal(t, []string{key}, r.during(t, time.Hour))
		require.Len(t, *logged, 1)
		assert.Contains(t, (*logged)[0], "the stored start of s3://b/p/ was 2002-09-27T03:00:00Z, by a clock that was wrong")
		r.restart(t)
		assert.Empty(t, r.during(t, time.Hour))
		assert.Len(t, *logged, 1, "once")
	})
}

// One answer with a time far off changes nothing; when all have it, it is used and logged.
func TestADateFarOffIsUsedWhenASecondOneSaysTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r, _, logged := newClockedRig(t, 0, nil)
		right := r.date
		asked, off := 0, 30*fullDay
		r.date = func() time.Time {
			if asked++; asked%3 == 1 {
				off = -off * 2
				return right().Add(off)
			}
			return right()
		}
		var want []string
		for n := range 30 {
			want = append(want, simpleKey(time.Now(), n), eventKey(partA, time.Now(), n))
			r.put(want[2*n], time.Now())
			r.put(want[2*n+1], time.Now())
			assert.ElementsMatch(t, want[2*n:], r.during(t, 30*time.Minute), fmt.Sprint(n))
		}
		assert.Empty(t, *logged)
		assert.Equal(t, dayOf(time.Now()), r.src.today)
		r.date = func() time.Time { return right().Add(30 * fullDay) }
		r.during(t, time.Hour)
		require.Len(t, *logged, 1)
		assert.Contains(t, (*logged)[0], "the clock of this machine says")
		assert.Equal(t, dayOf(time.Now().Add(30*fullDay)), r.src.today)
	})
}
