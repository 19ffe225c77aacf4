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
	storage        *clients      // none without storage
	left           atomic.Bool   // see leave
	done           chan struct{} // closed when everything has stopped
}

// opened is what a run works with.
type opened struct {
	metrics  *rollup.State // nil without metrics
	progress *checkpoint.Store
	mark     *marker // nil without storage
	source   *openedSource
	known    *enrichment // nil without feeds and databases
	position *position
}

// start does not block. An error means that a setting is wrong; other failures are
// retried in the background until the run is stopped.
func (r *s3Receiver) start(ctx context.Context, host component.Host) (*run, error) {
	x := &run{
		logs: r.next.logs.Load() != nil, metrics: r.next.metrics.Load() != nil,
		status: newStatus(host, r.log, r.clock), storage: &clients{}, done: make(chan struct{}),
	}
	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	delivering, stopDelivering := context.WithCancel(context.WithoutCancel(ctx))
	x.stopReading, x.stopDelivering = stopReading, stopDelivering
	o, err := r.open(ctx, reading, host, x)
	if err != nil {
		stopReading()
		stopDelivering()
		return nil, err
	}
	x.engine = ingest.New(r.engineConfig(), r.parts(x, o))
	r.engine.Store(x.engine)
	r.counted.Store(o.metrics)
	r.enrichment.Store(o.known)
	o.position.of(o.source.source)
	r.position.Store(o.position)
	r.log.Info(r.banner(o.progress))
	done := registerSource(host, r.set.ID.String(), o.source.ends, x.waits)
	var watch sync.WaitGroup
	if o.mark != nil {
		watch.Go(func() { o.mark.watch(reading, x.status.report) })
	}
	go func() {
		defer close(x.done)
		defer watch.Wait()
		if o.known != nil {
			o.known.load(reading)
		}
		endWatch := r.watch(x, o.position)
		err := x.engine.Run(reading, delivering)
		settled := err == nil && delivering.Err() == nil // the last emission as well
		endWatch(settled)
		stopReading() // a directory that was read ends by itself
		if x.left.Load() {
			_ = o.source.close()
			return
		}
		r.close(o)
		x.status.stop(err == nil)
		counts := r.summarize(x.engine, o.source.unread.Load(), err)
		if settled {
			done(counts)
		}
	}()
	return x, nil
}

// open opens what a run works with. After an error nothing stays open.
func (r *s3Receiver) open(ctx, reading context.Context, host component.Host, x *run) (o *opened, err error) {
	o = &opened{position: newPosition()}
	defer func() {
		if err == nil {
			return
		}
		if o.source != nil {
			err = errors.Join(err, o.source.close())
		}
		if o.progress != nil {
			err = errors.Join(err, o.progress.Close(ctx))
		}
	}()
	if x.metrics {
		o.metrics = rollup.New(r.cfg.Metrics.Config, r.metricsDeps(), time.Now())
	}
	if o.progress, err = r.openProgress(ctx, host, x.storage, o.metrics); err != nil {
		return o, err
	}
	if o.mark, err = r.openMarker(ctx, host, x.storage, o.progress); err != nil {
		return o, err
	}
	x.status.begin()
	if o.source, err = r.openSource(reading, o.position, o.progress, x.status.report); err != nil {
		return o, err
	}
	if err = offerGivenUp(o.source, o.progress); err != nil {
		return o, err
	}
	if err = r.logAway(x, o.progress); err != nil {
		return o, err
	}
	o.known, err = r.openEnrichment(ctx, host, x.storage, x.status.report)
	return o, err
}

// parts are what the engine works with.
func (r *s3Receiver) parts(x *run, o *opened) ingest.Parts {
	report := x.status.report
	parts := ingest.Parts{
		Source:      o.source.source,
		KeepGivenUp: o.source.content != nil,
		Progress:    o.progress,
		Instruments: *r.instruments,
		Status:      report,
		Log:         r.log,
		NotALogHint: r.cfg.notALogHint(),
		Meter:       o.position.meter,
	}
	if x.logs {
		d := r.delivery(report)
		parts.Converter, parts.Sink, x.logRefusals = r.converter(), d, d.refusals
	}
	if x.metrics {
		e := r.emission(report)
		parts.Metrics, parts.Emitter, parts.Interval, x.pointRefusals = o.metrics, e, r.cfg.Metrics.Interval, e.refusals
	}
	if o.known != nil {
		parts.Clients = o.known
	}
	if r.wrap != nil {
		parts.Source = r.wrap(parts.Source)
	}
	return parts
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

// close closes what open opened. Each has its own timeout: a queue that is slow to take
// back messages must not keep the storage from being closed.
func (r *s3Receiver) close(o *opened) {
	err := errors.Join(o.source.close(), withTimeout(o.progress.Close))
	if o.known != nil {
		err = errors.Join(err, withTimeout(o.known.close))
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
