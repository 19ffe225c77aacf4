package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// What was accepted is counted, and told at the end, though the logs that come
// behind it are refused until the time to deliver is over.
func TestStoppedWhileLogsAreRefused(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(100, 60, 5, 1000)
	f := newFollowing(t, directoryFeed(t, c))
	collector := start(t, setup{ // without storage: nobody will tell it later
		receivers: "s3_access_logs:\n  " + indented(f.source+withBatches(batchSize, 1)+
			"shutdown_timeout: 1s\nmetrics: {interval: 1h, series_idle_timeout: 24h}\n") + "\n",
		exporters: f.exporters,
		signals:   f.signals,
	})
	f.back.set(func(b *back) { b.slow = 50 * time.Millisecond })
	f.back.reached(t, time.Minute, 1000)
	f.back.set(func(b *back) { b.refuse = 1 })
	collector.stop(t, 15*time.Second)
	assert.EqualValues(t, f.back.distinct(), f.back.metrics.sums().records())
}
