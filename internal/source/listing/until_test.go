package listing

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// toTheEnd reads and commits until the source ends, and returns the keys.
func (r *rig) toTheEnd(t *testing.T, within time.Duration) (keys []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	var committing sync.Mutex
	for {
		w, err := r.src.Next(ctx)
		if errors.Is(err, io.EOF) {
			_, err = r.src.Next(ctx)
			require.ErrorIs(t, err, io.EOF, "from then on")
			committing.Lock()
			defer committing.Unlock()
			r.commit(t)
			return keys
		}
		require.NoError(t, err)
		keys = append(keys, w.Object.Key)
		go func() { // nothing else happens meanwhile
			time.Sleep(time.Second)
			committing.Lock() // one after another, as the engine does
			defer committing.Unlock()
			r.commit(t, w)
		}()
	}
}

func TestUntilEndsTheSource(t *testing.T) {
	for name, key := range keyOf {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				until := time.Now().Add(-10 * fullDay).UTC()
				r := newRig(t, func(s *settings) { from("earliest")(s); s.Until = until.Format(time.RFC3339) })
				r.size = 7
				var want []string
				for n := range 50 {
					at := until.Add(time.Duration(n-40) * 13 * time.Hour)
					r.put(key(at, n), at)
					if !at.After(until) {
						want = append(want, key(at, n))
					}
				}
				began := time.Now()
				assert.Equal(t, sorted(want), sorted(r.toTheEnd(t, time.Hour)))
				assert.Less(t, time.Since(began), 3*time.Minute)
				for _, cursor := range r.store.Cursors() {
					assert.NotContains(t, string(cursor), "open", "all spans are closed")
				}
				r.restart(t)
				assert.Empty(t, r.toTheEnd(t, time.Hour))
			})
		})
	}
}

func TestUntilInTheFutureReadsOnUntilThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		until := time.Now().Add(90 * time.Minute)
		r := newRig(t, func(s *settings) { from("1h")(s); s.Until = until.UTC().Format(time.RFC3339) })
		var want []string
		for n := range 20 {
			at := time.Now().Add(time.Duration(n) * 10 * time.Minute)
			r.put(simpleKey(at, n), at)
			r.put(eventKey(partA, at, n), at)
			if !at.After(until) {
				want = append(want, simpleKey(at, n), eventKey(partA, at, n))
			}
		}
		late := simpleKey(until.Add(-time.Minute), 100)
		r.put(late, until.Add(14*time.Minute))
		assert.Equal(t, sorted(append(want, late)), sorted(r.toTheEnd(t, 3*time.Hour)))
		assert.InDelta(t, 15*time.Minute, time.Since(until), float64(5*time.Minute))
	})
}

func TestUntilEndsWhatIsEmptyOrOfAnyName(t *testing.T) {
	for _, layout := range []Layout{Auto, Simple, Partitioned, Any} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			r := newRig(t, func(s *settings) {
				from("earliest")(s)
				s.Layout, s.Until = layout, time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
			})
			assert.Empty(t, r.toTheEnd(t, time.Minute), layout)
			old := "p/" + stamped(time.Now().Add(-2*time.Hour), 1)
			if layout == Partitioned {
				old = eventKey(partA, time.Now().Add(-2*time.Hour), 1)
			}
			r.put(old, time.Now().Add(-2*time.Hour))
			r.put("p/"+stamped(time.Now(), 2), time.Now())
			r.restart(t)
			assert.Equal(t, []string{old}, r.toTheEnd(t, time.Minute), layout)
		})
	}
}

// What waits to be tried again is waited for.
func TestUntilWaitsForWhatIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Until = time.Now().UTC().Format(time.RFC3339) })
		time.Sleep(time.Hour)
		key := simpleKey(time.Now().Add(-2*time.Hour), 1)
		r.put(key, time.Now())
		w, err := r.src.Next(t.Context())
		require.NoError(t, err)
		w.Receipt.Nack(0, true)
		assert.Equal(t, []string{key}, r.toTheEnd(t, time.Hour))
	})
}

func TestWrongUntil(t *testing.T) {
	for _, c := range []struct{ start, until, says string }{
		{"earliest", "yesterday", "it must be an RFC 3339 time"},
		{"latest", "2026-11-22T00:00:00Z", "set start_from to earliest or to a time"},
		{"2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z", "it must be after start_from"},
	} {
		set := DefaultConfig()
		set.Name, set.StartFrom, set.Until = "b", c.start, c.until
		err := set.Validate("bucket")
		require.ErrorContains(t, err, "`bucket::until` is ")
		assert.ErrorContains(t, err, c.says)
	}
}
