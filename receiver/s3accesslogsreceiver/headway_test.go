package s3accesslogsreceiver

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// gauges returns the values of a gauge by bucket.
func gauges(t *testing.T, tel *componenttest.Telemetry, name string) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, tel.Reader.Collect(context.Background(), &all))
	of := map[string]float64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != telemetryPrefix+name {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					bucket, _ := p.Attributes.Value("bucket")
					of[bucket.AsString()] = float64(p.Value)
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					bucket, _ := p.Attributes.Value("bucket")
					of[bucket.AsString()] = p.Value
				}
			}
		}
	}
	return of
}

func TestTheGaugesOfABucketShowHowFarReadingIs(t *testing.T) {
	server := startS3(t)
	records := samplelogs.Records(5, 10)
	server.Put(t, "logs", "access/2026-11-09-10-00-00-0123456789ABCDEF", []byte(strings.Join(records, "\n")+"\n"))
	cfg := createDefaultConfig().(*Config)
	cfg.AWS = s3io.Config{Endpoint: server.Endpoint, ForcePathStyle: true}
	bucket := fleet.DefaultConfig()
	bucket.Name, bucket.Prefix, bucket.StartFrom = "logs", "access/", "earliest"
	cfg.Bucket = configoptional.Some(bucket)

	tel, r := startMeasured(t, cfg, consumertest.NewNop())
	r.awaitLogged(t, "starting: reads bucket s3://logs/access/, layout auto, from start_from: earliest on; nothing is stored")
	r.awaitLogged(t, "caught up: read 10 records in 1 object")
	assert.Equal(t, map[string]float64{"logs": 0}, gauges(t, tel, "source.backlog"))
	var last accesslog.Record
	require.NoError(t, accesslog.FormatAWS.Parse(records[9], &last))
	assert.InDelta(t, time.Since(time.Unix(last.Time, 0)).Seconds(), gauges(t, tel, "source.position.age")["logs"], 100)
	answered := gauges(t, tel, "source.look.age")
	assert.Less(t, answered["logs"], 100.0)
	assert.Contains(t, answered, "logs")
}

// A healthy queue is looked into, the buckets that its messages name are not.
func TestOnlyTheQueueHasALookAge(t *testing.T) {
	server := startS3(t)
	server.Put(t, "logs", "access/one", []byte(strings.Join(samplelogs.Records(5, 10), "\n")+"\n"))
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	remote := sqs.CreateQueue("access-logs", fakesqs.Settings{})
	remote.Send(`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"access/one"}}}]}`)
	cfg := createDefaultConfig().(*Config)
	cfg.AWS = s3io.Config{Endpoint: server.Endpoint, ForcePathStyle: true}
	cfg.Queue = configoptional.Some(queue.Config{URL: remote.URL(), VisibilityTimeout: time.Minute, WaitTime: time.Second, Remember: time.Hour})
	tel, r := startMeasured(t, cfg, consumertest.NewNop())
	r.awaitLogged(t, "caught up: read 10 records in 1 object")
	assert.Contains(t, gauges(t, tel, "source.backlog"), "logs")
	ages := gauges(t, tel, "source.look.age")
	assert.Len(t, ages, 1)
	assert.Contains(t, ages, "")
}

func TestAFollowerSaysHowFarItIsAndThenThatItHasCaughtUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "2026-11-09-10-00-00-0123456789ABCDEF")
		writeFile(t, path, strings.Join(samplelogs.Records(3, 10), "\n")+"\n")
		old := time.Now().Add(-time.Hour)
		require.NoError(t, os.Chtimes(path, old, old))
		cfg := directoryConfig(dir)
		cfg.Directory = configoptional.Some(directory.Config{Path: dir, Follow: true})
		r := startReceiver(t, cfg, consumertest.NewNop())
		r.awaitLogged(t, "starting: reads directory "+dir+" and follows it from the first file on; nothing is stored")
		r.awaitLogged(t, "caught up: read 10 records in 1 object")
		time.Sleep(time.Hour)
		assert.Len(t, r.logged.FilterMessageSnippet("caught up").All(), 1)
		assert.Empty(t, r.logged.FilterMessageSnippet("reading: ").All())
	})
}

func TestTheBannerSaysWhatIsReadAndWhereItGoesOn(t *testing.T) {
	config := func(change func(*Config)) *s3Receiver {
		cfg := createDefaultConfig().(*Config)
		id := component.MustNewID("file_storage")
		cfg.Storage = &id
		change(cfg)
		return &s3Receiver{cfg: cfg}
	}
	many := fleet.DefaultConfig()
	many.Names, many.Prefixes, many.Until = []string{"a", "b", "c", "d", "e", "f", "logs-*"}, []string{"x/", "y/"}, "2026-11-22T00:00:00Z"
	for want, change := range map[string]func(*Config){
		`starting: reads buckets "a" "b" "c" "d" "e" and 2 more, prefixes "x/" "y/", layout auto, from start_from: latest on, until 2026-11-22T00:00:00Z; nothing is stored yet in file_storage`: func(c *Config) {
			c.Bucket = configoptional.Some(many)
		},
		"starting: reads queue https://sqs.us-east-1.amazonaws.com/111122223333/logs from the oldest message on; nothing is stored yet in file_storage": func(c *Config) {
			c.Queue = configoptional.Some(queue.Config{URL: "https://sqs.us-east-1.amazonaws.com/111122223333/logs"})
		},
		"starting: reads directory /logs once from the first file on; nothing is stored": func(c *Config) {
			c.Directory, c.Storage = configoptional.Some(directory.Config{Path: "/logs"}), nil
		},
	} {
		assert.Equal(t, want, config(change).banner(checkpoint.InMemory()))
	}
}
