package s3accesslogsreceiver

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

const telemetryPrefix = "otelcol.receiver.s3_access_logs."

// readTelemetry adds up what the receiver counted, by name and outcome: "records
// ok". Histograms count their observations.
func readTelemetry(t *testing.T, tel *componenttest.Telemetry) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, tel.Reader.Collect(context.Background(), &all))
	sums := make(map[string]int64)
	for _, scope := range all.ScopeMetrics {
		if scope.Scope.Name != metadata.ScopeName {
			continue
		}
		for _, m := range scope.Metrics {
			short := strings.TrimPrefix(m.Name, telemetryPrefix)
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					key := short
					name, _ := p.Attributes.Value("receiver")
					assert.Equal(t, "s3_access_logs/one", name.AsString())
					if outcome, ok := p.Attributes.Value("outcome"); ok {
						key += " " + outcome.AsString()
					}
					sums[key] += p.Value
				}
			case metricdata.Histogram[int64]:
				for _, p := range data.DataPoints {
					sums[short] += int64(p.Count)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					sums[short] += int64(p.Count)
				}
			}
		}
	}
	return sums
}

func TestOwnTelemetryCountsWhatWasRead(t *testing.T) {
	records := samplelogs.Records(4, 100)
	dir := t.TempDir()
	content := strings.Join(records, "\n") + " 28th 29th\nno record\n"
	writeFile(t, filepath.Join(dir, "2026-11-09-10-00-00-0123456789ABCDEF"), content)
	writeFile(t, filepath.Join(dir, ".hidden"), "x")

	tel := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, tel.Shutdown(context.Background())) })
	core, logged := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	set.ID, set.Logger = component.NewIDWithName(metadata.Type, "one"), zap.New(core)
	r, err := NewFactory().CreateLogs(t.Context(), set, directoryConfig(dir), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), newStatusHost()))
	(&running{Logs: r, logged: logged}).awaitLogged(t, "directory read to its end")
	got := readTelemetry(t, tel)
	require.NoError(t, r.Shutdown(t.Context()))

	assert.Equal(t, map[string]int64{
		"objects ok": 1, "objects skipped": 1,
		"read":       int64(len(content)),
		"records ok": 100, "records malformed": 1, "records.extra_fields": 1,
		"batches accepted": 1, "batch.size": 1, "delivery.duration": 1,
		"commits": got["commits"], "commit.duration": got["commits"], // a folder's state can be one of its own
		"lag": 1,
	}, got)
	assert.Positive(t, got["commits"])
}
