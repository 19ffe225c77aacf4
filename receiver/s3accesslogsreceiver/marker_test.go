package s3accesslogsreceiver

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func TestProgressThatIsGoneIsNoFreshStart(t *testing.T) {
	host, id := newStorageHost(t)
	stored := host.extensions[id].(*memoryStorage)
	cfg := directoryConfig(t.TempDir())
	cfg.Storage = &id
	writeFile(t, filepath.Join(cfg.Directory.Get().Path, "a"), samplelogs.Records(3, 1)[0]+"\n")
	sink := new(consumertest.LogsSink)
	_, r := startMeasuredOn(t, host, cfg, sink)
	r.awaitLogged(t, "directory read to its end")
	require.NoError(t, r.Shutdown(t.Context()))

	maps.DeleteFunc(stored.values, func(key string, _ []byte) bool { return !strings.HasSuffix(key, "/marker/marker") })
	require.Len(t, stored.values, 1)
	for range 2 {
		l, err := NewFactory().CreateLogs(t.Context(), settings("one"), cfg, sink)
		require.NoError(t, err)
		err = l.Start(t.Context(), host)
		require.ErrorIs(t, err, checkpoint.ErrUnreadable)
		require.ErrorContains(t, err, "`storage` \"memory_storage\"")
		require.NoError(t, l.Shutdown(t.Context()))
	}
	assert.Equal(t, 1, sink.LogRecordCount())
}

func TestStorageThatVanishesIsToldWithinAMinuteAndWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		extensions, id := newStorageHost(t)
		stored := extensions.extensions[id].(*memoryStorage)
		status := newStatusHost()
		cfg := directoryConfig(t.TempDir())
		cfg.Directory.Get().Follow = true
		cfg.Storage = &id
		l, err := NewFactory().CreateLogs(t.Context(), settings("vanishes"), cfg, new(consumertest.LogsSink))
		require.NoError(t, err)
		require.NoError(t, l.Start(t.Context(), struct {
			*storageHost
			*statusHost
		}{extensions, status}))
		time.Sleep(time.Hour)
		require.Nil(t, status.next())

		stored.mu.Lock()
		there := stored.values
		stored.values = map[string][]byte{}
		stored.mu.Unlock()
		time.Sleep(time.Minute)
		e := status.next()
		require.NotNil(t, e)
		assert.Equal(t, componentstatus.StatusRecoverableError, e.Status())
		require.ErrorContains(t, e.Err(), "finding the stored progress: `storage` \"memory_storage\": the stored progress is not where it was")

		stored.mu.Lock()
		maps.Copy(stored.values, there)
		stored.mu.Unlock()
		time.Sleep(time.Minute)
		e = status.next()
		require.NotNil(t, e)
		assert.Equal(t, componentstatus.StatusOK, e.Status())
		require.NoError(t, l.Shutdown(t.Context()))
	})
}
