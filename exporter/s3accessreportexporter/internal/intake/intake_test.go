package intake

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a storage in memory.
type fake struct {
	mu     sync.Mutex
	values map[string][]byte
	sets   int
	bytes  int
	entry  int                             // bytes of the largest value
	set    func(ctx context.Context) error // before each Set; nil: nothing
}

var errFake = errors.New("the disk is gone")

func newFake() *fake { return &fake{values: map[string][]byte{}} }

func (f *fake) Get(_ context.Context, key string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.values[key], nil
}

func (f *fake) Set(ctx context.Context, key string, value []byte) error {
	if f.set != nil {
		if err := f.set(ctx); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sets++
	f.bytes += len(value)
	f.entry = max(f.entry, len(value))
	f.values[key] = slices.Clone(value)
	return nil
}

func (f *fake) Delete(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.values, key)
	return nil
}

func (f *fake) Batch(ctx context.Context, operations ...*storage.Operation) error {
	for _, o := range operations {
		if err := f.Delete(ctx, o.Key); err != nil {
			return err
		}
	}
	return nil
}

func (*fake) Close(context.Context) error { return nil }

// killed is a copy of the storage, as after a SIGKILL.
func (f *fake) killed() *fake {
	f.mu.Lock()
	defer f.mu.Unlock()
	again := newFake()
	for key, value := range f.values {
		again.values[key] = value
	}
	return again
}

var now = time.Date(2026, 11, 17, 15, 42, 8, 0, time.UTC)

func clock() time.Time { return now }

// made has records with the numbers from a to z as uids.
func made(a, z int) plog.Logs {
	logs := plog.NewLogs()
	of := logs.ResourceLogs().AppendEmpty()
	of.Resource().Attributes().PutStr("aws.s3.bucket", "b")
	records := of.ScopeLogs().AppendEmpty().LogRecords()
	for i := a; i < z; i++ {
		record := records.AppendEmpty()
		record.SetEventName("aws.s3.server_access")
		record.SetTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Duration(i) * time.Second)))
		var id [16]byte
		wire.Fixed(id[:0], uint64(i)*0x9E3779B97F4A7C15+1)
		record.Attributes().PutStr("log.record.uid", hex.EncodeToString(id[:]))
		record.Attributes().PutStr("aws.s3.operation", "REST.GET.OBJECT")
		record.Attributes().PutStr("aws.s3.key", fmt.Sprint("key/", i))
		record.Attributes().PutInt("http.response.status_code", 200)
	}
	logs.MarkReadOnly()
	return logs
}

func requests(i *Intake) (n uint64) {
	i.View(func(t *tally.Tally, _ uint64) {
		for c := range t.Cells() {
			n += c.Value.Requests
		}
	})
	return n
}

func opened(t *testing.T, f *fake) *Intake {
	t.Helper()
	i := New(720*time.Hour, clock)
	require.NoError(t, i.Open(t.Context(), f))
	return i
}

func TestEachRecordCountsOnceWithoutAStore(t *testing.T) {
	i := New(720*time.Hour, clock)
	require.NoError(t, i.Consume(t.Context(), made(0, 100)))
	require.NoError(t, i.Consume(t.Context(), made(50, 150)))
	assert.EqualValues(t, 150, requests(i))
	assert.EqualValues(t, 2, i.Version())
	assert.NoError(t, i.Close(t.Context()))
}

// What Consume accepted is there after a kill at any moment; what it did not accept is
// offered again and counts once.
func TestKilledAtAnyMomentEachRecordCountsOnce(t *testing.T) {
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 1))
		f := newFake()
		i := opened(t, f)
		accepted := map[int]bool{}
		for range 30 {
			from := random.IntN(4000)
			to := from + random.IntN(300)
			killed := f.killed() // before the batch, or
			err := i.Consume(t.Context(), made(from, to))
			require.NoError(t, err)
			if random.IntN(3) == 0 {
				killed = f.killed() // behind it
				for r := from; r < to; r++ {
					accepted[r] = true
				}
			}
			if random.IntN(4) > 0 && len(killed.values) == len(f.values) {
				continue
			}
			f = killed
			i = opened(t, f)
			require.NoError(t, i.Consume(t.Context(), made(from, to)), "offered again")
			for r := from; r < to; r++ {
				accepted[r] = true
			}
		}
		assert.EqualValues(t, len(accepted), requests(i), seed)
		assert.EqualValues(t, len(accepted), requests(opened(t, f)), seed)
	}
}

func TestARefusedWriteCountsNothing(t *testing.T) {
	f := newFake()
	i := opened(t, f)
	f.set = func(context.Context) error { return errFake }
	require.ErrorIs(t, i.Consume(t.Context(), made(0, 10)), errFake)
	assert.Zero(t, requests(i))
	f.set = nil
	require.NoError(t, i.Consume(t.Context(), made(0, 10)))
	assert.EqualValues(t, 10, requests(i))
}

func TestBatchesThatWaitTogetherShareAWrite(t *testing.T) {
	f := newFake()
	i := opened(t, f)
	hold := make(chan struct{})
	first := make(chan struct{}, 100)
	f.set = func(context.Context) error {
		first <- struct{}{}
		<-hold
		return nil
	}
	var all sync.WaitGroup
	consume := func(n int) {
		all.Go(func() { assert.NoError(t, i.Consume(context.Background(), made(n*10, n*10+10))) })
	}
	consume(0)
	<-first
	for n := 1; n < 20; n++ {
		consume(n)
	}
	assert.Eventually(t, func() bool {
		i.waiting.Lock()
		defer i.waiting.Unlock()
		return len(i.waiting.batches) == 19
	}, 10*time.Second, time.Millisecond)
	assert.Zero(t, requests(i), "nothing counts before it is stored")
	close(hold)
	all.Wait()
	assert.Equal(t, 2, f.sets)
	assert.EqualValues(t, 200, requests(i))
	assert.EqualValues(t, 200, requests(opened(t, f)))
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	f := newFake()
	i := opened(t, f)
	hold := make(chan struct{})
	inside := make(chan struct{})
	f.set = func(context.Context) error {
		close(inside)
		<-hold
		return nil
	}
	done := make(chan error)
	go func() { done <- i.Consume(context.Background(), made(0, 10)) }()
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, i.Consume(ctx, made(10, 20)), context.DeadlineExceeded)
	require.ErrorIs(t, i.Close(ctx), context.DeadlineExceeded, "a write is under way")
	f.set = nil
	close(hold)
	require.NoError(t, <-done)
	require.NoError(t, i.Consume(t.Context(), made(10, 20)), "offered again")
	assert.EqualValues(t, 20, requests(i))
	assert.NoError(t, i.Close(t.Context()))
}

func TestManyAtOnce(t *testing.T) {
	f := newFake()
	i := opened(t, f)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for k := range 30 {
				from := (n*30 + k) * 50
				assert.NoError(t, i.Consume(context.Background(), made(from, from+100))) // each twice
			}
		})
	}
	all.Go(func() {
		for range 20 {
			requests(i)
		}
	})
	all.Wait()
	assert.EqualValues(t, 8*30*50+50, requests(i))
	assert.EqualValues(t, 8*30*50+50, requests(opened(t, f)))
}

func TestWritesAreInProportionToTheBatches(t *testing.T) {
	f := newFake()
	i := opened(t, f)
	entries := 0
	for n := range 100 {
		before := f.bytes
		f.entry = 0
		require.NoError(t, i.Consume(t.Context(), made(n*500, n*500+500)))
		if f.bytes-before == f.entry {
			entries = max(entries, f.entry) // no snapshot
		}
	}
	assert.Less(t, entries/500, 100, "bytes of a record")
	assert.LessOrEqual(t, f.bytes, 3*100*entries, "with the snapshots")
	assert.EqualValues(t, 50_000, requests(opened(t, f)))
}
