package e2e

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// orgWait is how long a step may take: a bucket in trouble is looked at every five minutes.
const orgWait = 5 * time.Minute

// bucketSource is the YAML of the bucket source.
func bucketSource(startFrom string) string {
	return `bucket: {names: ["acme-*-access-logs", ` + orgStatic + `], prefix: access/, layout: simple, start_from: ` + startFrom +
		", poll_interval: 1s, discover_interval: 2s}\n"
}

// nowKey is the key of an object that is delivered now.
func nowKey(rng *rand.Rand) string {
	return "access/" + time.Now().UTC().Format("2006-01-02-15-04-05-") + unique(rng)
}

// orgTrouble is what fails in an organisation.
type orgTrouble struct {
	denied, encrypted, slow string // buckets
	role                    string
	down                    string // Region
}

// fail makes parts fail: a bucket's GETs and another one's key are denied, a third one is
// throttled, a role may not be assumed, and a Region is down.
func (o *organisation) fail() orgTrouble {
	f := orgTrouble{orgBucket(0, 0), orgBucket(2, 1), orgBucket(3, 1), orgRole(orgAccounts[1]), orgRegions[2]}
	o.set(func(c *cloud) {
		c.buckets[f.denied].trouble, c.buckets[f.encrypted].trouble, c.buckets[f.slow].trouble = getDenied, kmsDenied, throttled
		c.roles[f.role].denied, c.down[f.down] = true, true
	})
	return f
}

// recover ends what passes by itself, and with all what somebody has to allow.
func (o *organisation) recover(f orgTrouble, all bool) {
	o.set(func(c *cloud) {
		c.buckets[f.slow].trouble = noTrouble
		delete(c.down, f.down)
		if all {
			c.buckets[f.denied].trouble, c.buckets[f.encrypted].trouble, c.roles[f.role].denied = noTrouble, noTrouble, false
		}
	})
}

// fails reports whether a bucket cannot be read.
func (o *organisation) fails(bucket string) bool {
	b := o.buckets[bucket]
	return b.trouble != noTrouble || o.down[b.region] || b.account == orgAccounts[1] && o.roles[orgRole(b.account)].denied
}

// expected is how many records the buckets have that can be read.
func (o *organisation) expected() (n int) {
	for bucket, in := range o.in {
		if !o.fails(bucket) {
			n += len(in.want)
		}
	}
	return n
}

// assertUnread asserts that nothing arrived of the buckets that cannot be read.
func (o *organisation) assertUnread(t testing.TB) {
	t.Helper()
	for bucket := range o.in {
		if o.fails(bucket) {
			assert.Zero(t, o.arrived(bucket), bucket)
		}
	}
}

// A whole organisation is read by one receiver while a role, a bucket, a key and a Region
// fail, buckets appear, and the collector is killed: nothing is missing, and the log says
// what fails and that it recovered.
func TestOrganisationIsReadWhileItsPartsFail(t *testing.T) {
	t.Parallel()
	program(t)
	begin := time.Now()
	o := newOrganisation(t)
	each := orgObjects(t) / (len(orgAccounts) * orgPerAccount)
	const running, whileDown = 6, 7 // buckets of the first account that appear later
	for a := range orgAccounts {
		for i := range orgPerAccount {
			if a != 0 || i < running {
				o.make(t, a, i, each, simpleKey)
			}
		}
	}
	filled := time.Since(begin)
	trouble := o.fail()
	f := o.follow(t, bucketSource("earliest"))
	first := f.start(t)
	f.back.reached(t, orgWait, o.expected())
	o.assertUnread(t)
	others := time.Since(begin) - filled
	for _, failing := range []string{
		"reading objects: access denied: s3://" + trouble.denied, "s3://" + trouble.encrypted, "s3://" + trouble.slow, trouble.role,
		"s3://" + orgBucket(0, 2), "s3://" + orgBucket(2, 0), "s3://" + orgBucket(4, 1),
	} {
		t.Log(cut(first.logged(t, orgWait, "unhealthy", failing), failing))
	}
	o.make(t, 0, running, each, nowKey)
	known := o.expected()
	f.back.reached(t, orgWait, known)
	o.recover(trouble, false)
	f.back.reached(t, orgWait, known+each)
	first.kill(t)
	died := f.back.distinct()
	o.make(t, 0, whileDown, each, nowKey)

	f.env = o.env(orgRegions[2]) // the static bucket is not there either
	second := f.start(t)
	f.back.reached(t, orgWait, o.expected())
	o.assertUnread(t)
	for _, failing := range []string{"s3://" + trouble.denied, "s3://" + trouble.encrypted, trouble.role} {
		second.logged(t, orgWait, "unhealthy", failing)
	}
	o.recover(trouble, true)
	f.back.reached(t, orgWait, len(o.corpus.want))
	second.logged(t, orgWait, "recovered")
	second.kill(t)
	f.finish(t, orgWait, o.corpus)

	twice := f.back.assertAll(t, o.corpus.want)
	assert.LessOrEqual(t, twice, 2*atMostAgain)
	o.assertPlaces(t, func(bucket string) string { return o.buckets[bucket].account })
	assert.Empty(t, o.wrong())
	calls := o.called()
	for _, kind := range []string{"malformed", "redirected", "throttled LIST", "denied GET"} {
		assert.Positive(t, calls[kind], kind)
	}
	assert.Zero(t, calls["none"])
	assert.Less(t, died, len(o.corpus.want))
	t.Logf("%d buckets, %d objects, %d records; filled in %.1f s, the buckets that work read after %.1f s, all in %.1f s; killed at %d and at the end: %d came twice; %v",
		len(o.in), len(o.corpus.objects), len(o.corpus.want), filled.Seconds(), others.Seconds(), time.Since(begin).Seconds(), died, twice, sortedCalls(calls))
}

// cut is the part of a line around a text.
func cut(line, text string) string {
	at := strings.Index(line, text)
	return line[max(0, at-40):min(len(line), at+len(text)+120)]
}

// arrived returns how many records of a bucket have arrived, each once.
func (o *organisation) arrived(bucket string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.got[bucket])
}
