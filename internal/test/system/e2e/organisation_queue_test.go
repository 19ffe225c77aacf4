package e2e

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

// One queue announces the objects of all Regions and accounts: each is read with the right
// role in the right Region, at the price of one GET, and of one AssumeRole for each role.
func TestOrganisationIsReadByOneQueueWithNoRequestButGETs(t *testing.T) {
	t.Parallel()
	program(t)
	o := newOrganisation(t)
	f := o.followQueue(t)
	q := f.queue
	begin := time.Now()
	c := f.start(t)
	f.back.reached(t, time.Minute, len(o.corpus.want))
	c.until(t, time.Minute, "an empty queue", func() bool { return len(q.Bodies()) == 0 })
	took := time.Since(begin)
	c.stop(t, 15*time.Second)
	assert.Zero(t, f.back.assertAll(t, o.corpus.want), "records came twice")
	f.back.metrics.assertAll(t, o.corpus.sums, 1)
	o.assertPlaces(t, func(bucket string) string {
		if o.isBridged(bucket) {
			return o.buckets[bucket].account
		}
		return "" // S3's notification does not tell it
	})
	assert.Empty(t, o.wrong())
	assert.Equal(t, map[string]int{"AssumeRole": len(orgAccounts) - 1, "GET": len(o.corpus.objects)}, o.called())
	t.Logf("%d buckets, %d objects, %d records in %.1f s: %v", len(o.in), len(o.corpus.objects), len(o.corpus.want), took.Seconds(), sortedCalls(o.called()))
}

// A queue that announces a whole organisation is read while a role, a bucket, a key and a
// Region fail, and the collector is killed: nothing is missing, and the log says what fails.
func TestOrganisationIsReadByAQueueWhileItsPartsFail(t *testing.T) {
	t.Parallel()
	program(t)
	o := newOrganisation(t)
	f := o.followQueue(t)
	trouble := o.fail()
	first := f.start(t)
	f.back.reached(t, orgWait, o.expected())
	o.assertUnread(t)
	for _, failing := range []string{"s3://" + trouble.denied, "s3://" + trouble.encrypted, "s3://" + trouble.slow, trouble.role, "s3://" + orgBucket(0, 2)} {
		first.logged(t, orgWait, "unhealthy", failing)
	}
	o.recover(trouble, false)
	first.kill(t)
	f.died()
	died := f.back.distinct()
	second := f.start(t)
	f.back.reached(t, orgWait, o.expected())
	o.assertUnread(t)
	for _, failing := range []string{"s3://" + trouble.denied, "s3://" + trouble.encrypted, trouble.role} {
		second.logged(t, orgWait, "unhealthy", failing)
	}
	o.recover(trouble, true)
	f.sqs.Advance(backOffs)
	f.back.reached(t, orgWait, len(o.corpus.want))
	second.logged(t, orgWait, "recovered")
	second.kill(t)
	f.died()
	f.finish(t, orgWait, o.corpus)

	twice := f.back.assertAll(t, o.corpus.want)
	assert.LessOrEqual(t, twice, 2*atMostAgain)
	assert.Empty(t, o.wrong())
	assert.Empty(t, f.queue.Bodies())
	assert.Less(t, died, len(o.corpus.want))
	t.Logf("%d objects, %d records; killed at %d and at the end: %d came twice; %v", len(o.corpus.objects), len(o.corpus.want), died, twice, sortedCalls(o.called()))
}

// backOffs is how long a message waits for another try at most.
const backOffs = time.Hour

// followQueue fills the organisation, and returns collectors that read a queue which
// announces all of it.
func (o *organisation) followQueue(t testing.TB) *following {
	t.Helper()
	each := orgObjects(t) / (len(orgAccounts) * orgPerAccount)
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	q := sqs.CreateQueue("logs", fakesqs.Settings{})
	for a := range orgAccounts {
		for i := range orgPerAccount {
			o.make(t, a, i, each, simpleKey)
		}
	}
	for bucket, in := range o.in {
		o.set(func(c *cloud) { c.buckets[bucket].ownerless = c.buckets[bucket].account == c.own })
		for _, key := range slices.Sorted(maps.Keys(in.objects)) {
			q.Send(o.announce(t, bucket, key, o.isBridged(bucket)))
		}
	}
	f := o.follow(t, queueAt(q.URL()))
	f.queue, f.sqs = q, sqs
	f.died, f.looked = diesHolding(sqs, backOffs), isEmpty(q)
	return f
}

// isBridged reports whether EventBridge announces the objects of a bucket, not S3 itself.
func (o *organisation) isBridged(bucket string) bool {
	return o.buckets[bucket].account == orgAccounts[1] || bucket == orgStatic
}

// announce is the event for an object: EventBridge's or S3's.
func (o *organisation) announce(t testing.TB, bucket, key string, bridge bool) string {
	t.Helper()
	type fields map[string]any
	b, body := o.buckets[bucket], o.in[bucket].objects[key]
	digest := md5.Sum(body)
	etag := hex.EncodeToString(digest[:])
	event := fields{"Records": []fields{{"eventName": "ObjectCreated:Put", "awsRegion": b.region, "s3": fields{
		"bucket": fields{"name": bucket}, "object": fields{"key": key, "size": len(body), "eTag": etag},
	}}}}
	if bridge {
		event = fields{
			"version": "0", "detail-type": "Object Created", "source": "aws.s3", "account": b.account, "region": b.region,
			"detail": fields{"bucket": fields{"name": bucket}, "object": fields{"key": key, "size": len(body), "etag": etag}},
		}
	}
	text, err := json.Marshal(event)
	require.NoError(t, err)
	return string(text)
}
