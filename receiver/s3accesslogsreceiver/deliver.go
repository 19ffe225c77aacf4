package s3accesslogsreceiver

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

// delivery hands batches to the next consumer. It implements ingest.Sink.
type delivery struct {
	next         *atomic.Pointer[consumer.Logs]
	obsreport    *receiverhelper.ObsReport
	refusals     *refusals
	batches      metric.Int64Counter
	instruments  *ingest.Instruments
	log          *zap.Logger // sampled
	unsampledLog *zap.Logger // for messages about single records
}

// Deliver offers logs until each record is accepted or refused permanently. With the
// policy refusalDrop every permanent error is such a refusal; with either policy any
// error is, once the configured retries are over.
func (d *delivery) Deliver(ctx context.Context, logs plog.Logs, locate ingest.Locate) (refused int, err error) {
	count := logs.LogRecordCount()
	refused, _, err = d.refusals.settle(ctx, &records{delivery: d, logs: logs, count: count, locate: locate})
	switch {
	case err != nil:
	case refused < count:
		d.countOutcome("accepted")
	default:
		d.countOutcome("refused")
	}
	return refused, err
}

func (d *delivery) countOutcome(outcome string) {
	d.batches.Add(context.Background(), 1, d.instruments.WithOutcome(outcome))
}
