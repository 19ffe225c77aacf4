package listing

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheBacklogIsWhatAPageShowsAndTheShareIsThatOfDays(t *testing.T) {
	for name, key := range keyOf {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				r := newRig(t, from("earliest"))
				r.size = 10
				for n := range 100 {
					at := time.Now().Add(time.Duration(n-100) * fullDay)
					r.put(key(at, n), at)
				}
				assert.Equal(t, "b", r.src.Backlog()[0].Bucket)
				assert.Zero(t, r.src.Backlog()[0].Idle, "nothing was listed")
				var last float64
				least, most := 1.0, 0.0
				for range 90 {
					w, err := r.src.Next(t.Context())
					require.NoError(t, err)
					r.commit(t, w)
					b := r.src.Backlog()[0]
					assert.LessOrEqual(t, b.Objects, int64(9))
					assert.Zero(t, b.Idle)
					assert.GreaterOrEqual(t, b.Share, last, "it never goes back")
					last, least, most = b.Share, min(least, max(b.Share, 0.01)), max(most, b.Share)
				}
				assert.Less(t, least, 0.2)
				assert.Greater(t, most, 0.7)
				r.commit(t, r.poll(t)...)
				r.commit(t, r.poll(t)...)
				b := r.src.Backlog()[0]
				assert.Zero(t, b.Objects)
				assert.WithinDuration(t, time.Now(), b.Idle, 0)
			})
		})
	}
}

func TestASourceIsIdleUntilItHandsOutAnObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, from("1h"))
		at := time.Now().Add(-time.Minute)
		r.put(simpleKey(at, 1), at)
		r.commit(t, r.poll(t)...)
		time.Sleep(time.Hour)
		assert.WithinDuration(t, time.Now(), r.src.Backlog()[0].Idle, 0, "between two polls")
		r.put(simpleKey(time.Now(), 2), time.Now())
		require.NotNil(t, r.within(t, time.Hour))
		left := time.Now()
		time.Sleep(time.Hour)
		assert.WithinDuration(t, left, r.src.Backlog()[0].Idle, time.Second)
	})
}

func TestASourceIsNotIdleWhileAnObjectIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, from("1h"))
		at := time.Now().Add(-time.Minute)
		r.put(simpleKey(at, 1), at)
		work := r.within(t, time.Hour)
		require.NotNil(t, work)
		assert.Nil(t, r.within(t, time.Second))
		require.NotZero(t, r.src.Backlog()[0].Idle, "it has nothing else")
		work.Receipt.Nack(0, true)
		assert.Zero(t, r.src.Backlog()[0].Idle, "it waits for its time")
		again := r.within(t, time.Hour)
		require.NotNil(t, again)
		r.commit(t, again)
		assert.Nil(t, r.within(t, time.Minute))
		assert.WithinDuration(t, time.Now(), r.src.Backlog()[0].Idle, 0)
	})
}

// Until the next list it could be many minutes.
func TestASourceIsIdleOnceItsLastObjectIsAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, from("earliest"))
		at := time.Now().Add(-20 * fullDay)
		r.put(simpleKey(at, 1), at)
		work := r.within(t, time.Second)
		require.NotNil(t, work)
		assert.Nil(t, r.within(t, time.Second))
		assert.Zero(t, r.src.Backlog()[0].Idle, "its days are not closed")
		lists := r.lists
		next, cancel := context.WithCancel(t.Context())
		var waits sync.WaitGroup
		waits.Go(func() { _, _ = r.src.Next(next) })
		synctest.Wait()
		r.commit(t, work)
		synctest.Wait()
		b := r.src.Backlog()[0]
		cancel()
		waits.Wait()
		assert.WithinDuration(t, time.Now(), b.Idle, 0)
		assert.InDelta(t, 1, b.Share, 0)
		assert.Equal(t, lists, r.lists, "it needs no list for that")
	})
}

func TestASourceWhoseListFailsIsNotIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, from("1h"))
		r.fail = []error{assert.AnError}
		_, err := r.src.Next(t.Context())
		require.Error(t, err)
		assert.Zero(t, r.src.Backlog()[0].Idle)

		assert.Nil(t, r.within(t, time.Hour))
		require.WithinDuration(t, time.Now(), r.src.Backlog()[0].Idle, 0, "it answers")
		r.fail = slices.Repeat([]error{assert.AnError}, 1000)
		_, err = r.src.Next(t.Context())
		require.Error(t, err)
		began := time.Now()
		time.Sleep(time.Hour)
		_, err = r.src.Next(t.Context())
		require.Error(t, err)
		assert.Equal(t, began, r.src.Backlog()[0].Idle)
	})
}

// The days of a prefix that is read count while another one has some left.
func TestTheShareDoesNotGoBackWhenAPrefixIsRead(t *testing.T) {
	s := &Source{today: 100, prefixes: map[string]*prefix{
		"a/": {began: 1, place: place{"a/", names}, spans: []*span{{to: 81}}},
		"b/": {began: 1, place: place{"b/", names}, spans: []*span{{to: 41}}},
		"c/": {place: place{"c/", names}},
	}}
	assert.InDelta(t, 0.4, s.shareOfDays(), 1e-9)
	s.prefixes["b/"].spans = nil
	assert.InDelta(t, 0.6, s.shareOfDays(), 1e-9)
	s.prefixes["a/"].spans = nil
	assert.InDelta(t, 1, s.shareOfDays(), 0)
	s.prefixes["c/"].spans = []*span{{to: 81}}
	assert.Zero(t, s.shareOfDays(), "it is not known of c/ where it begins")
}
