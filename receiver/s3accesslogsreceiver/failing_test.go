package s3accesslogsreceiver

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

var errDisk = errors.New("disk full")

// failingStorage is a storage extension of which every third write fails. What
// was written stays over the clients.
type failingStorage struct {
	component.StartFunc
	component.ShutdownFunc

	mu     sync.Mutex
	rnd    *rand.Rand
	values map[string][]byte
	failed int
}

func (s *failingStorage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return failingClient{s}, nil
}

type failingClient struct{ *failingStorage }

func (c failingClient) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.values[key], nil
}

func (c failingClient) Set(_ context.Context, key string, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rnd.IntN(3) == 0 {
		c.failed++
		return errDisk
	}
	c.values[key] = value
	return nil
}

func (c failingClient) Delete(_ context.Context, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.values, key)
	return nil
}

func (c failingClient) Batch(ctx context.Context, ops ...*storage.Operation) (err error) {
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value, err = c.Get(ctx, op.Key)
		case storage.Set:
			err = c.Set(ctx, op.Key, op.Value)
		case storage.Delete:
			err = c.Delete(ctx, op.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c failingClient) Close(context.Context) error { return nil }

// Storage that fails to write every so often loses nothing and counts nothing
// twice, also over restarts.
func TestStorageThatFailsToWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, records := t.TempDir(), samplelogs.Records(12, 3000)
		for i := range 30 {
			writeFile(t, filepath.Join(dir, strconv.Itoa(i)), strings.Join(records[i*100:i*100+100], "\n")+"\n")
		}
		id := component.MustNewID("failing")
		ext := &failingStorage{rnd: rand.New(rand.NewPCG(1, 2)), values: map[string][]byte{}}
		host := &storageHost{componenttest.NewNopHost(), map[component.ID]component.Component{id: ext}}
		cfg := directoryConfig(dir)
		cfg.Storage, cfg.Logs.BatchSize, cfg.Logs.FlushInterval = &id, 100, 10*time.Millisecond

		logs, metrics := new(consumertest.LogsSink), new(consumertest.MetricsSink)
		for life := range 5 {
			l, m := both(t, settings("failing"), cfg, logs, metrics)
			for l.Start(t.Context(), host) != nil { // the first snapshot may fail as well
				require.Less(t, life, 1)
			}
			require.NoError(t, m.Start(t.Context(), host))
			if life == 4 {
				<-sharedOf(l).run.done
			} else {
				time.Sleep(300 * time.Millisecond)
			}
			require.NoError(t, l.Shutdown(t.Context()))
			require.NoError(t, m.Shutdown(t.Context()))
		}
		assert.Positive(t, ext.failed)
		got := uids(logs.AllLogs())
		for _, record := range records {
			require.Contains(t, got, uidOf(record))
		}
		total, _ := requests(metrics.AllMetrics(), true)
		assert.EqualValues(t, len(records), total)
	})
}

func TestRefusalsAreMeasured(t *testing.T) {
	dir, records := t.TempDir(), samplelogs.Records(13, 100)
	writeFile(t, filepath.Join(dir, "a"), strings.Join(records, "\n")+"\n")
	cfg := directoryConfig(dir)
	cfg.Retry.InitialInterval, cfg.OnRefusal = time.Millisecond, refusalDrop
	next := &scripted{answers: []error{errBusy, errBusy, consumererror.NewPermanent(errBusy)}}
	tel, r := startMeasured(t, cfg, next)
	r.awaitLogged(t, "directory read to its end")
	got := readTelemetry(t, tel)
	assert.EqualValues(t, 2, got["batches retried"])
	assert.EqualValues(t, 1, got["batches refused"])
	assert.Zero(t, got["batches accepted"])
	assert.EqualValues(t, 100, got["records refused"])
	assert.EqualValues(t, 100, got["records ok"])
}
