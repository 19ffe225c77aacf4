package s3accesslogsreceiver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// uidFactory is the real factory, before a consumer that finds the checker's id
// where the records have theirs.
func uidFactory() receiver.Factory {
	return receiver.NewFactory(metadata.Type, createDefaultConfig,
		receiver.WithLogs(func(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
			named, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
				for _, rl := range logs.ResourceLogs().All() {
					for _, sl := range rl.ScopeLogs().All() {
						for _, lr := range sl.LogRecords().All() {
							uid, _ := lr.Attributes().Get("log.record.uid")
							lr.Attributes().PutStr(receivertest.UniqueIDAttrName, uid.Str())
						}
					}
				}
				return next.ConsumeLogs(ctx, logs)
			}, consumer.WithCapabilities(consumer.Capabilities{MutatesData: true}))
			if err != nil {
				return nil, err
			}
			return NewFactory().CreateLogs(ctx, set, cfg, named)
		}, metadata.LogsStability))
}

// objectGenerator stores objects of a few records each.
type objectGenerator struct {
	clear func()
	put   func(key, content string)

	mu      sync.Mutex
	records []string
	objects int
}

func (g *objectGenerator) Start() {}

// Stop removes what was generated, so that the next scenario does not find it.
func (g *objectGenerator) Stop() { g.clear() }

func (g *objectGenerator) Generate() []receivertest.UniqueIDAttrVal {
	g.mu.Lock()
	records := g.records[:3]
	g.records = g.records[3:]
	g.objects++
	key := fmt.Sprintf("%s-%016d", time.Now().UTC().Format("2006-01-02-15-04-05"), g.objects)
	g.mu.Unlock()
	content := ""
	var ids []receivertest.UniqueIDAttrVal
	for _, r := range records {
		content += r + "\n"
		ids = append(ids, receivertest.UniqueIDAttrVal(uidOf(r)))
	}
	g.put(key, content)
	return ids
}

const (
	contractScenarios = 4
	contractObjects   = 60
)

func contractRecords() []string {
	return samplelogs.Records(7, 3*contractScenarios*(contractObjects+8))
}

func contractConfig() *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Logs.BatchSize = 10
	cfg.OnRefusal = refusalDrop // the contract's view of a permanent error
	cfg.Retry.InitialInterval, cfg.Retry.MaxInterval = time.Millisecond, 10*time.Millisecond
	return cfg
}

func TestConsumeContractOfDirectory(t *testing.T) {
	dir := t.TempDir()
	cfg := contractConfig()
	cfg.Directory = configoptional.Some(directory.Config{Path: dir, Follow: true})
	old := time.Now().Add(-time.Hour)
	receivertest.CheckConsumeContract(receivertest.CheckConsumeContractParams{
		T: t, Factory: uidFactory(), Signal: pipeline.SignalLogs, Config: cfg, GenerateCount: contractObjects,
		Generator: &objectGenerator{
			records: contractRecords(),
			put: func(key, content string) {
				path := filepath.Join(dir, "."+key) // hidden until it is complete
				require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
				require.NoError(t, os.Chtimes(path, old, old))
				require.NoError(t, os.Rename(path, filepath.Join(dir, key)))
			},
			clear: func() {
				entries, err := os.ReadDir(dir)
				require.NoError(t, err)
				for _, e := range entries {
					require.NoError(t, os.Remove(filepath.Join(dir, e.Name())))
				}
			},
		},
	})
}

func TestConsumeContractOfBucket(t *testing.T) {
	server := s3test.Start(t)
	server.SetEnv(t)
	server.CreateBucket(t, "logs")
	cfg := contractConfig()
	cfg.AWS = s3io.Config{Endpoint: server.Endpoint, ForcePathStyle: true}
	cfg.Bucket = configoptional.Some(fleet.Config{Config: listing.Config{
		Name: "logs", Layout: listing.Auto, PollInterval: time.Second, StartFrom: "earliest",
		Lookback: 48 * time.Hour, Shard: listing.Shard{Share: listing.Share{Count: 1}},
	}})
	var keys []string
	var mu sync.Mutex
	receivertest.CheckConsumeContract(receivertest.CheckConsumeContractParams{
		T: t, Factory: uidFactory(), Signal: pipeline.SignalLogs, Config: cfg, GenerateCount: contractObjects,
		Generator: &objectGenerator{
			records: contractRecords(),
			put: func(key, content string) {
				server.Put(t, "logs", key, []byte(content))
				mu.Lock()
				defer mu.Unlock()
				keys = append(keys, key)
			},
			clear: func() {
				server.Delete(t, "logs", keys...)
				keys = nil
			},
		},
	})
}
