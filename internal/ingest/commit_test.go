package ingest

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func openStore(t *testing.T, client *fakeStorage) *checkpoint.Store {
	t.Helper()
	store, err := checkpoint.Open(t.Context(), client, nil)
	require.NoError(t, err)
	return store
}

func idOf(o *fakeObject) checkpoint.ID { return source.Identify("logs", o.key, "") }

func TestWhatIsDoneIsFoundAgain(t *testing.T) {
	client := &fakeStorage{values: map[string][]byte{}}
	objects, _ := sampleObjects(30, 5000, 300)
	r := newRig(testConfig(), newFakeSource(objects...), &fakeSink{})
	r.parts.Progress = openStore(t, client)
	require.NoError(t, r.Run(t.Context()))

	again := openStore(t, client)
	assert.False(t, again.Fresh())
	for _, o := range objects {
		require.True(t, again.Done(idOf(o)), o.key)
	}
}

// What was not read may be read under another name.
func TestAliasIsDoneOnlyWhenTheObjectWasRead(t *testing.T) {
	client := &fakeStorage{values: map[string][]byte{}}
	read, gone := textObject(samplelogs.Records(36, 10)...), &fakeObject{key: "gone", fault: source.ErrGone}
	read.alias, gone.alias = source.ID{1}, source.ID{2}
	r := newRig(testConfig(), newFakeSource(read, gone), &fakeSink{})
	r.parts.Progress = openStore(t, client)
	require.NoError(t, r.Run(t.Context()))
	again := openStore(t, client)
	for id, want := range map[checkpoint.ID]bool{idOf(read): true, read.alias: true, idOf(gone): true, gone.alias: false, {}: false} {
		assert.Equal(t, want, again.Done(id), "%x", id)
	}
}

func TestHowFarAnObjectCameIsFoundAgain(t *testing.T) {
	text := samplelogs.Records(31, 20_000)
	var objects []string
	for i := range 3000 {
		objects = append(objects, fmt.Sprintf(`{"request_time":"2026-02-06T00:00:38.123Z","operation":"REST.GET.OBJECT","key_name":"%d"}`, i))
	}
	for name, c := range map[string]struct {
		records []string
		between string
	}{
		"a record a line":       {text, "\n"},
		"objects on one line":   {objects, ""},
		"objects with a space":  {objects, " "},
		"joined records":        {text[:1000], " "},
		"lines of many objects": {[]string{strings.Join(objects[:1500], ""), strings.Join(objects[1500:], "")}, "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				want := uidsOf(c.records)
				if name == "lines of many objects" {
					want = uidsOf(objects)
				}
				cfg := testConfig()
				cfg.Deliveries = 1 // so that the batches that are accepted are the first ones
				cfg.SplitJoined, cfg.BatchRecords = c.between == " ", min(cfg.BatchRecords, len(want)/5)
				client := &fakeStorage{values: map[string][]byte{}}
				object := textObject(strings.Join(c.records, c.between))
				src := newFakeSource(object)
				src.once = true
				accepted := 0
				var mu sync.Mutex
				sink := &fakeSink{decide: func(ctx context.Context, _ int) error {
					mu.Lock()
					accepted++
					stuck := accepted > 3
					mu.Unlock()
					if stuck {
						<-ctx.Done()
					}
					return ctx.Err()
				}}
				r := newRig(cfg, src, sink)
				r.parts.Progress = openStore(t, client)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				_ = r.Run(ctx) // the source ended before

				store := openStore(t, client)
				object.offset, _ = store.Reached(idOf(object))
				assert.Positive(t, object.offset)
				sink.decide = nil
				next := newRig(cfg, newFakeSource(object), sink)
				next.parts.Progress = store
				require.NoError(t, next.Run(t.Context()))
				assert.True(t, maps.Equal(want, sink.uids), "the rest, and nothing twice")
				assert.True(t, store.Done(idOf(object)))
			})
		})
	}
}

func uidsOf(records []string) map[string]int {
	n := make(map[string]int)
	for _, r := range records {
		n[hexID(r)]++
	}
	return n
}

func TestNothingIsAckedBeforeItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &fakeStorage{values: map[string][]byte{}}
		objects, want := sampleObjects(32, 3000, 100)
		r := newRig(testConfig(), newFakeSource(objects...), &fakeSink{})
		r.parts.Progress = openStore(t, client)
		client.fails.Store(true)
		done := make(chan error, 1)
		go func() { done <- r.Run(t.Context()) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, o := range objects {
			require.Zero(t, o.acked)
		}
		require.NotEmpty(t, r.concerns.errors())
		require.ErrorIs(t, r.concerns.errors()[0], errDiskFull)

		client.fails.Store(false)
		require.NoError(t, <-done)
		assert.Equal(t, want, r.sink.uids)
		for _, o := range objects {
			require.Equal(t, 1, o.acked)
		}
	})
}

func TestWhatCouldNotBeStoredIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &fakeStorage{values: map[string][]byte{}}
		objects, want := sampleObjects(33, 3000, 100)
		src := newFakeSource(objects...)
		src.once = true
		r := newRig(testConfig(), src, &fakeSink{})
		r.parts.Progress = openStore(t, client)
		client.fails.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		_ = r.Run(ctx) // the source ended before
		for _, o := range objects {
			require.Zero(t, o.acked)
		}

		client.fails.Store(false)
		store := openStore(t, client)
		for _, o := range objects {
			require.False(t, store.Done(idOf(o)))
			o.offset, _ = store.Reached(idOf(o))
			require.Zero(t, o.offset)
		}
		sink := &fakeSink{}
		next := newRig(testConfig(), newFakeSource(objects...), sink)
		next.parts.Progress = store
		require.NoError(t, next.Run(t.Context()))
		assert.Equal(t, want, sink.uids)
	})
}

// A batch that was accepted counts although the one behind it was not.
func TestAcceptedBatchIsCommittedBeforeAFailedOne(t *testing.T) {
	objects, _ := sampleObjects(36, 2, 1)
	r := newRig(testConfig(), newFakeSource(), &fakeSink{})
	client := &fakeStorage{values: map[string][]byte{}}
	r.parts.Progress = openStore(t, client)
	results := make(chan *batch, 2)
	src := newFakeSource(objects...)
	for i, o := range objects {
		work, err := src.Next(t.Context())
		require.NoError(t, err)
		b := &batch{number: uint64(i), marks: []mark{{object: &object{work: work}, end: int64(len(o.content)), last: true}}}
		if i == 1 {
			b.undelivered = context.Canceled
		}
		r.window <- struct{}{}
		r.unacknowledged <- struct{}{}
		results <- b
	}
	close(results)
	r.commit(t.Context(), results)
	assert.Equal(t, 1, objects[0].acked)
	assert.Equal(t, 1, objects[1].nacked)
	assert.True(t, openStore(t, client).Done(idOf(objects[0])))
}

func TestHungStorageDoesNotHangTheShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		objects, _ := sampleObjects(37, 300, 10)
		src := newFakeSource(objects...)
		src.once = true
		r := newRig(testConfig(), src, &fakeSink{})
		client := &hungStorage{fakeStorage: fakeStorage{values: map[string][]byte{}}}
		store, err := checkpoint.Open(t.Context(), client, nil)
		require.NoError(t, err)
		client.hangs = true
		r.parts.Progress = store
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		begin := time.Now()
		_ = r.Run(ctx) // the source ended before
		assert.LessOrEqual(t, time.Since(begin), time.Minute+drainTime+lastCommit)
		for _, o := range objects {
			require.Zero(t, o.acked)
		}
	})
}

// hungStorage answers no write before its context is done.
type hungStorage struct {
	fakeStorage
	hangs bool
}

func (s *hungStorage) Set(ctx context.Context, key string, value []byte) error {
	if !s.hangs {
		return s.fakeStorage.Set(ctx, key, value)
	}
	<-ctx.Done()
	return ctx.Err()
}

// keepingSource has something of its own to commit.
type keepingSource struct {
	*fakeSource
	changes []source.Change
}

func (s *keepingSource) Change() source.Change {
	if len(s.changes) == 0 {
		return source.Change{}
	}
	c := s.changes[0]
	s.changes = s.changes[1:]
	return c
}

func TestCursorsOfTheSourceAreStored(t *testing.T) {
	client := &fakeStorage{values: map[string][]byte{}}
	objects, _ := sampleObjects(34, 100, 10)
	src := &keepingSource{newFakeSource(objects...), []source.Change{
		{Cursors: map[string][]byte{"names": []byte("here")}},
		{Cursors: map[string][]byte{"names": []byte("there")}},
		{Cursors: map[string][]byte{"names": []byte("end")}},
	}}
	r := newRig(testConfig(), src.fakeSource, &fakeSink{})
	r.parts.Source = src
	r.parts.Progress = openStore(t, client)
	require.NoError(t, r.Run(t.Context()))
	cursor := openStore(t, client).Cursors()["names"]
	assert.Contains(t, []string{"there", "end"}, string(cursor), "one commit with the batches, one at the end")
}

func TestBatchesThatWaitedShareACommit(t *testing.T) {
	objects, _ := sampleObjects(35, 20_000, 50)
	synctest.Test(t, func(t *testing.T) { // a write lasts until all else waits for it
		cfg := testConfig()
		cfg.Deliveries, cfg.BatchRecords = 16, 100
		client := &slowStorage{fakeStorage{values: map[string][]byte{}}, 0}
		r := newRig(cfg, newFakeSource(objects...), &fakeSink{})
		store, err := checkpoint.Open(t.Context(), client, nil)
		require.NoError(t, err)
		r.parts.Progress = store
		require.NoError(t, r.Run(t.Context()))
		assert.Less(t, client.writes, len(r.sink.batches)/2)
	})
}

// slowStorage takes a while to write.
type slowStorage struct {
	fakeStorage
	writes int
}

func (s *slowStorage) Set(ctx context.Context, key string, value []byte) error {
	time.Sleep(5 * time.Millisecond)
	s.writes++
	return s.fakeStorage.Set(ctx, key, value)
}
