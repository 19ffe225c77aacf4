package s3accesslogsreceiver

import (
	"context"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// hungStorage is a storage of which writes return only when hang is closed, whatever their
// context says. calls counts those that began.
type hungStorage struct {
	*memoryStorage
	hang  atomic.Pointer[chan struct{}] // nil means that it works
	fails atomic.Bool                   // the write that hung
	calls atomic.Int64
}

func (s *hungStorage) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	client, err := s.memoryStorage.GetClient(ctx, kind, id, name)
	return hungClient{client, s}, err
}

type hungClient struct {
	storage.Client
	from *hungStorage
}

func (c hungClient) Set(ctx context.Context, key string, value []byte) error {
	c.from.calls.Add(1)
	if hang := c.from.hang.Load(); hang != nil {
		<-*hang
		if c.from.fails.Load() {
			return errDisk
		}
	}
	return c.Client.Set(ctx, key, value)
}

// A write hangs, the pipelines are reloaded, and the write returns late. The new run waits
// for it, unhealthy, and each request is counted once, whether the write had worked or not.
func TestStorageThatHangsHoldsUpTheNextRunAndNothingElse(t *testing.T) {
	for name, fails := range map[string]bool{"the late write works": false, "the late write fails": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				records := samplelogs.Records(3, 100)
				cfg := directoryConfig(dir)
				cfg.Directory.Get().Follow = true
				cfg.Metrics.Interval = time.Second
				id := component.MustNewID("hung_storage")
				cfg.Storage = &id
				stored := &hungStorage{memoryStorage: newMemoryStorage()}
				stored.fails.Store(fails)
				status := newStatusHost()
				host := struct {
					*storageHost
					*statusHost
				}{&storageHost{componenttest.NewNopHost(), map[component.ID]component.Component{id: stored}}, status}
				core, logged := observer.New(zap.InfoLevel)
				set := settings("hung")
				set.Logger = zap.New(core)
				logs, metrics := new(consumertest.LogsSink), new(consumertest.MetricsSink)

				l, m := both(t, set, cfg, logs, metrics)
				require.NoError(t, l.Start(t.Context(), host))
				require.NoError(t, m.Start(t.Context(), host))
				time.Sleep(time.Minute)
				hang := make(chan struct{})
				stored.hang.Store(&hang)
				writeFile(t, filepath.Join(dir, "a"), strings.Join(records, "\n")+"\n")
				time.Sleep(time.Minute)
				require.Equal(t, len(records), logs.LogRecordCount())

				begin := time.Now()
				require.NoError(t, l.Shutdown(t.Context()))
				require.NoError(t, m.Shutdown(t.Context()))
				assert.LessOrEqual(t, time.Since(begin), cfg.ShutdownTimeout+3*time.Second)
				left := logged.FilterMessageSnippet("the receiver stops without what hangs, which is left behind").All()
				require.Len(t, left, 1)
				assert.Contains(t, left[0].Message, "the storage: writing journal/")

				calls := stored.calls.Load()
				l, m = both(t, set, cfg, logs, metrics)
				begin = time.Now()
				require.NoError(t, l.Start(t.Context(), host))
				require.NoError(t, m.Start(t.Context(), host))
				assert.Less(t, time.Since(begin), time.Second, "a start does not wait")
				time.Sleep(time.Hour)
				assert.Equal(t, calls, stored.calls.Load(), "nobody writes while it hangs")
				unhealthy := status.next()
				require.NotNil(t, unhealthy)
				assert.Equal(t, componentstatus.StatusRecoverableError, unhealthy.Status())
				require.ErrorContains(t, unhealthy.Err(), "a call of the storage that began before a reload has not returned")

				before := len(metrics.AllMetrics())
				stored.hang.Store(nil)
				close(hang)
				time.Sleep(time.Minute)
				recovered := status.next()
				require.NotNil(t, recovered)
				assert.Equal(t, componentstatus.StatusOK, recovered.Status())
				more := samplelogs.Records(4, 50)
				writeFile(t, filepath.Join(dir, "b"), strings.Join(more, "\n")+"\n")
				time.Sleep(time.Minute)
				require.NoError(t, m.Shutdown(t.Context()))
				require.NoError(t, l.Shutdown(t.Context()))
				total, _ := requests(metrics.AllMetrics()[before:], true)
				assert.Equal(t, int64(len(records)+len(more)), total)
				assert.Subset(t, uids(logs.AllLogs()), uidsOf(more...))
			})
		})
	}
}

// A stop while a run waits for its storage returns at once, and it never starts.
func TestStopWhileTheStorageIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		id := component.MustNewID("hung_storage")
		stored := &hungStorage{memoryStorage: newMemoryStorage()}
		host := &storageHost{componenttest.NewNopHost(), map[component.ID]component.Component{id: stored}}
		dir := t.TempDir()
		cfg := directoryConfig(dir)
		cfg.Directory.Get().Follow = true
		cfg.Storage = &id
		set, logs := settings("busy"), new(consumertest.LogsSink)
		writeFile(t, filepath.Join(dir, "a"), samplelogs.Records(3, 1)[0]+"\n")
		l, err := NewFactory().CreateLogs(t.Context(), set, cfg, logs)
		require.NoError(t, err)
		require.NoError(t, l.Start(t.Context(), host))
		hang := make(chan struct{})
		stored.hang.Store(&hang)
		time.Sleep(time.Minute)
		require.NoError(t, l.Shutdown(t.Context()))

		again, err := NewFactory().CreateLogs(t.Context(), set, cfg, logs)
		require.NoError(t, err)
		require.NoError(t, again.Start(t.Context(), host))
		begin := time.Now()
		require.NoError(t, again.Shutdown(t.Context()))
		assert.Zero(t, time.Since(begin))
		close(hang)
		time.Sleep(time.Minute)
		assert.Nil(t, sharedOf(again).run)
		assert.Equal(t, 1, logs.LogRecordCount())
	})
}

// A consumer that never returns is left behind, and what it says later goes nowhere.
func TestPipelineThatNeverAnswersIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "a"), samplelogs.Records(3, 1)[0]+"\n")
		cfg := directoryConfig(dir)
		host, id := newStorageHost(t)
		cfg.Storage = &id
		answer := make(chan struct{})
		var offers atomic.Int64
		next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
			offers.Add(1)
			<-answer
			return errDisk
		})
		require.NoError(t, err)
		core, logged := observer.New(zap.InfoLevel)
		set := settings("never")
		set.Logger = zap.New(core)
		l, err := NewFactory().CreateLogs(t.Context(), set, cfg, next)
		require.NoError(t, err)
		require.NoError(t, l.Start(t.Context(), host))
		time.Sleep(time.Minute)
		begin := time.Now()
		require.NoError(t, l.Shutdown(t.Context()))
		assert.LessOrEqual(t, time.Since(begin), cfg.ShutdownTimeout+3*time.Second)
		left := logged.FilterMessageSnippet("the receiver stops without what hangs, which is left behind").All()
		require.Len(t, left, 1)
		assert.Contains(t, left[0].Message, "the pipeline of logs")

		values, messages := len(host.extensions[id].(*memoryStorage).values), logged.Len()
		close(answer)
		time.Sleep(time.Hour)
		assert.Equal(t, int64(1), offers.Load())
		assert.Len(t, host.extensions[id].(*memoryStorage).values, values)
		assert.Equal(t, messages, logged.Len(), "nothing is logged afterwards")
	})
}
