package ingest

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// fakeEmitter keeps what it accepted: the requests of each series by its start
// and, for deltas, its end.
type fakeEmitter struct {
	decide func(ctx context.Context, again bool) Answer // nil: accept

	mu       sync.Mutex
	requests map[string]int64
	offered  int
}

func (e *fakeEmitter) Emit(ctx context.Context, m pmetric.Metrics, again bool) (Answer, []int) {
	answer := Accepted
	if e.decide != nil {
		answer = e.decide(ctx, again)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.offered++
	if answer != Accepted {
		return answer, nil
	}
	if e.requests == nil {
		e.requests = map[string]int64{}
	}
	for _, metric := range m.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		if metric.Name() != "aws.s3.server.requests" {
			continue
		}
		for _, p := range metric.Sum().DataPoints().All() {
			id := p.StartTimestamp().String()
			if metric.Sum().AggregationTemporality() == pmetric.AggregationTemporalityDelta {
				id += p.Timestamp().String()
			}
			for _, value := range p.Attributes().All() {
				id += " " + value.AsString()
			}
			e.requests[id] = p.IntValue() // of a cumulative series the last value, of deltas the same again
		}
	}
	return answer, nil
}

func (e *fakeEmitter) total() (n int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, value := range e.requests {
		n += value
	}
	return n
}

func countingSettings(delta bool) rollup.Config {
	s := rollup.DefaultConfig()
	s.SeriesIdleTimeout, s.InstanceID = time.Hour, "instance"
	if delta {
		s.Temporality = rollup.TemporalityDelta
	}
	return s
}

func isDelta(s rollup.Config) bool { return s.Temporality == rollup.TemporalityDelta }

// count makes a rig count, with the progress and the counters of client.
func (r *rig) count(t *testing.T, client storage.Client, s rollup.Config, e Emitter) {
	t.Helper()
	state := rollup.New(s, rollup.Deps{ServiceName: "s3_access_logs"}, time.Now())
	store, err := checkpoint.Open(t.Context(), client, map[string]checkpoint.Section{MetricsSection: state})
	require.NoError(t, err)
	r.parts.Progress = store
	r.parts.Metrics, r.parts.Emitter, r.parts.Interval = state, e, s.Interval
}

func emptyStorage() *fakeStorage { return &fakeStorage{values: map[string][]byte{}} }

func TestMetricsAloneBuildNoLogRecords(t *testing.T) {
	objects, _ := sampleObjects(40, 20_000, 500)
	sink, e := &fakeSink{}, &fakeEmitter{}
	r := newRig(testConfig(), newFakeSource(objects...), sink)
	r.parts.Converter, r.parts.Sink = nil, nil
	r.count(t, emptyStorage(), countingSettings(false), e)
	require.NoError(t, r.Run(t.Context()))
	assert.EqualValues(t, 20_000, e.total())
	assert.Empty(t, sink.uids)
	for _, o := range objects {
		require.Equal(t, 1, o.acked)
	}
}

func TestRefusedLogsCountAndStuckMetricsStopNoLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		objects, uids := sampleObjects(41, 5000, 300)
		refuse := true
		sink := &fakeSink{decide: func(context.Context, int) error {
			if refuse {
				refuse = false
				return errRefused
			}
			time.Sleep(time.Minute) // several intervals pass
			return nil
		}}
		e := &fakeEmitter{decide: func(ctx context.Context, again bool) Answer {
			if !again {
				<-ctx.Done() // the first emission hangs to the end
				return Unsettled
			}
			return Accepted
		}}
		cfg := testConfig()
		cfg.Deliveries = 1
		r := newRig(cfg, newFakeSource(objects...), sink)
		r.count(t, emptyStorage(), countingSettings(false), e)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Hour, cancel)
		_ = r.Run(ctx)
		assert.Len(t, sink.uids, len(uids)-sink.missing(uids), "all but the refused batch")
		assert.Positive(t, sink.missing(uids))
		counted := int64(0)
		for _, n := range r.parts.Metrics.Series() {
			counted += int64(n)
		}
		assert.Positive(t, counted)
	})
}

// missing returns how many records were not accepted.
func (s *fakeSink) missing(all map[string]int) (n int) {
	for uid := range all {
		if s.uids[uid] == 0 {
			n++
		}
	}
	return n
}

// Whatever the back ends of both signals and the storage do, however often the process
// starts anew, and whether the metrics are away for a while, in the end each request that
// was read with metrics is counted once.
func TestRequestsAreCountedOnceOverRestarts(t *testing.T) {
	seeds := uint64(10)
	if raceEnabled {
		seeds = 2
	}
	for _, delta := range []bool{false, true} {
		t.Run("delta="+strconv.FormatBool(delta), func(t *testing.T) {
			away := 0
			for seed := range seeds {
				synctest.Test(t, func(t *testing.T) { restarts(t, seed, delta, false) })
				synctest.Test(t, func(t *testing.T) { away += restarts(t, seed, delta, true) })
			}
			assert.Positive(t, away)
		})
	}
}

// restarts returns how many records were read without metrics, which are away in some of
// its lives if they leave.
func restarts(t *testing.T, seed uint64, delta, leaves bool) (away int) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	objects, uids := sampleObjects(seed, 8000, 900)
	client, sink, e := emptyStorage(), &fakeSink{}, &fakeEmitter{}
	var mu sync.Mutex
	sink.decide = func(ctx context.Context, _ int) error {
		mu.Lock()
		wait, refuse := time.Duration(rnd.IntN(60))*time.Second, rnd.IntN(50) == 0
		mu.Unlock()
		time.Sleep(wait)
		if refuse {
			return errRefused
		}
		return ctx.Err()
	}
	e.decide = func(ctx context.Context, again bool) Answer {
		mu.Lock()
		answer := Answer(rnd.IntN(3))
		mu.Unlock()
		time.Sleep(time.Second)
		switch {
		case ctx.Err() != nil:
			return Unsettled
		case again || delta && answer == Refused:
			return Accepted
		}
		return answer
	}
	cfg := testConfig()
	cfg.BatchRecords = 200
	for life := range 50 {
		src := newFakeSource(unfinished(t, client, objects)...)
		r := newRig(cfg, src, sink)
		r.drainTime = time.Duration(rnd.IntN(60)) * time.Second
		r.count(t, client, countingSettings(delta), e)
		before := left(unfinished(t, client, objects))
		// Half of the seeds begin without metrics, until something was read without them.
		absent := leaves && life < 40 && (seed%2 == 0 && away == 0 || rnd.IntN(3) == 0)
		if absent {
			store, err := checkpoint.Open(t.Context(), client, nil)
			require.NoError(t, err)
			r.parts.Progress, r.parts.Metrics, r.parts.Emitter = store, nil, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		if life < 49 {
			time.AfterFunc(time.Duration(rnd.IntN(300))*time.Second, cancel)
		}
		err := r.Run(ctx)
		cancel()
		require.NoError(t, r.parts.Progress.Close(t.Context()))
		time.Sleep(time.Second)
		if absent {
			away += before - left(unfinished(t, client, objects))
			continue
		}
		if err == nil && len(unfinished(t, client, objects)) == 0 && ctx.Err() != nil && life > 0 {
			break
		}
	}
	assert.EqualValues(t, 8000-away, e.total())
	assert.Empty(t, unfinished(t, client, objects))
	assert.NotEmpty(t, uids)
	return away
}

// left returns how many records of objects were not read.
func left(objects []*fakeObject) (n int) {
	for _, o := range objects {
		n += bytes.Count(o.content[o.offset:], []byte("\n"))
	}
	return n
}

// unfinished returns the objects that are not done, from where they stand.
func unfinished(t *testing.T, client storage.Client, objects []*fakeObject) (list []*fakeObject) {
	t.Helper()
	store, err := checkpoint.Open(t.Context(), client, nil)
	require.NoError(t, err)
	for _, o := range objects {
		if store.Done(idOf(o)) {
			continue
		}
		offset, _ := store.Reached(idOf(o))
		list = append(list, &fakeObject{key: o.key, content: o.content, offset: offset})
	}
	return list
}
