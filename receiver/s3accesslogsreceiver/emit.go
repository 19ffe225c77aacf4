package s3accesslogsreceiver

import (
	"context"
	"errors"
	"sync/atomic"

	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// emission hands metrics to the next consumer. It implements ingest.Emitter.
type emission struct {
	next      *atomic.Pointer[consumer.Metrics]
	obsreport *receiverhelper.ObsReport
	retry     configretry.BackOffConfig
	log       *zap.Logger
}

// Emit offers metrics once or, with again, until they are accepted or refused
// for good: by a permanent error, or any error once the retries that the
// settings allow are over.
func (e *emission) Emit(ctx context.Context, metrics pmetric.Metrics, again bool) ingest.Answer {
	p := newPatience(e.retry)
	for {
		rest, err := e.consume(ctx, metrics)
		if err == nil {
			return ingest.Accepted
		}
		if ctx.Err() != nil {
			return ingest.Unsettled
		}
		metrics = rest
		wait, more := p.after(err)
		switch {
		case !again && !consumererror.IsPermanent(err):
			e.log.Warn("the pipeline refused metrics, the next emission supersedes them", zap.Error(err))
			return ingest.Unsettled
		case !more:
			e.log.Error("the pipeline refused metrics for good, they are dropped",
				zap.Int("points", metrics.DataPointCount()), zap.Error(err))
			return ingest.Refused
		}
		e.log.Warn("the pipeline refused metrics, they are offered again", zap.Duration("in", wait), zap.Error(err))
		if source.Sleep(ctx, wait) != nil {
			return ingest.Unsettled
		}
	}
}

// consume offers metrics once and returns what has to be offered again on an error.
func (e *emission) consume(ctx context.Context, metrics pmetric.Metrics) (pmetric.Metrics, error) {
	points := metrics.DataPointCount() // the consumer may take the metrics apart
	next := *e.next.Load()
	offer := metrics
	if next.Capabilities().MutatesData {
		// What a processor did before a refusal must not be done to it twice.
		offer = pmetric.NewMetrics()
		metrics.CopyTo(offer)
	}
	ctx = e.obsreport.StartMetricsOp(ctx)
	err := next.ConsumeMetrics(ctx, offer)
	e.obsreport.EndMetricsOp(ctx, metadata.Type.String(), points, err)

	var partial consumererror.Metrics
	if errors.As(err, &partial) {
		return partial.Data(), err
	}
	return metrics, err
}
