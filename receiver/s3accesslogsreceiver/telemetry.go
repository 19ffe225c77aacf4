package s3accesslogsreceiver

import (
	"context"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

const (
	objectSkipped     = "skipped"
	objectAlreadyDone = "already_done"
)

// countObject counts an object that a source is done with unread.
func (r *logsReceiver) countObject(outcome string) {
	r.telemetry.Objects.Add(context.Background(), 1, r.instruments.WithOutcome(outcome))
}

// countMessage counts what became of a message of the queue.
func (r *logsReceiver) countMessage(o queue.Outcome) {
	r.telemetry.QueueMessages.Add(context.Background(), 1, r.instruments.WithOutcome(string(o)))
}

// newInstruments is the engine's part of the receiver's own telemetry.
func newInstruments(receiver string, t *metadata.TelemetryBuilder) *ingest.Instruments {
	return &ingest.Instruments{
		Receiver:         receiver,
		Objects:          t.Objects,
		Read:             t.Read,
		Records:          t.Records,
		ExtraFields:      t.RecordsExtraFields,
		BatchSize:        t.BatchSize,
		DeliveryDuration: t.DeliveryDuration,
		Lag:              t.Lag,
		Commits:          t.Commits,
		CommitDuration:   t.CommitDuration,
	}
}

// observe reports how full the engine is whenever the telemetry is read.
func (r *logsReceiver) observe(e *ingest.Engine) {
	gauge := func(value func() int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(value(), r.instruments.With())
			return nil
		}
	}
	for _, err := range []error{
		r.telemetry.RegisterObjectsInFlightCallback(gauge(e.InFlight)),
		r.telemetry.RegisterObjectsUnacknowledgedCallback(gauge(e.Unacknowledged)),
	} {
		if err != nil {
			r.log.Warn("a gauge of the receiver's own telemetry is missing", zap.Error(err))
		}
	}
}
