package ingest

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/headway"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Sink takes batches of log records.
type Sink interface {
	// Deliver delivers logs and takes ownership of them. It retries until all are
	// accepted or refused permanently, and returns how many were refused; or until ctx
	// is done, and returns its error. locate finds where a record came from; it is valid
	// until Deliver returns. Deliver is called from several goroutines at once.
	Deliver(ctx context.Context, logs plog.Logs, locate Locate) (refused int, err error)
}

// Clients looks client addresses up. It is called from several goroutines at once.
type Clients interface {
	// Lookup returns what is known of an address; now is in seconds since the Unix epoch.
	Lookup(address string, now int64) enrich.Client
}

// Config bounds the engine. All fields must be set.
type Config struct {
	Concurrency       int // objects being downloaded at a time
	MaxUnacknowledged int // objects read or being read and not yet settled
	Deliveries        int // batches handed to the sink and not yet committed
	BatchRecords      int // records in a batch at most
	BatchBytes        int // estimated OTLP size of a batch at most
	FlushInterval     time.Duration
	Lines             lines.Limits
	Format            accesslog.Format
	SplitJoined       bool // split records that were joined by a space
}

// Totals are sums since the engine was made.
type Totals struct {
	Objects   int64 // settled permanently, whatever the outcome
	Bytes     int64 // decompressed
	Records   int64 // well-formed
	Malformed int64
	GivenUp   int64 // of Objects, those that were not read to their end
	Refused   int64 // records that the sink refused permanently

	EmissionRefused bool // a request of the last emission was refused permanently
}

// Parts are the engine's dependencies; the caller keeps ownership. Those of logs, of
// metrics and Clients are optional.
type Parts struct {
	Source      source.Source
	Converter   *otlplogs.Converter // nil means that no log records are built
	Sink        Sink                // with Converter
	Metrics     *rollup.State       // nil disables metrics; only the engine uses it while running
	Emitter     Emitter             // with Metrics
	Interval    time.Duration       // between two emissions, with Metrics
	Clients     Clients             // nil disables look-ups
	Progress    *checkpoint.Store
	Instruments Instruments
	Status      Status
	Log         *zap.Logger
	NotALogHint string         // what to set where an object holds no access log
	KeepGivenUp bool           // objects that are given up are kept in Progress, to be tried again
	Meter       *headway.Meter // nil means one of its own
}

// Engine runs the flow that the package comment draws. It is used once.
type Engine struct {
	cfg   Config
	parts Parts

	order chan *piece // to the assembler
	work  chan *piece // to the workers

	downloads      chan struct{} // one token per download under way
	unacknowledged chan struct{} // one token per object not yet settled
	window         chan struct{} // one token per batch not yet committed
	active         atomic.Int64  // objects being read
	unsettled      atomic.Int64  // objects taken from the source and not yet settled
	opened         openings      // objects opened so far; see denials
	sourceHealthy  atomic.Bool   // SourceHealthy was called since the last error
	loopTimer      *time.Timer   // ends ConcernLoop
	notLogs        notLogs       // only for the committer
	failing        failing       // only for the committer
	givenUp        givenUp
	reads          reads

	waiting waiting // what is delivered

	totals struct {
		objects, bytes, records, malformed, givenUp, refused atomic.Int64
		emissionRefused                                      atomic.Bool
	}
}

// maxPieces bounds the pieces between the downloads and the assembler.
const maxPieces = 16

// New makes an engine.
func New(cfg Config, parts Parts) *Engine {
	// A converted piece is about a megabyte, so many CPUs must not mean many pieces.
	pieces := min(4*runtime.GOMAXPROCS(0), maxPieces)
	cfg.Lines.Windows = lines.NewWindows()
	if parts.Meter == nil {
		parts.Meter = headway.NewMeter(time.Now())
	}
	e := &Engine{
		cfg: cfg, parts: parts, failing: failing{},
		loopTimer:      time.AfterFunc(loopExpiry, func() { parts.Status(ConcernLoop, nil) }),
		order:          make(chan *piece, pieces),
		work:           make(chan *piece, pieces),
		downloads:      make(chan struct{}, cfg.Concurrency),
		unacknowledged: make(chan struct{}, cfg.MaxUnacknowledged),
		window:         make(chan struct{}, cfg.Deliveries),
	}
	if parts.KeepGivenUp {
		e.givenUp.restore(parts.Progress.Cursors())
	}
	return e
}

// InFlight returns how many objects are being read.
func (e *Engine) InFlight() int64 { return e.active.Load() }

// Unacknowledged returns how many objects were taken and are not yet settled.
func (e *Engine) Unacknowledged() int64 { return e.unsettled.Load() }

// Room returns how many objects could be taken now, including the one Next is
// being called for. It must be called by the goroutine of Next.
func (e *Engine) Room() int {
	return 1 + min(cap(e.downloads)-len(e.downloads), cap(e.unacknowledged)-len(e.unacknowledged))
}

// Totals returns the sums so far.
func (e *Engine) Totals() Totals {
	return Totals{
		Objects: e.totals.objects.Load(), Bytes: e.totals.bytes.Load(),
		Records: e.totals.records.Load(), Malformed: e.totals.malformed.Load(),
		GivenUp: e.totals.givenUp.Load(), Refused: e.totals.refused.Load(),
		EmissionRefused: e.totals.emissionRefused.Load(),
	}
}

// SourceHealthy tells the engine that the source could look for objects, whether or
// not there were any.
func (e *Engine) SourceHealthy() {
	e.sourceHealthy.Store(true)
	e.parts.Status(ConcernSource, nil)
}

// Run reads until the source ends, then returns nil, or until reading is done, then
// returns its error. Either way everything read is delivered and every object is
// settled before Run returns. Once delivering is done as well, what is not accepted
// yet is returned to the source.
func (e *Engine) Run(reading, delivering context.Context) error {
	defer e.loopTimer.Stop()
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(e.convert)
	}
	results := make(chan *batch)
	var committer sync.WaitGroup
	committer.Go(func() { e.commit(delivering, results) })

	var assembler sync.WaitGroup
	assembler.Go(func() { e.assemble(delivering, results) })

	err := e.intake(reading)
	close(e.work)
	close(e.order)
	workers.Wait()
	assembler.Wait()
	committer.Wait()
	return err
}

// intake takes objects from the source while there is room for them, and
// returns when the last download has ended.
func (e *Engine) intake(ctx context.Context) error {
	var downloads sync.WaitGroup
	defer downloads.Wait()
	pause := newBackOff()
	for {
		if !acquire(ctx, e.unacknowledged) {
			return ctx.Err()
		}
		if !acquire(ctx, e.downloads) {
			<-e.unacknowledged
			return ctx.Err()
		}
		work, err := e.parts.Source.Next(ctx)
		if err == nil {
			e.active.Add(1)
			e.unsettled.Add(1)
			e.parts.Meter.Taken(work.Object.Bucket)
			downloads.Go(func() { e.download(ctx, work) })
			continue
		}
		<-e.downloads
		<-e.unacknowledged
		switch {
		case errors.Is(err, io.EOF):
			e.SourceHealthy()
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if e.sourceHealthy.Swap(false) {
			pause.Reset()
		}
		e.parts.Status(ConcernSource, err)
		if err := source.Sleep(ctx, pause.NextBackOff()); err != nil {
			return err
		}
	}
}

// newBackOff returns the back-off for a failing source or storage.
func newBackOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = time.Second, 30*time.Second
	return b
}

// acquire takes a slot, or returns false when ctx is done first.
func acquire(ctx context.Context, slots chan<- struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}
