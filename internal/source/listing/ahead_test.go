package listing

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// While the objects of a page are handed out the next one is asked for, and no
// further one.
func TestNextPageIsAskedForAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Simple })
		r.size = 10
		for i := range 35 {
			r.put(simpleKey(time.Now().Add(time.Duration(i)*time.Second), i), time.Now())
		}
		r.src.ahead.run = &run{dead: true} // of a source bucket that is gone: it holds nothing up
		for i := range 35 {
			_, err := r.src.Next(t.Context())
			require.NoError(t, err)
			synctest.Wait()
			assert.Len(t, r.requests(), min(i/10+2, 4), "after object %d", i)
		}
		require.NoError(t, r.src.Close())
	})
}

// Source buckets take turns, and each has its page when it is its turn.
func TestPageAheadIsThatOfTheNextTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Partitioned })
		r.size = 10
		parts := []string{partA, partB}
		for _, part := range parts {
			for i := range 200 {
				r.put(eventKey(part, time.Now(), i), time.Now())
			}
		}
		ahead := map[string]int{}
		for range 400 {
			_, err := r.src.Next(t.Context())
			require.NoError(t, err)
			synctest.Wait()
			if run := r.src.ahead.run; run != nil && len(r.src.page.objects) == 0 {
				for _, part := range parts {
					if strings.HasPrefix(run.in.Prefix, "p/"+part) {
						ahead[part]++
					}
				}
			}
		}
		assert.Greater(t, ahead[parts[0]], 15)
		assert.Greater(t, ahead[parts[1]], 15)
		require.NoError(t, r.src.Close())
	})
}

// What is delivered while a pass is handed out for long, with a name that the
// pass has gone by, comes with the next pass.
func TestLateObjectOfASlowPassIsNotSteppedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Simple })
		r.size = 10
		assert.Empty(t, r.pollKeys(t)) // the sweep is through, too
		begin := time.Now()
		for i := range 25 {
			r.put(simpleKey(begin.Add(time.Duration(i)*time.Second), i), begin)
		}
		_, err := r.src.Next(t.Context())
		require.NoError(t, err)
		synctest.Wait() // the second page was asked for
		time.Sleep(time.Hour)
		late := simpleKey(begin.Add(15*time.Second), 100)
		r.put(late, time.Now())
		r.put(simpleKey(time.Now(), 101), time.Now())
		keys := r.pollKeys(t)
		require.Len(t, keys, 26)
		assert.Equal(t, late, keys[25], "not of the page that was asked for ahead, but of the next pass")
	})
}
