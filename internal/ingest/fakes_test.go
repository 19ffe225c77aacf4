package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeObject is an object of a fakeSource and what became of it.
type fakeObject struct {
	key     string
	alias   source.ID
	content []byte
	fault   error // of OpenAt
	breaks  error // of Read behind content

	redrive int // offers that a redrive policy allows; 0: there is none

	offset  int64
	charged int
	acked   int
	nacked  int

	next       []byte   // content of the version that it is replaced by
	replacedBy []string // ETags
}

// fakeSource hands out objects in turn, nacked ones again after the others. It
// ends when all are acked, or, with once, when all were handed out.
type fakeSource struct {
	once     bool
	troubles []error // returned by the first calls of Next

	mu      sync.Mutex
	waiting []*fakeObject
	open    int
	taken   int
	changed chan struct{}
}

func newFakeSource(objects ...*fakeObject) *fakeSource {
	return &fakeSource{waiting: objects, changed: make(chan struct{}, 1)}
}

func (s *fakeSource) Next(ctx context.Context) (*source.Work, error) {
	for {
		work, err := s.next(ctx)
		if work != nil || err != nil {
			return work, err
		}
		select {
		case <-s.changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *fakeSource) next(ctx context.Context) (*source.Work, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if len(s.troubles) > 0 {
		err := s.troubles[0]
		s.troubles = s.troubles[1:]
		return nil, err
	}
	if len(s.waiting) == 0 {
		if s.open == 0 || s.once {
			return nil, io.EOF
		}
		return nil, nil
	}
	o := s.waiting[0]
	s.waiting = s.waiting[1:]
	s.open++
	s.taken++
	return &source.Work{
		Object:  source.Object{Bucket: "logs", Key: o.key, Size: int64(len(o.content))},
		Content: fakeContent{s, o}, Receipt: &fakeReceipt{s, o},
		Offset: o.offset, Attempt: o.charged, Redrive: o.redrive > 0, LastOffer: o.redrive > 0 && o.nacked+1 == o.redrive,
		ID: source.Identify("logs", o.key, ""), Group: "2026-11-09", Alias: o.alias,
	}, nil
}

func (s *fakeSource) Close() error { return nil }

func (s *fakeSource) takenSoFar() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

type fakeContent struct {
	s *fakeSource
	o *fakeObject
}

func (c fakeContent) OpenAt(_ context.Context, offset int64) (io.ReadCloser, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.o.fault != nil {
		return nil, c.o.fault
	}
	var r io.Reader = bytes.NewReader(c.o.content[offset:])
	if c.o.breaks != nil {
		r = io.MultiReader(r, iotest.ErrReader(c.o.breaks))
	}
	return io.NopCloser(r), nil
}

type fakeReceipt struct {
	s *fakeSource
	o *fakeObject
}

func (r *fakeReceipt) Ack() { r.settle(func() { r.o.acked++ }) }

func (r *fakeReceipt) Nack(offset int64, charge bool) {
	r.settle(func() {
		r.o.nacked++
		r.o.offset = offset
		if charge {
			r.o.charged++
		}
		if !r.s.once && (r.o.redrive == 0 || r.o.nacked < r.o.redrive) {
			r.s.waiting = append(r.s.waiting, r.o)
		}
	})
}

func (r *fakeReceipt) Replace(now source.Object) {
	r.settle(func() {
		r.o.replacedBy = append(r.o.replacedBy, now.ETag)
		r.o.fault, r.o.breaks, r.o.offset = nil, nil, 0
		r.o.content = r.o.next
		r.s.waiting = append(r.s.waiting, r.o)
	})
}

func (r *fakeReceipt) settle(note func()) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	note()
	r.s.open--
	select {
	case r.s.changed <- struct{}{}:
	default:
	}
}

// errRefused is a fakeSink's decision to refuse a batch permanently.
var errRefused = errors.New("refused permanently")

// fakeSink keeps what it accepted.
type fakeSink struct {
	decide func(ctx context.Context, records int) error // nil: accept
	// located is called for each record that was accepted; nil disables it.
	located func(uid, object string, offset int64)

	mu      sync.Mutex
	uids    map[string]int // how often each record was accepted
	inOrder []string
	batches []int
	largest int // OTLP bytes
}

func (s *fakeSink) Deliver(ctx context.Context, logs plog.Logs, locate Locate) (refused int, err error) {
	if s.decide != nil {
		switch err := s.decide(ctx, logs.LogRecordCount()); {
		case errors.Is(err, errRefused):
			return logs.LogRecordCount(), nil
		case err != nil:
			return 0, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uids == nil {
		s.uids = make(map[string]int)
	}
	s.batches = append(s.batches, logs.LogRecordCount())
	s.largest = max(s.largest, (&plog.ProtoMarshaler{}).LogsSize(logs))
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				uid, _ := lr.Attributes().Get("log.record.uid")
				s.uids[uid.Str()]++
				s.inOrder = append(s.inOrder, uid.Str())
				if s.located != nil {
					object, offset := locate(uid.Str())
					s.located(uid.Str(), object, offset)
				}
			}
		}
	}
	return 0, nil
}

// concerns keeps what the engine reported.
type concerns struct {
	mu     sync.Mutex
	all    []error           // but nil, for a recovery
	latest map[Concern]error // nil when it is well
}

func (c *concerns) report(concern Concern, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.all = append(c.all, err)
	}
	if c.latest == nil {
		c.latest = make(map[Concern]error)
	}
	c.latest[concern] = err
}

func (c *concerns) errors() []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

func testConfig() Config {
	return Config{
		Concurrency: 8, MaxUnacknowledged: 1000, Deliveries: 4,
		BatchRecords: 2048, BatchBytes: 3 << 20,
		FlushInterval: time.Second,
		Lines:         lines.Limits{Line: 1 << 20, Object: 1 << 30},
	}
}

// fakeStorage is a storage.Client in memory.
type fakeStorage struct {
	storage.Client
	values map[string][]byte
	fails  atomic.Bool // all writes
}

var errDiskFull = errors.New("disk full")

func (s *fakeStorage) Get(_ context.Context, key string) ([]byte, error) {
	return s.values[key], nil
}

func (s *fakeStorage) Set(_ context.Context, key string, value []byte) error {
	if s.fails.Load() {
		return errDiskFull
	}
	s.values[key] = value
	return nil
}

func (s *fakeStorage) Delete(_ context.Context, key string) error {
	delete(s.values, key)
	return nil
}

func (s *fakeStorage) Batch(ctx context.Context, ops ...*storage.Operation) error {
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value, _ = s.Get(ctx, op.Key)
		case storage.Set:
			if err := s.Set(ctx, op.Key, op.Value); err != nil {
				return err
			}
		case storage.Delete:
			_ = s.Delete(ctx, op.Key)
		}
	}
	return nil
}

func (s *fakeStorage) Close(context.Context) error { return nil }

// drainTime is how long a rig delivers after reading has ended.
const drainTime = 10 * time.Second

// rig is an engine with its fakes.
type rig struct {
	*Engine
	drainTime time.Duration
	src       *fakeSource
	sink      *fakeSink
	concerns  *concerns
	logged    *observer.ObservedLogs
}

func newRig(cfg Config, src *fakeSource, sink *fakeSink) *rig {
	return newRigWith(cfg, src, sink, otlplogs.Options{Original: otlplogs.OriginalOnError})
}

func newRigWith(cfg Config, src *fakeSource, sink *fakeSink, o otlplogs.Options) *rig {
	core, logged := observer.New(zapcore.DebugLevel)
	o.MaxRecordSize = cfg.BatchBytes
	c := &concerns{}
	return &rig{
		drainTime: drainTime,
		Engine: New(cfg, Parts{
			Source: src, Converter: otlplogs.NewConverter(o), Sink: sink, Progress: checkpoint.InMemory(),
			Instruments: noInstruments(), Status: c.report, Log: zap.New(core),
		}),
		src: src, sink: sink, concerns: c, logged: logged,
	}
}

// Run runs the engine until its source ends, or drainTime after ctx is done.
func (r *rig) Run(ctx context.Context) error {
	delivering, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(r.drainTime, stop) })()
	return r.Engine.Run(ctx, delivering)
}

func noInstruments() Instruments {
	return Instruments{
		Objects: noop.Int64Counter{}, Read: noop.Int64Counter{}, Records: noop.Int64Counter{},
		ExtraFields: noop.Int64Counter{}, UnexpectedValues: noop.Int64Counter{}, BatchSize: noop.Int64Histogram{}, DeliveryDuration: noop.Float64Histogram{},
		Lag: noop.Float64Histogram{}, Commits: noop.Int64Counter{}, CommitDuration: noop.Float64Histogram{},
	}
}

// outcomes is a counter that keeps its sums by outcome.
type outcomes struct {
	noop.Int64Counter
	mu   sync.Mutex
	sums map[string]int64
}

func (o *outcomes) Add(_ context.Context, n int64, options ...metric.AddOption) {
	o.mu.Lock()
	defer o.mu.Unlock()
	set := metric.NewAddConfig(options).Attributes()
	outcome, _ := set.Value("outcome")
	if o.sums == nil {
		o.sums = make(map[string]int64)
	}
	o.sums[outcome.AsString()] += n
}

// countObjects returns the counter of the rig's objects.
func (r *rig) countObjects() *outcomes {
	counted := &outcomes{}
	r.parts.Instruments.Objects = counted
	return counted
}

// sampleObjects cuts n records into objects of up to most lines, and returns
// the uids of all records beside them.
func sampleObjects(seed uint64, n, most int) (objects []*fakeObject, uids map[string]int) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	records := samplelogs.Records(seed, n)
	uids = make(map[string]int, n)
	for _, r := range records {
		uids[hexID(r)]++
	}
	for len(records) > 0 {
		k := min(1+rnd.IntN(most), len(records))
		objects = append(objects, textObject(records[:k]...))
		records = records[k:]
	}
	return objects, uids
}

func textObject(records ...string) *fakeObject {
	text := strings.Join(records, "\n") + "\n"
	return &fakeObject{key: "2026-11-09-00-00-00-" + hexID(text)[:16], content: []byte(text)}
}
