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
	each := orgObjects(t) / (len(orgAccounts) * orgPerAccount)
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	q := sqs.CreateQueue("logs", fakesqs.Settings{})
	for a := range orgAccounts {
		for i := range orgPerAccount {
			o.make(t, a, i, each, simpleKey)
		}
	}
	bridged := func(bucket string) bool { return o.buckets[bucket].account == orgAccounts[1] || bucket == orgStatic }
	for bucket, in := range o.in {
		o.set(func(c *cloud) { c.buckets[bucket].ownerless = c.buckets[bucket].account == c.own })
		for _, key := range slices.Sorted(maps.Keys(in.objects)) {
			q.Send(o.announce(t, bucket, key, bridged(bucket)))
		}
	}
	f := o.follow(t, queueAt(q.URL()))
	begin := time.Now()
	c := f.start(t)
	f.back.reached(t, time.Minute, len(o.corpus.want))
	c.until(t, time.Minute, "an empty queue", func() bool { return len(q.Bodies()) == 0 })
	took := time.Since(begin)
	c.stop(t, 15*time.Second)
	assert.Zero(t, f.back.assertAll(t, o.corpus.want), "records came twice")
	f.back.metrics.assertAll(t, o.corpus.sums, 1)
	o.assertPlaces(t, func(bucket string) string {
		if bridged(bucket) {
			return o.buckets[bucket].account
		}
		return "" // S3's notification does not tell it
	})
	assert.Empty(t, o.wrong())
	assert.Equal(t, map[string]int{"AssumeRole": len(orgAccounts) - 1, "GET": len(o.corpus.objects)}, o.called())
	t.Logf("%d buckets, %d objects, %d records in %.1f s: %v", len(o.in), len(o.corpus.objects), len(o.corpus.want), took.Seconds(), sortedCalls(o.called()))
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
