package s3accesslogsreceiver

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/threat"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// hungReads is a source of which the reads return only when hang is closed, as those of a
// file on a mount that does not answer.
type hungReads struct {
	source.Source
	hang <-chan struct{}
}

func (s hungReads) Next(ctx context.Context) (*source.Work, error) {
	w, err := s.Source.Next(ctx)
	if err == nil {
		w.Content = hungContent{w.Content, s.hang}
	}
	return w, err
}

type hungContent struct {
	source.Content
	hang <-chan struct{}
}

func (c hungContent) OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error) {
	r, err := c.Content.OpenAt(ctx, offset)
	return hungReader{r, c.hang}, err
}

type hungReader struct {
	io.ReadCloser
	hang <-chan struct{}
}

func (r hungReader) Read(p []byte) (int, error) {
	<-r.hang
	return r.ReadCloser.Read(p)
}

// A read hangs in the kernel: the receiver stops in time and names the object, and what the
// read brings later goes nowhere. The next run reads the object.
func TestReadThatHangsIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		records := samplelogs.Records(3, 100)
		path := filepath.Join(dir, "a")
		writeFile(t, path, strings.Join(records, "\n")+"\n")
		cfg := directoryConfig(dir)
		host, id := newStorageHost(t)
		cfg.Storage = &id
		core, logged := observer.New(zap.InfoLevel)
		set := settings("hung_read")
		set.Logger = zap.New(core)
		sink := new(consumertest.LogsSink)
		l, err := NewFactory().CreateLogs(t.Context(), set, cfg, sink)
		require.NoError(t, err)
		hang := make(chan struct{})
		sharedOf(l).receiver.wrap = func(s source.Source) source.Source { return hungReads{s, hang} }
		require.NoError(t, l.Start(t.Context(), host))
		time.Sleep(time.Minute)
		begin := time.Now()
		require.NoError(t, l.Shutdown(t.Context()))
		assert.LessOrEqual(t, time.Since(begin), cfg.ShutdownTimeout+3*time.Second)
		left := logged.FilterMessageSnippet("the receiver stops without what hangs, which is left behind").All()
		require.Len(t, left, 1)
		assert.Contains(t, left[0].Message, "reading "+path)

		again, err := NewFactory().CreateLogs(t.Context(), set, cfg, sink)
		require.NoError(t, err)
		require.NoError(t, again.Start(t.Context(), host))
		time.Sleep(time.Minute)
		assert.Equal(t, uidsOf(records...), uids(sink.AllLogs()))
		close(hang)
		time.Sleep(time.Hour)
		assert.Len(t, records, sink.LogRecordCount(), "the late read is of no use")
		require.NoError(t, again.Shutdown(t.Context()))
	})
}

// hungClientStorage is a storage of which the calls of one client return only when hang is
// closed. calls counts those that began, in clients of this name.
type hungClientStorage struct {
	*memoryStorage
	name    string
	hang    atomic.Pointer[chan struct{}] // nil means that it works
	healthy atomic.Int64                  // calls that work before
	calls   atomic.Int64
}

func (s *hungClientStorage) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	client, err := s.memoryStorage.GetClient(ctx, kind, id, name)
	if name != s.name {
		return client, err
	}
	return hungCalls{client, s}, err
}

type hungCalls struct {
	storage.Client
	from *hungClientStorage
}

func (c hungCalls) wait() {
	n := c.from.calls.Add(1)
	if hang := c.from.hang.Load(); hang != nil && n > c.from.healthy.Load() {
		<-*hang
	}
}

func (c hungCalls) Get(ctx context.Context, key string) ([]byte, error) {
	c.wait()
	return c.Client.Get(ctx, key)
}

func (c hungCalls) Set(ctx context.Context, key string, value []byte) error {
	c.wait()
	return c.Client.Set(ctx, key, value)
}

// The marker and the copies of feeds are in files of their own with file_storage, so each
// can hang alone. The receiver stops in time and names what hangs; the next run waits until
// it has returned.
func TestEachClientOfAStorageThatHangsIsLeftBehindAndAwaited(t *testing.T) {
	for name, want := range map[string]string{
		markerClient: "the storage's marker: reading marker",
		copiesClient: "the storage's copies of feeds: reading feed.state",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := directoryConfig(t.TempDir())
			cfg.Directory.Get().Follow = true
			cfg.ShutdownTimeout = 100 * time.Millisecond
			id := component.MustNewID("hung_storage")
			cfg.Storage = &id
			feed := filepath.Join(t.TempDir(), "feed")
			writeFile(t, feed, "203.0.113.7\n")
			writeFile(t, filepath.Join(cfg.Directory.Get().Path, "a"), samplelogs.Records(3, 1)[0]+"\n")
			cfg.ThreatIntel.Feeds = []FeedConfig{{FeedConfig: threat.FeedConfig{Name: "feed", Path: feed, Format: "auto"}}}
			stored := &hungClientStorage{memoryStorage: newMemoryStorage(), name: name}
			status := newStatusHost()
			host := struct {
				*storageHost
				*statusHost
			}{&storageHost{componenttest.NewNopHost(), map[component.ID]component.Component{id: stored}}, status}
			core, logged := observer.New(zap.InfoLevel)
			set := settings("hung_" + name)
			set.Logger = zap.New(core)
			sink := new(consumertest.LogsSink)
			hang := make(chan struct{})
			calls := int64(0)
			if name == markerClient {
				calls = 2 // a start looks for the marker and makes it
			}
			stored.healthy.Store(calls)
			stored.hang.Store(&hang)
			registry := newRegistry(markerClock{})
			l, err := registry.factory().CreateLogs(t.Context(), set, cfg, sink)
			require.NoError(t, err)
			require.NoError(t, l.Start(t.Context(), host))
			require.Eventually(t, func() bool { return stored.calls.Load() > calls }, time.Minute, time.Millisecond)

			begin := time.Now()
			require.NoError(t, l.Shutdown(t.Context()))
			// On a clock of its own TestReadThatHangsIsLeftBehind holds 3 s; this machine may be busy.
			assert.Less(t, time.Since(begin), cfg.ShutdownTimeout+30*time.Second)
			left := logged.FilterMessageSnippet("the receiver stops without what hangs, which is left behind").All()
			require.Len(t, left, 1)
			assert.Contains(t, left[0].Message, want)

			read := sink.LogRecordCount()
			calls = stored.calls.Load()
			again, err := registry.factory().CreateLogs(t.Context(), set, cfg, sink)
			require.NoError(t, err)
			require.NoError(t, again.Start(t.Context(), host))
			writeFile(t, filepath.Join(cfg.Directory.Get().Path, "b"), samplelogs.Records(4, 1)[0]+"\n")
			unhealthy := logged.FilterMessage("unhealthy").All()
			require.NotEmpty(t, unhealthy)
			assert.Contains(t, unhealthy[len(unhealthy)-1].ContextMap()["error"], "a call of the storage that began before a reload has not returned")
			time.Sleep(100 * time.Millisecond)
			assert.Equal(t, calls, stored.calls.Load(), "nobody calls it while it hangs")
			assert.Equal(t, read, sink.LogRecordCount())

			stored.hang.Store(nil)
			close(hang)
			require.Eventually(t, func() bool { return sink.LogRecordCount() == 2 }, time.Minute, time.Millisecond)
			require.NoError(t, again.Shutdown(t.Context()))
		})
	}
}

// markerClock lets a look for the marker follow the other soon.
type markerClock struct{ systemClock }

func (markerClock) AfterFunc(_ time.Duration, f func()) *time.Timer {
	return time.AfterFunc(time.Millisecond, f)
}
