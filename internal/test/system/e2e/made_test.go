package e2e

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// made is the made bucket, and how often who reads it is killed.
func made(t testing.TB, seed uint64) (b *madeBucket, kills int) {
	t.Helper()
	kills, each := 4, 8
	if os.Getenv("E2E_KILL") != "" {
		kills, each = 25, 30
	}
	return makeBucket(t, seed, each, kills+1), kills
}

// killed starts collectors that die, while parts of the bucket come in, and then one that
// finds the last part while it runs. It returns how many records came twice, and how long
// the collectors lived together.
func (f *madeFeed) killed(t *testing.T, kills int) (twice int, lived time.Duration) {
	t.Helper()
	all := newFollowing(t, f.feed)
	all.back.slowDown(200 * time.Millisecond)
	f.add(t, 0)
	for i := range kills {
		begin := time.Now()
		victim := all.start(t)
		if i%4 == 1 { // while it starts, or soon after
			time.Sleep(rand.N(300 * time.Millisecond))
		} else {
			all.back.reached(t, time.Minute, f.made.first*(i+1)/(kills+2))
		}
		f.add(t, i+1)
		victim.kill(t)
		lived += time.Since(begin)
		f.died()
		assert.Less(t, all.back.distinct(), len(f.made.want), "kill %d came after the work", i)
	}
	all.back.slowDown(0)
	last := 0
	for _, key := range f.made.parts[kills+1] {
		last += len(f.made.records[key])
	}
	begin := time.Now()
	c := all.start(t)
	all.back.reached(t, time.Minute, len(f.made.want)-last)
	f.add(t, kills+1)
	all.back.reached(t, time.Minute, len(f.made.want))
	c.stop(t, 15*time.Second)
	lived += time.Since(begin)
	f.died()

	gets := f.proxy.Gets()
	begin = time.Now()
	all.finish(t, time.Minute, &f.made.corpus)
	lived += time.Since(begin)
	assert.Equal(t, gets, f.proxy.Gets(), "two further lives read what is done, or look into folders again")
	return all.back.assertAll(t, f.made.want), lived
}

// A bucket of all layouts, with what is no log object among them, and more that comes
// while it is read: every record of a log object is there, the sums are exact, and nothing
// comes of the others.
func TestMadeBucketIsReadWhileItIsKilled(t *testing.T) {
	t.Parallel()
	program(t)
	b, kills := made(t, 301)
	require.Len(t, madeFolders, 40)
	f := madeBucketFeed(t, b)
	begin := time.Now()
	twice, lived := f.killed(t, kills)
	assert.LessOrEqual(t, twice, kills*atMostAgain)

	// A search lists each folder and looks into those of days. At a start each prefix has its
	// days before the window, the window, and three days of their own at most; then each is
	// listed once a second at most.
	lives := kills + 3
	walked, dated := b.folders()
	most := lives*(walked+7*dated+6*len(madeFolders)) + len(madeFolders)*int(lived.Seconds())
	assert.LessOrEqual(t, f.proxy.Lists(), most)
	assert.LessOrEqual(t, f.proxy.Gets(), len(b.objects)+kills*(dated+atMostAgain))
	t.Logf("%d log objects in 40 folders and %d others, %d records, %d folders to search and %d of years, %d kills: %d records came twice, %d LIST (%d may) and %d GET in %d lives of %.0f s, %.1f s in all",
		len(b.objects), len(b.foreign), len(b.want), walked, dated, kills, twice, f.proxy.Lists(), most, f.proxy.Gets(), lives, lived.Seconds(), time.Since(begin).Seconds())
}

func TestMadeBucketIsReadByQueueWhileItIsKilled(t *testing.T) {
	t.Parallel()
	program(t)
	b, kills := made(t, 302)
	f := madeQueueFeed(t, b)
	begin := time.Now()
	twice, _ := f.killed(t, kills)
	assert.LessOrEqual(t, twice, kills*atMostAgain)
	assert.Empty(t, f.queue.Bodies())
	assert.Zero(t, f.proxy.Lists(), "nothing was gone or changed")
	assert.LessOrEqual(t, f.proxy.Gets(), len(b.objects)+kills*atMostAgain)
	t.Logf("%d log objects in 40 folders and %d others, %d records, %d kills: %d records came twice, no LIST and %d GET, %.1f s",
		len(b.objects), len(b.foreign), len(b.want), kills, twice, f.proxy.Gets(), time.Since(begin).Seconds())
}
