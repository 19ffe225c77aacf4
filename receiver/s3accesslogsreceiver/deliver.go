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
	next        *atomic.Pointer[consumer.Logs]
	obsreport   *receiverhelper.ObsReport
	refusals    *refusals
	batches     metric.Int64Counter
	instruments *ingest.Instruments
	log         *zap.Logger // at a bounded rate
	named       *zap.Logger // for what is told once of each record
}

// Deliver offers logs until each record is accepted or refused permanently. With
// a policy of refusalDrop a permanent error is such a refusal, whatever the policy
// any error is once the retries that the settings allow are over.
func (d *delivery) Deliver(ctx context.Context, logs plog.Logs, locate ingest.Locate) (refused int, err error) {
	count := logs.LogRecordCount()
	refused, _, err = d.refusals.settle(ctx, &records{delivery: d, logs: logs, count: count, locate: locate})
	switch {
	case err != nil:
	case refused < count:
		d.tried("accepted")
	default:
		d.tried("refused")
	}
	return refused, err
}

func (d *delivery) tried(outcome string) {
	d.batches.Add(context.Background(), 1, d.instruments.WithOutcome(outcome))
}
