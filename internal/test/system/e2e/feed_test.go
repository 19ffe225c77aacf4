package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// visibility is the shortest visibility_timeout that the receiver takes.
const visibility = 10 * time.Second

// corpus is log objects by key, the records in them, and what these add up to. It
// is not changed once it is made.
type corpus struct {
	objects map[string][]byte
	want    uids
	records map[string]uids // by key
	sums    sums
}

// makeCorpus makes tiny objects of one to ten records and big ones of so many,
// of which every third is packed. Their names mix them.
func makeCorpus(seed uint64, tiny, big, each int) *corpus {
	c := &corpus{objects: map[string][]byte{}, want: uids{}, records: map[string]uids{}, sums: sums{}}
	rng := rand.New(rand.NewPCG(seed, 7))
	text := samplelogs.Records(seed, 10*tiny+big*each)
	take := func(n int) []byte {
		body := joined(text[:n])
		text = text[n:]
		return body
	}
	for range tiny {
		c.add(simpleKey(rng), take(1+rng.IntN(10)))
	}
	for i := range big {
		body := take(each)
		switch key := simpleKey(rng); i % 6 {
		case 0:
			c.add(key+".gz", body)
		case 3:
			c.add(key+".zst", body)
		default:
			c.add(key, body)
		}
	}
	return c
}

func (c *corpus) add(key string, text []byte) {
	c.want.add(text)
	c.records[key] = uids{}
	c.records[key].add(text)
	c.sums.merge(sumsOf(text))
	c.objects[key] = text
}

// stored packs what the names of the objects say.
func (c *corpus) stored(t testing.TB) map[string][]byte {
	t.Helper()
	packed := maps.Clone(c.objects)
	for key, text := range packed {
		switch {
		case strings.HasSuffix(key, ".gz"):
			packed[key] = gzipped(t, text)
		case strings.HasSuffix(key, ".zst"):
			packed[key] = zstandard(t, text)
		}
	}
	return packed
}

// feed is a source with objects in it, as a collector is told of it.
type feed struct {
	source string // YAML: the source and what goes with it
	env    []string
	// died is to be called when a collector has died: what it held comes back.
	died func()
	// looked tells whether a collector that was started again has looked for
	// objects and has nothing left to do.
	looked func(t testing.TB, c *collector) bool

	server *s3test.Server  // nil: files
	queue  *fakesqs.Queue  // nil: no queue
	sqs    *fakesqs.Server // the queue's
}

// feeds makes a feed of each kind from a corpus.
var feeds = map[string]func(t testing.TB, c *corpus) *feed{
	"bucket": bucketFeed, "queue": queueFeed, "directory": directoryFeed,
}

func bucketFeed(t testing.TB, c *corpus) *feed {
	t.Helper()
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	put(t, server, "logs", c.stored(t))
	idle := map[*collector]float64{} // how many lists there were when nothing was under way
	return &feed{
		source: "bucket: {name: logs, prefix: access/, start_from: earliest, poll_interval: 1s}\n" + s3At(server.Endpoint),
		env:    server.Env,
		died:   func() {},
		looked: func(t testing.TB, c *collector) bool {
			lists := float64(c.metric(t, apiMetric, `api="s3.list"`))
			if c.metric(t, flightMetric, "") > 0 {
				return false
			}
			since, known := idle[c]
			if !known && lists > 0 {
				idle[c] = lists
			}
			// A poll has ended since then and the next one has begun, which it does when all
			// that was found is under way or done.
			return known && lists >= since+3
		},
		server: server,
	}
}

// s3At is the YAML of an S3 server's address, without credentials.
func s3At(endpoint string) string {
	return fmt.Sprintf("aws: {endpoint: %q, force_path_style: true}\n", endpoint)
}

func directoryFeed(t testing.TB, c *corpus) *feed {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, c.stored(t))
	return &feed{
		source: "directory: {path: " + dir + "}\n",
		died:   func() {},
		looked: func(t testing.TB, c *collector) bool {
			return strings.Contains(c.log(t), "directory read to its end")
		},
	}
}

// queueFeed puts the objects into a bucket and sends a notification for each, or
// for several at once.
func queueFeed(t testing.TB, c *corpus) *feed {
	t.Helper()
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	stored := c.stored(t)
	put(t, server, "logs", stored)
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	q := sqs.CreateQueue("logs", fakesqs.Settings{})
	listed := list(t, server)
	keys := slices.Sorted(maps.Keys(stored))
	for i := 0; i < len(keys); {
		n := min(1+i%7/5*2, len(keys)-i) // one, or three
		q.Send(notification(t, keys[i:i+n], listed))
		i += n
	}
	return &feed{
		source: queueAt(q.URL()) + s3At(server.Endpoint),
		env:    server.Env,
		died:   diesHolding(sqs, visibility),
		looked: isEmpty(q),
		server: server, queue: q, sqs: sqs,
	}
}

// diesHolding returns feed.died for a queue: a time later, what a collector held is visible
// again.
func diesHolding(sqs *fakesqs.Server, later time.Duration) func() {
	return func() {
		time.Sleep(50 * time.Millisecond) // or what it was waiting for takes messages yet
		sqs.Advance(later)
	}
}

// isEmpty returns feed.looked for a queue.
func isEmpty(q *fakesqs.Queue) func(testing.TB, *collector) bool {
	return func(testing.TB, *collector) bool {
		left := q.Stats()
		return left.Visible+left.InFlight == 0
	}
}

func queueAt(address string) string {
	return fmt.Sprintf("queue: {url: %q, visibility_timeout: %v, wait_time: 1s}\n", address, visibility)
}

// list returns all objects of the bucket "logs" by key.
func list(t testing.TB, server *s3test.Server) map[string]types.Object {
	t.Helper()
	listed, bucket := map[string]types.Object{}, "logs"
	pages := s3.NewListObjectsV2Paginator(client(server), &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, o := range page.Contents {
			listed[*o.Key] = o
		}
	}
	return listed
}

// notification is S3's event for new objects of the bucket "logs".
func notification(t testing.TB, keys []string, listed map[string]types.Object) string {
	t.Helper()
	type fields map[string]any
	events := make([]fields, len(keys))
	for i, key := range keys {
		events[i] = fields{"eventName": "ObjectCreated:Put", "s3": fields{
			"bucket": fields{"name": "logs"},
			"object": fields{"key": url.QueryEscape(key), "size": *listed[key].Size, "eTag": strings.Trim(*listed[key].ETag, `"`)},
		}}
	}
	text, err := json.Marshal(fields{"Records": events})
	require.NoError(t, err)
	return string(text)
}

// withBatches is the YAML of receiver settings that keep little under way.
func withBatches(size, deliveries int) string {
	return fmt.Sprintf("concurrency: 8\ndeliveries: %d\nlogs: {batch_size: %d, flush_interval: 100ms}\n", deliveries, size)
}

// keyInEvent is a key as events have it.
func keyInEvent(key string) string { return url.QueryEscape(key) + `"` }
