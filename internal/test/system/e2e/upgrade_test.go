package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// The first edition entered no folder but those of accounts. What lay in others before the
// upgrade may be copies of what it read: nothing of it is read, and what comes there
// afterwards is.
func TestTheUpgradeReadsNothingTwice(t *testing.T) {
	t.Parallel()
	program(t)
	c := firstEditionObjects(t, false)
	f := newFollowing(t, bucketFeed(t, c))
	f.metrics = firstEditions["bucket"].metrics
	folder := filepath.Join(firstEdition, "bucket")
	before := acceptedBefore(t, folder)
	require.NoError(t, os.CopyFS(f.storage, os.DirFS(folder)))
	f.back.metrics.set(func(l *ledger) { l.denied = 1 }) // the series began elsewhere

	rng := rand.New(rand.NewPCG(303, 1))
	text := samplelogs.Records(303, 400)
	take := func() []byte {
		body := joined(text[:5])
		text = text[5:]
		return body
	}
	const account = "access/111122223333/us-east-1/example-shop-assets/"
	copies := map[string][]byte{}
	for key, body := range c.stored(t) {
		name := path.Base(key)
		day := strings.ReplaceAll(name[:len("2026-11-09")], "-", "/")
		copies["access/processed/"+name] = body
		copies["access/archive/"+day+"/"+name] = body
		copies["access/archive/hive/"+fmt.Sprintf("year=%s/month=%s/day=%s/", name[:4], name[5:7], name[8:10])+name+"-copy"] = body
		copies["access/archive/"+strings.TrimPrefix(account, "access/")+day+"/"+name] = body
	}
	for i := range 5 { // what nobody read
		name := fmt.Sprintf("2026-11-1%d-00-00-00-%s", i, unique(rng))
		copies["access/processed/"+name] = take()
		copies["access/never/"+name] = take()
	}
	put(t, f.server, "logs", copies)

	f.back.slowDown(100 * time.Millisecond)
	rest := len(c.want) - len(before)
	victim := f.start(t)
	t.Log(withoutResource(victim.logged(t, time.Minute, "were not read by the version before", "run a receiver of its own once")))
	f.back.reached(t, time.Minute, rest/3)
	victim.kill(t)
	f.back.slowDown(0)

	// While it runs: in the prefix itself, in a folder of an account, and in folders that were
	// there before.
	fresh := &corpus{objects: map[string][]byte{}, want: uids{}, records: map[string]uids{}, sums: sums{}}
	add := func(folders ...string) {
		part := map[string][]byte{}
		for _, folder := range folders {
			key := folder + time.Now().UTC().Format("2006-01-02-15-04-05-") + unique(rng)
			part[key] = take()
			fresh.add(key, part[key])
		}
		put(t, f.server, "logs", part)
	}
	today := time.Now().UTC().Format("2006/01/02/")
	running := f.start(t)
	f.back.reached(t, time.Minute, rest)
	add("access/", "access/processed/", "access/never/", "access/archive/"+today)
	f.back.reached(t, time.Minute, rest+len(fresh.want))
	running.stop(t, 15*time.Second)

	// While it does not: also in folders that are new, and further copies in the others.
	add("access/", "access/processed/", "access/archive/"+today, account+today, "access/web/", "access/444455556666/eu-west-1/example-data-lake/"+today)
	late := map[string][]byte{}
	for key, body := range c.stored(t) {
		late["access/never/"+path.Base(key)] = body
	}
	put(t, f.server, "logs", late)
	last := f.start(t)
	f.back.reached(t, time.Minute, rest+len(fresh.want))
	last.until(t, time.Minute, "end of work", func() bool {
		return strings.Contains(last.log(t), "are searched every") && f.looked(t, last)
	})
	last.stop(t, 15*time.Second)

	got, twice := f.back.figures()
	again := 0
	for id := range got {
		if before[id] > 0 {
			again++
		}
		got[id] = 1
	}
	want := maps.Clone(c.want)
	maps.Copy(want, fresh.want)
	maps.Copy(got, before)
	assertSame(t, want, got)
	assert.LessOrEqual(t, again+twice, 2*atMostAgain, "of the two deaths")
	c.sums.merge(fresh.sums)
	f.back.metrics.assertAll(t, c.sums, 1)
	t.Logf("%d copies and %d further ones later, nothing of them is counted; %d objects that came afterwards are read; %d records came again",
		len(copies), len(late), len(fresh.objects), again+twice)
}
