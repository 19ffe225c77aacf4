package s3accesslogsreceiver

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// seriesOf returns the start times of the series of requests, and their last values by it.
func seriesOf(all []pmetric.Metrics) map[time.Time]int64 {
	last := map[string]int64{}
	starts := map[string]time.Time{}
	for _, m := range all {
		for _, metric := range m.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
			if metric.Name() != "aws.s3.server.requests" {
				continue
			}
			for _, p := range metric.Sum().DataPoints().All() {
				key := fmt.Sprint(p.StartTimestamp(), p.Attributes().AsRaw())
				last[key], starts[key] = p.IntValue(), p.StartTimestamp().AsTime()
			}
		}
	}
	sums := map[time.Time]int64{}
	for key, value := range last {
		sums[starts[key]] += value
	}
	return sums
}

// The metrics' pipeline, or the logs', is away for a while and comes back: the next start
// tells how many objects were read without it, once, and the metrics' series begin anew,
// each with all that was counted under its start.
func TestPipelineThatWasAwayIsToldAndItsSeriesBeginAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := directoryConfig(t.TempDir())
		cfg.Directory.Get().Follow = true
		cfg.Metrics.Interval = time.Minute
		host, id := newStorageHost(t)
		cfg.Storage = &id
		files := 0
		run := func(signals string, objects int) (logs int, metrics []pmetric.Metrics, warnings []string) {
			core, logged := observer.New(zap.InfoLevel)
			set := settings("away")
			set.Logger = zap.New(core)
			logsSink, metricsSink := new(consumertest.LogsSink), new(consumertest.MetricsSink)
			var handles []component.Component
			if strings.Contains(signals, "l") {
				l, err := NewFactory().CreateLogs(t.Context(), set, cfg, logsSink)
				require.NoError(t, err)
				handles = append(handles, l)
			}
			if strings.Contains(signals, "m") {
				m, err := NewFactory().CreateMetrics(t.Context(), set, cfg, metricsSink)
				require.NoError(t, err)
				handles = append(handles, m)
			}
			for _, h := range handles {
				require.NoError(t, h.Start(t.Context(), host))
			}
			for range objects {
				files++
				writeFile(t, filepath.Join(cfg.Directory.Get().Path, fmt.Sprint(files)), strings.Join(samplelogs.Records(uint64(files), 10), "\n")+"\n")
			}
			time.Sleep(time.Hour)
			for _, h := range handles {
				require.NoError(t, h.Shutdown(t.Context()))
			}
			for _, e := range logged.FilterMessageSnippet("while the receiver was in no pipeline of").All() {
				warnings = append(warnings, fmt.Sprint(e.Message, " ", e.ContextMap()["objects"]))
			}
			return logsSink.LogRecordCount(), metricsSink.AllMetrics(), warnings
		}

		_, before, warnings := run("lm", 3)
		require.Empty(t, warnings)
		first := seriesOf(before)
		require.Len(t, first, 1)
		_, same, warnings := run("lm", 2)
		require.Empty(t, warnings)
		require.Subset(t, keysOf(seriesOf(same)), keysOf(first), "a restart goes on with the series")

		run("l", 4) // metrics are away, over two runs
		run("l", 1)
		logs, back, warnings := run("lm", 2)
		assert.Equal(t, 20, logs)
		require.Len(t, warnings, 1)
		assert.Equal(t, "log objects were read while the receiver was in no pipeline of metrics, and are not in its counters, whose series begin anew; "+
			"to count them, read them once more by a receiver of another name, as examples/backfill.yaml does 5", warnings[0])
		sums := seriesOf(back)
		var now int64
		for start, sum := range sums {
			if _, old := seriesOf(same)[start]; !old {
				now += sum
			}
		}
		assert.EqualValues(t, 20, now, "what was read since then, under new starts")

		_, _, warnings = run("lm", 0)
		assert.Empty(t, warnings, "told once")
		run("m", 3) // logs are away
		logs, still, warnings := run("lm", 1)
		assert.Equal(t, 10, logs)
		require.Len(t, warnings, 1)
		assert.Contains(t, warnings[0], "log objects were read while the receiver was in no pipeline of logs, and their records were sent nowhere; to send them, ")
		assert.Contains(t, warnings[0], "by a receiver of another name 3")
		var total int64
		for start, sum := range seriesOf(still) {
			if _, old := first[start]; !old {
				total += sum
			}
		}
		assert.EqualValues(t, 20+30+10, total, "the metrics were there all the while")
	})
}

func keysOf(m map[time.Time]int64) (keys []time.Time) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, time.Time.Compare)
	return keys
}
