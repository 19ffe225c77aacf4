package ingest

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func hexID(line string) string {
	id := lines.Identify(line)
	return hex.EncodeToString(id[:])
}

func TestEveryRecordOnceAndEveryObjectAcked(t *testing.T) {
	objects, want := sampleObjects(1, 20_000, 900)
	r := newRig(testConfig(), newFakeSource(objects...), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))

	assert.Equal(t, want, r.sink.uids)
	for _, o := range objects {
		require.Equal(t, 1, o.acked, o.key)
	}
	totals := r.Totals()
	assert.EqualValues(t, 20_000, totals.Records)
	assert.EqualValues(t, len(objects), totals.Objects)
	assert.Zero(t, r.InFlight())
	assert.Zero(t, r.Unacknowledged())
	for _, n := range r.sink.batches {
		assert.LessOrEqual(t, n, 2048)
	}
}

func TestSmallObjectsShareBatches(t *testing.T) {
	objects, want := sampleObjects(2, 10_000, 5)
	r := newRig(testConfig(), newFakeSource(objects...), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, want, r.sink.uids)
	assert.Less(t, len(r.sink.batches), len(objects)/10)
}

func TestRecordsOfAnObjectKeepTheirOrder(t *testing.T) {
	cfg := testConfig()
	cfg.Deliveries = 1
	records := samplelogs.Records(3, 5000)
	r := newRig(cfg, newFakeSource(textObject(records...)), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	// Batches group by resource, so the order holds within a bucket.
	seen := 0
	position := make(map[string]int)
	for i, uid := range r.sink.inOrder {
		position[uid] = i
	}
	last := make(map[string]int)
	for _, rec := range records {
		bucket := strings.Fields(rec)[0] + strings.Fields(rec)[1]
		at := position[hexID(rec)]
		if before, ok := last[bucket]; ok {
			require.Greater(t, at, before)
			seen++
		}
		last[bucket] = at
	}
	assert.Positive(t, seen)
}

func TestBatchLimits(t *testing.T) {
	objects, want := sampleObjects(4, 3000, 700)
	cfg := testConfig()
	cfg.BatchRecords, cfg.BatchBytes = 100, 64<<10
	r := newRig(cfg, newFakeSource(objects...), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, want, r.sink.uids)
	for _, n := range r.sink.batches {
		assert.LessOrEqual(t, n, 100)
	}
	assert.LessOrEqual(t, r.sink.largest, 64<<10)
}

// The worst a line can do to a message: everything is repeated in the original
// and the body, and every byte becomes three.
func TestBatchBytesHoldForHostileLines(t *testing.T) {
	base := samplelogs.Records(5, 1)[0]
	agent := strings.Index(base, `" "`) + 3
	var records []string
	for _, n := range []int{10 << 10, 90 << 10, 200 << 10, 600 << 10, 1000 << 10} {
		for range 6 {
			records = append(records, base[:agent]+strings.Repeat("\xff", n)+base[agent:])
		}
	}
	r := newRigWith(testConfig(), newFakeSource(textObject(records...)), &fakeSink{},
		otlplogs.Options{Original: otlplogs.OriginalAlways, Body: otlplogs.BodyOriginal})
	require.NoError(t, r.Run(t.Context()))
	total := 0
	for _, n := range r.sink.uids {
		total += n
	}
	assert.Equal(t, len(records), total)
	assert.LessOrEqual(t, r.sink.largest, 3<<20)
}

func TestLongLineIsKeptAsMalformed(t *testing.T) {
	cfg := testConfig()
	cfg.Lines.Line = 8 << 10
	good := samplelogs.Records(6, 2)
	long := good[0][:70] + strings.Repeat("x", 100<<10)
	r := newRig(cfg, newFakeSource(textObject(good[0], long, good[1])), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, map[string]int{hexID(good[0]): 1, hexID(long): 1, hexID(good[1]): 1}, r.sink.uids)
	assert.EqualValues(t, 1, r.Totals().Malformed)
}

func TestJoinedRecordsAreSplitOnRequest(t *testing.T) {
	records := samplelogs.Records(7, 3)
	joined := strings.Join(records, " ")

	r := newRig(testConfig(), newFakeSource(textObject(joined)), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, map[string]int{hexID(joined): 1}, r.sink.uids, "newline is the only boundary by default")

	cfg := testConfig()
	cfg.SplitJoined = true
	r = newRig(cfg, newFakeSource(textObject(joined)), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Len(t, r.sink.uids, 3)
	for _, rec := range records {
		assert.Equal(t, 1, r.sink.uids[hexID(rec)])
	}
}

func TestJoinedRecordsKeepTheBatchLimits(t *testing.T) {
	joined := strings.Join(samplelogs.Records(8, 1500), " ")
	cfg := testConfig()
	cfg.SplitJoined, cfg.BatchRecords, cfg.BatchBytes = true, 100, 128<<10
	cfg.Lines.Line = 4 << 20
	r := newRig(cfg, newFakeSource(textObject(joined)), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Len(t, r.sink.uids, 1500)
	assert.LessOrEqual(t, slices.Max(r.sink.batches), 100)
	assert.LessOrEqual(t, r.sink.largest, 128<<10)
}

func TestEmptyAndBlankObjectsAreDone(t *testing.T) {
	empty, blank := &fakeObject{key: "empty"}, &fakeObject{key: "blank", content: []byte("\n\r\n\n")}
	r := newRig(testConfig(), newFakeSource(empty, blank), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, 1, empty.acked)
	assert.Equal(t, 1, blank.acked)
	assert.Empty(t, r.sink.batches)
}

func TestBatchIsFlushedWhenNothingIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.FlushInterval = time.Hour
		var delivered time.Duration
		start := time.Now()
		sink := &fakeSink{decide: func(context.Context, int) error {
			delivered = time.Since(start)
			return nil
		}}
		objects, _ := sampleObjects(8, 10, 2)
		src := newFakeSource(objects...)
		r := newRig(cfg, src, sink)
		require.NoError(t, r.Run(t.Context()))
		assert.LessOrEqual(t, delivered, idleFlush)
	})
}

func TestStuckBatchStopsIntake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		objects, want := sampleObjects(9, 40_000, 100)
		release := make(chan struct{})
		var calls atomic.Int64
		sink := &fakeSink{decide: func(ctx context.Context, _ int) error {
			if calls.Add(1) == 1 {
				<-release
			}
			return nil
		}}
		r := newRig(testConfig(), newFakeSource(objects...), sink)
		done := make(chan error, 1)
		go func() { done <- r.Run(t.Context()) }()
		time.Sleep(time.Minute)
		synctest.Wait()

		for _, o := range objects {
			require.Zero(t, o.acked, "nothing is done before the first batch is")
		}
		assert.EqualValues(t, 4, calls.Load(), "as many batches as deliveries")
		assert.Less(t, r.src.takenSoFar(), len(objects)/2)
		close(release)
		require.NoError(t, <-done)
		assert.Equal(t, want, sink.uids)
	})
}

func TestUnacknowledgedObjectsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.MaxUnacknowledged = 20
		objects, _ := sampleObjects(10, 200, 1)
		release := make(chan struct{})
		sink := &fakeSink{decide: func(context.Context, int) error { <-release; return nil }}
		r := newRig(cfg, newFakeSource(objects...), sink)
		done := make(chan error, 1)
		go func() { done <- r.Run(t.Context()) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, 20, r.src.takenSoFar())
		assert.EqualValues(t, 20, r.Unacknowledged())
		assert.Zero(t, r.InFlight(), "a download's slot is free once the object is read")
		close(release)
		require.NoError(t, <-done)
	})
}

func TestRefusedBatchIsDroppedAndTheRestGoesOn(t *testing.T) {
	objects, want := sampleObjects(11, 10_000, 300)
	var calls, refused atomic.Int64
	sink := &fakeSink{decide: func(_ context.Context, records int) error {
		if calls.Add(1) == 2 {
			refused.Store(int64(records))
			return errRefused
		}
		return nil
	}}
	r := newRig(testConfig(), newFakeSource(objects...), sink)
	require.NoError(t, r.Run(t.Context()))
	assert.Len(t, sink.uids, len(want)-int(refused.Load()))
	for _, o := range objects {
		assert.Equal(t, 1, o.acked)
	}
}

func TestShutdownGivesBackWhatWasNotAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		objects, want := sampleObjects(12, 30_000, 800)
		src := newFakeSource(objects...)
		src.once = true
		var accepted atomic.Int64
		sink := &fakeSink{decide: func(ctx context.Context, records int) error {
			if accepted.Add(1) <= 3 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		cfg := testConfig()
		cfg.Deliveries = 1 // so that the batches that are accepted are the first ones
		r := newRig(cfg, src, sink)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(time.Minute)
		begin := time.Now()
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		assert.Equal(t, 10*time.Second, time.Since(begin), "no longer than shutdown_timeout")

		// A second life from what was given back delivers the rest, and nothing twice.
		var rest []*fakeObject
		for _, o := range objects {
			require.LessOrEqual(t, o.acked+o.nacked, 1)
			if o.acked == 0 {
				rest = append(rest, o)
			}
		}
		sink.decide = nil
		require.NoError(t, newRig(testConfig(), newFakeSource(rest...), sink).Run(t.Context()))
		assert.Equal(t, want, sink.uids)
	})
}

func TestShutdownDrainsWhatWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		objects, _ := sampleObjects(13, 200, 5)
		src := newFakeSource(objects...)
		src.open = 1 // as if another object were out, so that the source does not end
		sink := &fakeSink{decide: func(context.Context, int) error { time.Sleep(2 * time.Second); return nil }}
		r := newRig(testConfig(), src, sink)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(time.Second)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		assert.Len(t, sink.uids, 200)
		for _, o := range objects {
			assert.Equal(t, 1, o.acked)
		}
	})
}

// Any number of lives, each ended at a random moment with a sink that fails at
// random, deliver every record, and twice only what was accepted and not
// committed: the batches of a window per life.
func TestRestartsLoseNothing(t *testing.T) {
	seeds := uint64(10)
	if raceEnabled {
		seeds = 2
	}
	for seed := range seeds {
		objects, want := sampleObjects(100+seed, 5000, 600)
		cfg := testConfig()
		cfg.BatchRecords = 64
		cfg.Lines.Line = 4 << 10
		sink := &fakeSink{decide: func(ctx context.Context, _ int) error {
			if rand.IntN(4) == 0 {
				time.Sleep(100 * time.Microsecond)
			}
			return ctx.Err()
		}}
		lives := 0
		for open := objects; len(open) > 0; lives++ {
			ctx, cancel := context.WithCancel(t.Context())
			if lives < 50 {
				time.AfterFunc(time.Duration(rand.IntN(5000))*time.Microsecond, cancel)
			}
			src := newFakeSource(open...)
			src.once = true
			r := newRig(cfg, src, sink)
			r.drainTime = time.Millisecond
			_ = r.Run(ctx)
			cancel()
			open = nil
			for _, o := range objects {
				if o.acked == 0 {
					open = append(open, o)
				}
			}
		}
		twice := 0
		for uid := range want {
			require.Positive(t, sink.uids[uid], "lost")
			twice += sink.uids[uid] - want[uid]
		}
		assert.LessOrEqual(t, twice, lives*(cfg.Deliveries+1)*cfg.BatchRecords)
	}
}
