package s3accesslogsreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
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
	done           chan struct{} // closed when everything has stopped
}

// start does not block. An error means that a setting is wrong; other failures are
// retried in the background until the run is stopped.
func (r *s3Receiver) start(ctx context.Context, host component.Host) (*run, error) {
	x := &run{logs: r.next.logs.Load() != nil, metrics: r.next.metrics.Load() != nil, done: make(chan struct{})}
	var metrics *rollup.State
	if x.metrics {
		metrics = rollup.New(r.cfg.Metrics.Config, r.metricsDeps(), time.Now())
	}
	progress, err := r.openProgress(ctx, host, metrics)
	if err != nil {
		return nil, err
	}
	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	delivering, stopDelivering := context.WithCancel(context.WithoutCancel(ctx))
	x.stopReading, x.stopDelivering = stopReading, stopDelivering
	status := newStatus(host, r.log, r.clock)
	x.status = status
	status.begin()
	p := newPosition()
	src, err := r.openSource(reading, p, progress, status.report)
	if err != nil {
		x.cancel()
		return nil, errors.Join(err, progress.Close(ctx))
	}
	known, err := r.openEnrichment(ctx, host, status.report)
	if err != nil {
		x.cancel()
		return nil, errors.Join(err, src.close(), progress.Close(ctx))
	}
	parts := ingest.Parts{
		Source:      src.source,
		Progress:    progress,
		Instruments: *r.instruments,
		Status:      status.report,
		Log:         r.log,
		NotALogHint: r.cfg.notALogHint(),
		Meter:       p.meter,
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
	p.of(src.source)
	r.show(x.engine, metrics, known, p)
	r.log.Info(r.banner(progress))
	done := registerSource(host, r.set.ID.String(), src.ends, x.waits)
	go func() {
		defer close(x.done)
		if known != nil {
			known.load(reading)
		}
		endWatch := r.watch(x, p)
		err := x.engine.Run(reading, delivering)
		settled := err == nil && delivering.Err() == nil // the last emission as well
		endWatch(settled)
		stopReading() // a directory that was read ends by itself
		r.close(src, progress, known)
		status.stop(err == nil)
		counts := r.summarize(x.engine, src.unread.Load(), err)
		if settled {
			done(counts)
		}
	}()
	return x, nil
}

// show makes the gauges those of a run.
func (r *s3Receiver) show(e *ingest.Engine, counted *rollup.State, known *enrichment, p *position) {
	r.engine.Store(e)
	r.counted.Store(counted)
	r.enrichment.Store(known)
	r.position.Store(p)
}

// cancel ends the contexts of a run that was not started.
func (x *run) cancel() {
	x.stopReading()
	x.stopDelivering()
}

// serves reports whether the run's signals are those that have pipelines.
func (x *run) serves(next *pipelines) bool {
	return x.logs == (next.logs.Load() != nil) && x.metrics == (next.metrics.Load() != nil)
}

// stop stops reading, waits until what was read is delivered, for timeout or until ctx
// is done, then returns the rest to the source. It blocks until everything has stopped,
// which depends on how fast a consumer reacts to the end of its context.
func (x *run) stop(ctx context.Context, timeout time.Duration) {
	x.stopReading()
	select {
	case <-x.done:
	case <-time.After(timeout):
	case <-ctx.Done():
	}
	x.stopDelivering()
	<-x.done
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
