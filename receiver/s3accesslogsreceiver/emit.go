package s3accesslogsreceiver

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

// emission passes metrics to the next consumer. It implements ingest.Emitter.
type emission struct {
	next      *atomic.Pointer[consumer.Metrics]
	obsreport *receiverhelper.ObsReport
	refusals  *refusals
	log       *zap.Logger // sampled
}

// Emit offers metrics once or, with retry, until each point is accepted or refused
// permanently, as Deliver does. Any permanent error drops cumulative points, since the
// next emission supersedes them.
func (e *emission) Emit(ctx context.Context, metrics pmetric.Metrics, retry bool) (answer ingest.Answer, done []int) {
	if e.refusals.left.Load() {
		return ingest.Unsettled, nil
	}
	p := &points{emission: e, metrics: metrics, count: metrics.DataPointCount()}
	if !retry {
		return e.once(ctx, p), nil
	}
	refused, left, err := e.refusals.settle(ctx, p)
	switch {
	case err != nil:
		return ingest.Unsettled, without(allItems(p.count), left)
	case refused < p.count:
		return ingest.Accepted, nil
	}
	return ingest.Refused, nil
}

func (e *emission) once(ctx context.Context, p *points) ingest.Answer {
	e.refusals.offers.begin()
	_, err := p.offer(ctx, allItems(p.count))
	e.refusals.offers.end(err)
	switch {
	case err == nil:
		return ingest.Accepted
	case ctx.Err() != nil:
		return ingest.Unsettled
	case isRefusal(err):
		p.givenUp(allItems(p.count), err)
		return ingest.Refused
	}
	e.log.Warn("the pipeline refused metrics, the next emission supersedes them", zap.String("error", errorText(err)))
	return ingest.Unsettled
}
