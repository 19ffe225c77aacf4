package ingest

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Instruments are the parts of the receiver's own telemetry that the engine
// keeps. All must be set.
type Instruments struct {
	Objects          metric.Int64Counter     // by outcome
	Read             metric.Int64Counter     // decompressed bytes
	Records          metric.Int64Counter     // by outcome
	ExtraFields      metric.Int64Counter     // records with more fields than are known
	BatchSize        metric.Int64Histogram   // records
	DeliveryDuration metric.Float64Histogram // seconds, by signal
}

var (
	recordsOK        = outcome("ok")
	recordsMalformed = outcome("malformed")
	recordsRefused   = outcome("refused")
	signalLogs       = metric.WithAttributeSet(attribute.NewSet(attribute.String("signal", "logs")))
)

func outcome(value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", value)))
}

func (i *Instruments) object(o Outcome) {
	i.Objects.Add(context.Background(), 1, outcome(string(o)))
}

func (i *Instruments) records(ctx context.Context, ok, malformed, extra int64) {
	if ok > 0 {
		i.Records.Add(ctx, ok, recordsOK)
	}
	if malformed > 0 {
		i.Records.Add(ctx, malformed, recordsMalformed)
	}
	if extra > 0 {
		i.ExtraFields.Add(ctx, extra)
	}
}

func (i *Instruments) delivered(ctx context.Context, records int64, took time.Duration, err error) {
	i.BatchSize.Record(ctx, records)
	i.DeliveryDuration.Record(ctx, took.Seconds(), signalLogs)
	if errors.Is(err, ErrRefused) {
		i.Records.Add(ctx, records, recordsRefused)
	}
}
