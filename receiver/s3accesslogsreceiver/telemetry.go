package s3accesslogsreceiver

import (
	"context"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// instruments hands the engine its part of the receiver's own telemetry.
func instruments(t *metadata.TelemetryBuilder) ingest.Instruments {
	return ingest.Instruments{
		Objects:          t.Objects,
		Read:             t.Read,
		Records:          t.Records,
		ExtraFields:      t.RecordsExtraFields,
		BatchSize:        t.BatchSize,
		DeliveryDuration: t.DeliveryDuration,
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
