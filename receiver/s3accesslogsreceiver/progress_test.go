package s3accesslogsreceiver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// storageHost is a host with extensions.
type storageHost struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h *storageHost) GetExtensions() map[component.ID]component.Component { return h.extensions }

func newStorageHost(t *testing.T) (*storageHost, component.ID) {
	t.Helper()
	id := component.MustNewID("memory_storage")
	return &storageHost{componenttest.NewNopHost(), map[component.ID]component.Component{id: newMemoryStorage()}}, id
}

// What arrives while a collector is down that began with the latest is read when
// it is up again, also when it never saw an object before.
func TestLatestGoesOnWhereItStopped(t *testing.T) {
	server := s3test.Start(t)
	server.SetEnv(t)
	server.CreateBucket(t, "logs")
	host, storage := newStorageHost(t)
	cfg := createDefaultConfig().(*Config)
	cfg.Storage = &storage
	cfg.AWS = s3io.Config{Endpoint: server.Endpoint, ForcePathStyle: true}
	cfg.Bucket = configoptional.Some(fleet.Config{Config: listing.Config{
		Name: "logs", Layout: listing.Auto, PollInterval: time.Second, StartFrom: "latest",
		Lookback: 48 * time.Hour, Shard: listing.Shard{Share: listing.Share{Count: 1}},
	}})
	records := samplelogs.Records(8, 30)
	put := func(n int) {
		key := fmt.Sprintf("%s-%016d", time.Now().UTC().Format("2006-01-02-15-04-05"), n)
		server.Put(t, "logs", key, []byte(strings.Join(records[10*n:10*n+10], "\n")+"\n"))
	}
	put(0)
	time.Sleep(1100 * time.Millisecond) // LastModified has whole seconds

	sink := new(consumertest.LogsSink)
	life := func(until func() bool) {
		set := receivertest.NewNopSettings(metadata.Type)
		set.ID = component.NewID(metadata.Type)
		r, err := NewFactory().CreateLogs(t.Context(), set, cfg, sink)
		require.NoError(t, err)
		require.NoError(t, r.Start(t.Context(), host))
		require.Eventually(t, until, waitLimit, 10*time.Millisecond)
		require.NoError(t, r.Shutdown(t.Context()))
	}
	begin := time.Now()
	life(func() bool { return time.Since(begin) > 500*time.Millisecond })
	put(1)
	life(func() bool { return sink.LogRecordCount() >= 10 })
	put(2)
	life(func() bool { return sink.LogRecordCount() >= 20 })
	assert.Equal(t, uidsOf(records[10:]...), uids(sink.AllLogs()), "each once, and none from before the first start")
}

func TestStorageThatIsNotThereFailsTheStart(t *testing.T) {
	cfg := directoryConfig(t.TempDir())
	cfg.Storage = new(component.MustNewID("file_storage"))
	r, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(t.Context(), componenttest.NewNopHost()), "`storage` is \"file_storage\": there is no such extension")
	require.NoError(t, r.Shutdown(t.Context()))
}
