package s3accesslogsreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

const (
	objectSkipped     = "skipped"
	objectAlreadyDone = "already_done"
)

// countObject counts an object that is done without being read.
func (r *s3Receiver) countObject(outcome string) {
	r.telemetry.Objects.Add(context.Background(), 1, r.instruments.WithOutcome(outcome))
}

// countMessage counts a message of the queue by outcome.
func (r *s3Receiver) countMessage(o queue.MessageOutcome) {
	r.telemetry.QueueMessages.Add(context.Background(), 1, r.instruments.WithOutcome(string(o)))
}

// newInstruments returns the engine's part of the receiver's telemetry.
func newInstruments(receiver string, t *metadata.TelemetryBuilder) *ingest.Instruments {
	return &ingest.Instruments{
		Receiver:         receiver,
		Objects:          t.Objects,
		Read:             t.Read,
		Records:          t.Records,
		ExtraFields:      t.RecordsExtraFields,
		UnexpectedValues: t.RecordsUnexpectedValues,
		BatchSize:        t.BatchSize,
		DeliveryDuration: t.DeliveryDuration,
		Lag:              t.Lag,
		Commits:          t.Commits,
		CommitDuration:   t.CommitDuration,
	}
}

// countOverflow counts records that went into the overflow series.
func (r *s3Receiver) countOverflow(name string, records int64) {
	r.telemetry.SeriesOverflow.Add(context.Background(), records, r.instruments.With(attribute.String("metric", name)))
}

// observe reports how full the engine is whenever the telemetry is read.
func (r *s3Receiver) observe() error {
	gauge := func(value func(*ingest.Engine) int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			if e := r.engine.Load(); e != nil {
				o.Observe(value(e), r.instruments.With())
			}
			return nil
		}
	}
	return errors.Join(append(r.observePosition(),
		r.telemetry.RegisterObjectsGivenUpCallback(gauge((*ingest.Engine).GivenUp)),
		r.telemetry.RegisterObjectsInFlightCallback(gauge((*ingest.Engine).InFlight)),
		r.telemetry.RegisterObjectsUnacknowledgedCallback(gauge((*ingest.Engine).Unacknowledged)),
		r.telemetry.RegisterQueueMessagesWaitingCallback(r.observeWaiting),
		r.telemetry.RegisterSeriesCallback(r.observeSeries),
		r.telemetry.RegisterEnrichmentEntriesCallback(r.observeEntries),
		r.telemetry.RegisterEnrichmentAgeCallback(r.observeAge),
	)...)
}

func (r *s3Receiver) observeWaiting(_ context.Context, o metric.Int64Observer) error {
	if q := r.queue.Load(); q != nil {
		o.Observe(int64(q.Waiting()), r.instruments.With())
	}
	return nil
}

func (r *s3Receiver) observeSeries(_ context.Context, o metric.Int64Observer) error {
	counted := r.counted.Load()
	if counted == nil {
		return nil
	}
	for name, n := range counted.Series() {
		o.Observe(int64(n), r.instruments.With(attribute.String("metric", name)))
	}
	return nil
}
