package s3accesslogsreceiver

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// closeTimeout bounds how long a shutdown waits for storage to close.
const closeTimeout = 5 * time.Second

// run is the running receiver, from opening its source to closing it.
type run struct {
	logs, metrics  bool // signals that it serves
	engine         *ingest.Engine
	status         *status
	logRefusals    *refusals // nil without logs
	pointRefusals  *refusals // nil without metrics
	stopReading    context.CancelFunc
	stopDelivering context.CancelFunc
	storage        *guardedClient // nil without storage
	left           atomic.Bool    // see leave
	done           chan struct{}  // closed when everything has stopped
}

// start does not block. An error means that a setting is wrong; other failures are
// retried in the background until the run is stopped.
func (r *s3Receiver) start(ctx context.Context, host component.Host) (*run, error) {
	x := &run{logs: r.next.logs.Load() != nil, metrics: r.next.metrics.Load() != nil, done: make(chan struct{})}
	var metrics *rollup.State
	if x.metrics {
		metrics = rollup.New(r.cfg.Metrics.Config, r.metricsDeps(), time.Now())
	}
	progress, storage, err := r.openProgress(ctx, host, metrics)
	x.storage = storage
	if err != nil {
		return nil, err
	}
	mark, err := r.openMarker(ctx, host, progress)
	if err != nil {
		return nil, errors.Join(err, progress.Close(ctx))
	}
	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	delivering, stopDelivering := context.WithCancel(context.WithoutCancel(ctx))
	x.stopReading, x.stopDelivering = stopReading, stopDelivering
	status := newStatus(host, r.log, r.clock)
	x.status = status
	src, offered, known, err := r.openParts(ctx, reading, host, progress, status.report)
	if err != nil {
		stopReading()
		stopDelivering()
		return nil, errors.Join(err, progress.Close(ctx))
	}
	parts := ingest.Parts{
		Source:      offered,
		KeepGivenUp: src.content != nil,
		Progress:    progress,
		Instruments: *r.instruments,
		Status:      status.report,
		Log:         r.log,
		NotALogHint: r.cfg.notALogHint(),
	}
	if x.logs {
		d := r.delivery(status.report)
		parts.Converter, parts.Sink, x.logRefusals = r.converter(), d, d.refusals
	}
	if x.metrics {
		e := r.emission(status.report)
		parts.Metrics, parts.Emitter, parts.Interval, x.pointRefusals = metrics, e, r.cfg.Metrics.Interval, e.refusals
	}
	if known != nil {
		parts.Clients = known
	}
	x.engine = ingest.New(r.engineConfig(), parts)
	r.engine.Store(x.engine)
	r.counted.Store(metrics)
	r.enrichment.Store(known)
	done := registerSource(host, r.set.ID.String(), src.ends, x.waits)
	go func() {
		defer close(x.done)
		var watch sync.WaitGroup
		defer watch.Wait()
		if mark != nil {
			watch.Go(func() { mark.watch(reading, status.report) })
		}
		if known != nil {
			known.load(reading)
		}
		r.work(x, reading, delivering, func() { r.close(src, progress, known) }, src, done)
	}()
	return x, nil
}

// openParts opens the source, beside which offered has what was given up, and what is
// known of clients.
func (r *s3Receiver) openParts(ctx, reading context.Context, host component.Host, progress *checkpoint.Store, report ingest.Status) (
	src *openedSource, offered source.Source, known *enrichment, err error,
) {
	if src, err = r.openSource(reading, progress, report); err != nil {
		return nil, nil, nil, err
	}
	if offered, err = r.withGivenUp(src, progress); err == nil {
		known, err = r.openEnrichment(ctx, host, report)
	}
	if err != nil {
		return nil, nil, nil, errors.Join(err, src.close())
	}
	return src, offered, known, nil
}

// work runs the engine, then closes what start opened.
func (r *s3Receiver) work(x *run, reading, delivering context.Context, closeAll func(), src *openedSource, done func(map[string]int64)) {
	err := x.engine.Run(reading, delivering)
	settled := err == nil && delivering.Err() == nil // the last emission as well
	x.stopReading()                                  // a directory that was read ends by itself
	if x.left.Load() {
		_ = src.close()
		return
	}
	closeAll()
	x.status.stop(err == nil)
	counts := r.summarize(x.engine, src.unread.Load(), err)
	if settled {
		done(counts)
	}
}

// serves reports whether the run's signals are those that have pipelines.
func (x *run) serves(next *pipelines) bool {
	return x.logs == (next.logs.Load() != nil) && x.metrics == (next.metrics.Load() != nil)
}

// stop stops reading, waits until what was read is delivered, for timeout or until ctx
// is done, then returns the rest to the source. It reports whether everything has stopped
// within leaveAfter from then on.
func (x *run) stop(ctx context.Context, timeout time.Duration) (stopped bool) {
	x.stopReading()
	select {
	case <-x.done:
	case <-time.After(timeout):
	case <-ctx.Done():
	}
	x.stopDelivering()
	select {
	case <-x.done:
		return true
	case <-time.After(leaveAfter):
		return false
	}
}

// close closes what start opened. Each has its own timeout: a queue that is slow to take
// back messages must not keep the storage from being closed.
func (r *s3Receiver) close(src *openedSource, progress *checkpoint.Store, known *enrichment) {
	err := errors.Join(src.close(), withTimeout(progress.Close))
	if known != nil {
		err = errors.Join(err, withTimeout(known.close))
	}
	if err != nil {
		r.log.Warn("the source or the stored progress cannot be closed", zap.Error(err))
	}
}

func withTimeout(end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return end(ctx)
}

// summarize logs what was read, once reading has ended, and returns it. unread is the
// number of folders and files that could not be looked at.
func (r *s3Receiver) summarize(engine *ingest.Engine, unread int64, err error) (counts map[string]int64) {
	message := "directory read to its end"
	switch {
	case errors.Is(err, context.Canceled):
		message = "stopped reading"
	case r.cfg.Bucket.HasValue():
		message = "bucket read up to bucket.until"
	}
	t := engine.Totals()
	givenUp := t.GivenUp + unread
	r.log.Info(message,
		zap.Int64("objects", t.Objects), zap.Int64("bytes", t.Bytes),
		zap.Int64("records", t.Records), zap.Int64("malformed", t.Malformed),
		zap.Int64("given_up", givenUp), zap.Int64("refused", t.Refused))
	if t.EmissionRefused {
		r.log.Warn("the last emission of metrics was refused permanently, what it would have added is lost")
	}
	return map[string]int64{
		"objects": t.Objects, "bytes": t.Bytes, "records": t.Records, "malformed": t.Malformed,
		"given_up": givenUp, "refused": t.Refused,
	}
}
