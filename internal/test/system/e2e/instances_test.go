package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Collectors that share a queue have series of their own, whatever their
// service.instance.id comes from, and together they count every record once.
func TestMetricsOfCollectorsOnOneQueue(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(96, 400, 6, 800)
	f := newFollowing(t, queueFeed(t, c))
	const withoutStorage = "metrics: {interval: 1s}\n"
	var backs []*back
	var all []*collector
	for _, more := range []string{
		"storage: file_storage\nmetrics: {interval: 1s}\n", withoutStorage, withoutStorage,
		"metrics: {interval: 1s, instance_id: the-fourth}\n",
	} {
		b := newBack(t)
		b.slowDown(200 * time.Millisecond)
		backs = append(backs, b)
		all = append(all, start(t, setup{
			receivers:  "s3_access_logs:\n  " + indented(f.source+withBatches(batchSize, deliveries)+more) + "\n",
			exporters:  otlpExporter(b.addr),
			extensions: "file_storage: {directory: " + t.TempDir() + "}",
			signals:    []string{"logs", "metrics"},
			env:        f.env,
		}))
	}
	all[0].until(t, time.Minute, "an empty queue", func() bool { return len(f.queue.Bodies()) == 0 })
	total, instances := sums{}, map[string]bool{}
	for i, b := range backs {
		all[i].stop(t, 15*time.Second)
		own := b.metrics.instances()
		require.Len(t, own, 1, "one collector has one")
		instances[own[0]] = true
		total.merge(b.metrics.sums())
		assert.NotZero(t, b.metrics.sums().records(), "it had nothing to do")
		assert.Empty(t, b.metrics.problems)
	}
	assert.Len(t, instances, len(backs), "two collectors write to the same series")
	assert.True(t, instances["the-fourth"])
	assertSums(t, c.sums, total)
	t.Logf("%d records in %d objects, %d collectors: %v", len(c.want), len(c.objects), len(backs), instances)
}
