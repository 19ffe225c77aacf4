package s3accesslogsreceiver

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
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
					for _, name := range []attribute.Key{"api", "outcome", "field"} {
						if v, ok := p.Attributes.Value(name); ok {
							key += " " + v.AsString()
						}
					}
					sums[key] += p.Value
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					sums[short] += p.Value
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

// startMeasured starts a receiver named one whose own telemetry can be read.
func startMeasured(t *testing.T, cfg *Config, next consumer.Logs) (*componenttest.Telemetry, *running) {
	t.Helper()
	return startMeasuredOn(t, newStatusHost(), cfg, next)
}

func startMeasuredOn(t *testing.T, host component.Host, cfg *Config, next consumer.Logs) (*componenttest.Telemetry, *running) {
	t.Helper()
	tel := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, tel.Shutdown(context.Background())) })
	core, logged := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	set.ID, set.Logger = component.NewIDWithName(metadata.Type, "one"), zap.New(core)
	r, err := fast.factory().CreateLogs(t.Context(), set, cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), host))
	t.Cleanup(func() { assert.NoError(t, r.Shutdown(context.Background())) })
	return tel, &running{Logs: r, logged: logged}
}

func TestOwnTelemetryCountsWhatIsAskedOfAWS(t *testing.T) {
	server := s3test.Start(t)
	server.SetEnv(t)
	server.CreateBucket(t, "logs")
	server.Put(t, "logs", "access/one", []byte(strings.Join(samplelogs.Records(5, 10), "\n")+"\n"))
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	remote := sqs.CreateQueue("access-logs", fakesqs.Settings{})
	event := `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"access/%s"}}}]}`
	remote.Send(fmt.Sprintf(event, "one"))
	remote.Send(fmt.Sprintf(event, "not-there"))
	remote.Send(`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"logs"}`)
	remote.Send("no notification")

	cfg := createDefaultConfig().(*Config)
	cfg.AWS = s3io.Config{Endpoint: server.Endpoint, ForcePathStyle: true}
	cfg.Queue = configoptional.Some(queue.Config{
		URL: remote.URL(), VisibilityTimeout: time.Minute, WaitTime: time.Second, Remember: time.Hour,
	})
	sink := new(consumertest.LogsSink)
	release := make(chan struct{})
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		<-release
		return sink.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	tel, _ := startMeasured(t, cfg, next)
	require.Eventually(t, func() bool { return readTelemetry(t, tel)["read"] > 0 }, waitLimit, 10*time.Millisecond)
	assert.Positive(t, readTelemetry(t, tel)["objects.unacknowledged"])
	close(release)
	require.Eventually(t, func() bool {
		got := readTelemetry(t, tel)
		return got["queue.messages deleted"] == 2 && got["queue.messages ignored"] == 1
	}, waitLimit, 10*time.Millisecond)

	got := readTelemetry(t, tel)
	assert.Positive(t, got["queue.messages unknown"])
	assert.EqualValues(t, 1, got["objects ok"])
	assert.EqualValues(t, 1, got["objects gone"])
	assert.EqualValues(t, 1, got["api.requests s3.get ok"])
	assert.EqualValues(t, 1, got["api.requests s3.get gone"])
	assert.Positive(t, got["api.requests sqs.receive ok"])
	assert.Positive(t, got["api.requests sqs.delete ok"])
	assert.EqualValues(t, 2, got["api.requests sqs.attributes ok"], "the redrive policy, and how many messages there are")
	assert.Positive(t, got["api.duration"])
	assert.Equal(t, 10, sink.LogRecordCount())
}

func TestOwnTelemetryCountsWhatWasRead(t *testing.T) {
	records := samplelogs.Records(4, 100)
	dir := t.TempDir()
	before, behind, _ := strings.Cut(records[0], "] ")
	_, behind, _ = strings.Cut(behind, " ")
	records[0] = before + "] AWS " + behind // which is no address
	content := strings.Join(records, "\n") + " 28th 29th\n   \nno record\n"
	writeFile(t, filepath.Join(dir, "2026-11-09-10-00-00-0123456789ABCDEF"), content)
	writeFile(t, filepath.Join(dir, ".hidden"), "x")

	tel, r := startMeasured(t, directoryConfig(dir), consumertest.NewNop())
	r.awaitLogged(t, "directory read to its end")
	got := readTelemetry(t, tel)
	require.NoError(t, r.Shutdown(t.Context()))

	assert.Equal(t, map[string]int64{
		"objects ok": 1, "objects skipped": 1,
		"read":       int64(len(content)),
		"records ok": 100, "records malformed": 1, "records.extra_fields": 1, "records.unexpected_values Remote IP": 1,
		"batches accepted": 1, "batch.size": 1, "delivery.duration": 1,
		"commits": got["commits"], "commit.duration": got["commits"], // a folder's state can be one of its own
		"lag": 1, "objects.given_up": 0, "objects.in_flight": 0, "objects.unacknowledged": 0, "source.backlog": 0,
	}, got)
	assert.Positive(t, got["commits"])
}
