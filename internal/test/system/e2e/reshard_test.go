package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// load puts objects into a bucket all the time, until it is stopped.
type load struct {
	corpus *corpus
	stop   chan struct{}
	done   sync.WaitGroup
}

// put goes on until stop is closed. Nobody else uses the corpus meanwhile.
func (l *load) put(t testing.TB, f *feed, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 18))
	text := samplelogs.Records(seed, 50_000)
	for {
		now := corpus{objects: map[string][]byte{}, want: uids{}, records: map[string]uids{}, sums: sums{}}
		for range 1 + rng.IntN(5) {
			n := 1 + rng.IntN(10)
			now.add(nowKey(rng), joined(text[:n]))
			text = text[n:]
		}
		for key, body := range now.objects {
			l.corpus.add(key, body)
		}
		put(t, f.server, "logs", now.objects)
		select {
		case <-l.stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// end stops the load and waits for it.
func (l *load) end() {
	close(l.stop)
	l.done.Wait()
}

// From two collectors to three and to one, under load, while they are killed again and
// again: nothing is missing, only what a kill may bring again comes twice, and together
// the collectors count each record once.
func TestAnotherNumberOfCollectorsWhileTheyAreKilled(t *testing.T) {
	t.Parallel()
	program(t)
	const ahead = 20 * time.Second // a start on a busy machine, twice
	l := load{corpus: makeCorpus(181, 100, 2, 500), stop: make(chan struct{})}
	shared := newFollowing(t, bucketFeed(t, l.corpus))
	l.done.Go(func() { l.put(t, shared.feed, 182) })

	kills := 0
	var storages [3]string
	var all [3]*collector
	begin := func(i int, settings string) {
		f, feed := *shared, *shared.feed
		if storages[i] == "" {
			storages[i] = t.TempDir()
		}
		feed.source = strings.Replace(feed.source, "poll_interval: 1s", "poll_interval: 1s, "+settings, 1)
		f.feed, f.storage = &feed, storages[i]
		all[i] = f.start(t)
	}
	again := func(i int, settings string) {
		all[i].kill(t)
		kills++
		begin(i, settings)
	}
	grow := func() { shared.back.reached(t, time.Minute, shared.back.distinct()+100) }
	newShare := func() string { return time.Now().Add(ahead).UTC().Truncate(time.Second).Format(time.RFC3339) }
	passed := func(since string) {
		at, _ := time.Parse(time.RFC3339, since)
		time.Sleep(time.Until(at.Add(time.Second)))
	}
	shard := func(index, count int, more string) string {
		return fmt.Sprintf("shard: {index: %d, count: %d%s}", index, count, more)
	}

	begin(0, shard(0, 2, ""))
	begin(1, shard(1, 2, ""))
	grow()
	again(0, shard(0, 2, ""))
	again(1, shard(1, 2, ""))
	grow()

	since := newShare()
	three := []string{
		shard(0, 3, ", since: "+since+", was: {index: 0, count: 2}"),
		shard(1, 3, ", since: "+since+", was: {index: 1, count: 2}"),
		shard(2, 3, ", since: "+since),
	}
	again(0, three[0])
	again(1, three[1])
	begin(2, three[2])
	all[2].ready(t)
	grow()
	again(2, three[2])
	passed(since)
	for i := range all {
		again(i, three[i])
	}
	grow()
	for i := range all {
		again(i, shard(i, 3, ""))
	}
	grow()

	since = newShare()
	at, _ := time.Parse(time.RFC3339, since)
	one := shard(0, 1, ", since: "+since+", was: {index: 0, count: 3}")
	until := ", until: " + at.Add(-time.Second).Format(time.RFC3339)
	again(0, one)
	again(1, shard(1, 3, "")+until)
	again(2, shard(2, 3, "")+until)
	grow()
	passed(since)
	again(0, one)
	again(2, shard(2, 3, "")+until)
	grow()
	l.end()
	shared.back.reached(t, time.Minute, len(l.corpus.want))
	again(0, shard(0, 1, ""))
	for _, c := range all {
		c.until(t, time.Minute, "end of looking", func() bool { return shared.looked(t, c) })
		c.stop(t, 15*time.Second)
	}
	twice := shared.back.assertAll(t, l.corpus.want)
	assert.LessOrEqual(t, twice, kills*atMostAgain)
	shared.back.metrics.assertAll(t, l.corpus.sums, len(all))
	t.Logf("%d objects, %d records, %d kills: %d came twice, %d may; the sums of %v are exact",
		len(l.corpus.objects), len(l.corpus.want), kills, twice, kills*atMostAgain, shared.back.metrics)
}
