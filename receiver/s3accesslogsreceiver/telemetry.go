package s3accesslogsreceiver

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

var (
	objectSkipped     = outcome("skipped")
	objectAlreadyDone = outcome("already_done")
)

// named gives all meters the receiver's name, so that two receivers of one
// collector do not write to the same series.
type named struct {
	metric.MeterProvider
	receiver attribute.KeyValue
}

// Meter implements metric.MeterProvider.
func (n named) Meter(name string, options ...metric.MeterOption) metric.Meter {
	return n.MeterProvider.Meter(name, append(options, metric.WithInstrumentationAttributes(n.receiver))...)
}

// ownTelemetry returns the settings for the receiver's own telemetry.
func ownTelemetry(set receiver.Settings) component.TelemetrySettings {
	t := set.TelemetrySettings
	t.MeterProvider = named{t.MeterProvider, attribute.String("receiver", set.ID.String())}
	return t
}

// countObject counts an object that a source is done with unread.
func (r *logsReceiver) countObject(outcome metric.MeasurementOption) {
	r.telemetry.Objects.Add(context.Background(), 1, outcome)
}

// countMessage counts what became of a message of the queue.
func (r *logsReceiver) countMessage(o queue.Outcome) {
	r.telemetry.QueueMessages.Add(context.Background(), 1, outcome(string(o)))
}

// instruments hands the engine its part of the receiver's own telemetry.
func instruments(t *metadata.TelemetryBuilder) ingest.Instruments {
	return ingest.Instruments{
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
			o.Observe(value())
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
