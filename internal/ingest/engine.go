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

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// ErrRefused is what a Sink returns for logs that were refused for good.
var ErrRefused = errors.New("logs were refused for good")

// Sink takes batches of log records.
type Sink interface {
	// Deliver hands logs over, again and again until they are accepted (nil),
	// refused for good (ErrRefused) or ctx is done (its error). The logs belong
	// to the Sink. It is called from several goroutines at once.
	Deliver(ctx context.Context, logs plog.Logs) error
}

// Config bounds the engine. All of it must be set.
type Config struct {
	Concurrency       int // objects being downloaded at a time
	MaxUnacknowledged int // objects read or being read and not yet settled
	Deliveries        int // batches handed to the sink and not yet committed
	BatchRecords      int // records in a batch at most
	BatchBytes        int // estimated OTLP size of a batch at most
	FlushInterval     time.Duration
	ShutdownTimeout   time.Duration // for what was read, once reading was stopped
	Lines             lines.Limits
	SplitJoined       bool // begin a record also where one was joined to another by a space
}

// Totals is what an engine did since it was made.
type Totals struct {
	Objects   int64 // settled for good, whatever the outcome
	Bytes     int64 // decompressed
	Records   int64 // well-formed
	Malformed int64
}

// Engine runs the flow that the package comment draws. It is used once.
type Engine struct {
	cfg    Config
	source source.Source
	conv   *otlplogs.Converter
	sink   Sink
	inst   Instruments
	status Status
	log    *zap.Logger

	order chan *piece // to the assembler
	work  chan *piece // to the workers

	downloads       chan struct{} // one token per download under way
	unacknowledged  chan struct{} // one token per object not yet settled
	window          chan struct{} // one token per batch not yet committed
	active          atomic.Int64  // objects of which more is to be read
	unsettled       atomic.Int64  // objects taken from the source and not yet settled
	readSinceDenied atomic.Bool   // see dispose

	totals struct{ objects, bytes, records, malformed atomic.Int64 }
}

// Concern is what an error or a recovery is about.
type Concern string

const (
	ConcernSource  Concern = "source"  // finding objects
	ConcernObjects Concern = "objects" // reading them
)

// Status is told what the engine meets, nil when it works again. It is called
// from several goroutines, also without a change.
type Status func(Concern, error)

// New makes an engine that reads src, which stays the caller's.
func New(cfg Config, src source.Source, conv *otlplogs.Converter, sink Sink, inst Instruments, status Status, log *zap.Logger) *Engine {
	pieces := 4 * runtime.GOMAXPROCS(0)
	return &Engine{
		cfg: cfg, source: src, conv: conv, sink: sink, inst: inst, status: status, log: log,
		order:          make(chan *piece, pieces),
		work:           make(chan *piece, pieces),
		downloads:      make(chan struct{}, cfg.Concurrency),
		unacknowledged: make(chan struct{}, cfg.MaxUnacknowledged),
		window:         make(chan struct{}, cfg.Deliveries),
	}
}

// InFlight returns how many objects are being read.
func (e *Engine) InFlight() int64 { return e.active.Load() }

// Unacknowledged returns how many objects were taken and are not yet settled.
func (e *Engine) Unacknowledged() int64 { return e.unsettled.Load() }

// Totals returns the sums so far.
func (e *Engine) Totals() Totals {
	return Totals{
		Objects: e.totals.objects.Load(), Bytes: e.totals.bytes.Load(),
		Records: e.totals.records.Load(), Malformed: e.totals.malformed.Load(),
	}
}

// Run reads until the source ends, then returns nil, or until ctx is done, then
// returns its error. Either way what was read is delivered and every object is
// settled before Run returns; once ctx is done this takes ShutdownTimeout at
// most, after which what was not accepted is given back to the source.
func (e *Engine) Run(ctx context.Context) error {
	drain, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() {
		timeout := time.NewTimer(e.cfg.ShutdownTimeout)
		defer timeout.Stop()
		select {
		case <-timeout.C:
			stop()
		case <-drain.Done():
		}
	})()

	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(e.convert)
	}
	results := make(chan *batch)
	var committer sync.WaitGroup
	committer.Go(func() { e.commit(results) })

	var assembler sync.WaitGroup
	assembler.Go(func() { e.assemble(drain, results) })

	err := e.intake(ctx)
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
		work, err := e.source.Next(ctx)
		if err == nil {
			pause.Reset()
			e.status(ConcernSource, nil)
			e.active.Add(1)
			e.unsettled.Add(1)
			downloads.Go(func() { e.download(ctx, work) })
			continue
		}
		<-e.downloads
		<-e.unacknowledged
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		e.status(ConcernSource, err)
		if !sleep(ctx, pause.NextBackOff()) {
			return ctx.Err()
		}
	}
}

// newBackOff paces the attempts to reach a source in trouble.
func newBackOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = time.Second, 30*time.Second
	return b
}

// acquire takes a place, or returns false when ctx is done first.
func acquire(ctx context.Context, places chan<- struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// sleep returns false when ctx is done first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
