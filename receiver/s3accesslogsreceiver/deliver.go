package s3accesslogsreceiver

import (
	"context"
	"errors"
	"sync/atomic"

	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// delivery hands batches to the next consumer. It implements ingest.Sink.
type delivery struct {
	next        *atomic.Pointer[consumer.Logs]
	obsreport   *receiverhelper.ObsReport
	retry       configretry.BackOffConfig
	batches     metric.Int64Counter
	instruments *ingest.Instruments
	log         *zap.Logger
}

// Deliver offers logs until they are accepted. A permanent error, or any error
// once the retries that the settings allow are over, is a refusal for good.
func (d *delivery) Deliver(ctx context.Context, logs plog.Logs) (refused int, err error) {
	p := newPatience(d.retry)
	for {
		rest, err := d.consume(ctx, logs)
		if err == nil {
			d.batches.Add(ctx, 1, d.instruments.WithOutcome("accepted"))
			return 0, nil
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		logs = rest
		wait, again := p.after(err)
		if !again {
			refused := logs.LogRecordCount()
			d.batches.Add(ctx, 1, d.instruments.WithOutcome("refused"))
			d.log.Error("the pipeline refused a batch for good, its records are dropped",
				zap.Int("records", refused), zap.Error(err))
			return refused, nil
		}
		d.batches.Add(ctx, 1, d.instruments.WithOutcome("retried"))
		d.log.Warn("the pipeline refused a batch, it is tried again",
			zap.Int("records", logs.LogRecordCount()), zap.Duration("in", wait), zap.Error(err))
		if err := source.Sleep(ctx, wait); err != nil {
			return 0, err
		}
	}
}

// consume offers logs once and returns what has to be offered again on an error.
func (d *delivery) consume(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	records := logs.LogRecordCount() // the consumer may take the logs apart
	next := *d.next.Load()
	offer := logs
	if next.Capabilities().MutatesData {
		// What a processor did before a refusal must not be done to it twice.
		offer = plog.NewLogs()
		logs.CopyTo(offer)
	}
	ctx = d.obsreport.StartLogsOp(ctx)
	err := next.ConsumeLogs(ctx, offer)
	d.obsreport.EndLogsOp(ctx, metadata.Type.String(), records, err)

	var partial consumererror.Logs
	if errors.As(err, &partial) {
		return partial.Data(), err
	}
	return logs, err
}
