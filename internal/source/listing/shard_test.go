package listing

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
)

// collector is one of several on a bucket.
type collector struct{ *rig }

func (c collector) share(index, count int, since time.Time, was *Share) {
	c.set.Shard = Shard{Share: Share{index, count}, Was: was}
	if !since.IsZero() {
		c.set.Shard.Since = since.UTC().Format(time.RFC3339)
	}
}

// From 2 collectors to 3 and to 1, while objects come, in and out of order: each is read
// once.
func TestAnotherNumberOfCollectorsReadsEachObjectOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		bucket := &fakeBucket{}
		newCollector := func(index, count int, since time.Time, was *Share) collector {
			c := collector{&rig{fakeBucket: bucket, store: checkpoint.InMemory()}}
			c.set = testSettings(c.store)
			c.set.Bucket = bucket
			c.share(index, count, since, was)
			c.restart(t)
			return c
		}
		counts := map[string]int{}
		n := 0
		put := func(at time.Time) {
			n++
			for _, key := range []string{simpleKey(at, n), eventKey(partA, at, n), timedKey(partB, at, n)} {
				bucket.put(key, time.Now())
				counts[key] = 0
			}
		}
		work := func(collectors []collector, d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); {
				put(time.Now())
				for _, c := range collectors {
					for _, key := range c.during(t, 3*time.Minute) {
						counts[key]++
					}
				}
			}
		}
		two := []collector{newCollector(0, 2, time.Time{}, nil), newCollector(1, 2, time.Time{}, nil)}
		for _, c := range two {
			c.during(t, time.Minute)
		}
		work(two, 2*time.Hour)

		since := time.Now().Add(time.Hour).Truncate(time.Second)
		three := []collector{two[0], two[1], newCollector(2, 3, since, nil)}
		for i, c := range two {
			c.share(i, 3, since, &Share{i, 2})
			c.restart(t)
		}
		work(three, 3*time.Hour)
		for i, c := range three { // the time has passed, and the settings are gone
			c.share(i, 3, time.Time{}, nil)
			c.restart(t)
		}
		put(since.Add(-30 * time.Minute)) // late, of the old shares
		work(three, 2*time.Hour)

		since = time.Now().Add(time.Hour).Truncate(time.Second)
		three[0].share(0, 1, since, &Share{0, 3})
		three[0].restart(t)
		for _, c := range three[1:] { // they end
			c.set.StartFrom, c.set.Until = "earliest", since.Add(-time.Second).UTC().Format(time.RFC3339)
			c.restart(t)
		}
		for end := time.Now().Add(4 * time.Hour); time.Now().Before(end); {
			put(time.Now())
			for _, key := range three[0].during(t, 3*time.Minute) {
				counts[key]++
			}
			for _, c := range three[1:] {
				if !c.src.finished() {
					for _, key := range c.untilEnd(t, 3*time.Minute) {
						counts[key]++
					}
				}
			}
		}
		for key, n := range counts {
			assert.Equal(t, 1, n, key)
		}
	})
}

// untilEnd is during for a source that ends.
func (r *rig) untilEnd(t *testing.T, d time.Duration) (keys []string) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < d; {
		w := r.within(t, d-time.Since(begin))
		if w == nil {
			return keys
		}
		keys = append(keys, w.Object.Key)
		r.commit(t, w)
	}
	return keys
}

func TestChangedShardsAreAWrongSettingUnlessTheyBeginLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { s.Shard = Shard{Share: Share{0, 2}} })
		r.during(t, time.Minute)
		ahead := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		for name, c := range map[string]struct {
			set  Shard
			says string
		}{
			"the count":          {Shard{Share: Share{0, 3}}, "`bucket::shard` is 0 of 3, but the stored progress is of 0 of 2: objects would be read twice or never"},
			"the index":          {Shard{Share: Share{1, 2}}, "set shard.since to a time that lies ahead and shard.was to {index: 0, count: 2}"},
			"in the past":        {Shard{Share{0, 3}, "2001-01-01T00:00:00Z", &Share{0, 2}}, "`bucket::shard::since` is 2001-01-01T00:00:00Z, which has passed"},
			"of another share":   {Shard{Share{0, 3}, ahead, &Share{1, 2}}, "`bucket::shard::was` is not what the stored progress is of: set it to {index: 0, count: 2}"},
			"of none":            {Shard{Share{0, 3}, ahead, nil}, "`bucket::shard::was` is not what the stored progress is of"},
			"no time":            {Shard{Share{0, 3}, "soon", &Share{0, 2}}, "`bucket::shard::since` is \"soon\": it must be an RFC 3339 time"},
			"was without a time": {Shard{Share{0, 3}, "", &Share{0, 2}}, "`bucket::shard::was` is set without `since`"},
			"was of nothing":     {Shard{Share{0, 3}, ahead, &Share{2, 2}}, "`bucket::shard::was` is index 2 of count 2"},
		} {
			set := r.set
			set.Shard = c.set
			_, err := New(set.Config, set.Deps)
			require.Error(t, err, name)
			assert.ErrorContains(t, err, c.says, name)
		}
		r.set.Shard = Shard{Share{0, 3}, ahead, &Share{0, 2}}
		r.restart(t)
		r.during(t, time.Minute)
		r.restart(t)
		time.Sleep(2 * time.Hour)
		r.restart(t)
		r.set.Shard = Shard{Share: Share{0, 3}}
		r.restart(t)
		_, err := New(func() Config { c := r.set.Config; c.Shard = Shard{Share: Share{0, 2}}; return c }(), r.set.Deps)
		require.ErrorContains(t, err, "is of 0 of 3")
	})
}
