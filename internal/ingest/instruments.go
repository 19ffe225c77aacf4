package ingest

import (
	"context"
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
	Lag              metric.Float64Histogram // seconds: age of the last record of each chunk when it was read
	Commits          metric.Int64Counter     // changes stored
	CommitDuration   metric.Float64Histogram // seconds
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

func (i *Instruments) committed(took time.Duration) {
	i.Commits.Add(context.Background(), 1)
	i.CommitDuration.Record(context.Background(), took.Seconds())
}

func (i *Instruments) delivered(ctx context.Context, records, refused int, took time.Duration) {
	i.BatchSize.Record(ctx, int64(records))
	i.DeliveryDuration.Record(ctx, took.Seconds(), signalLogs)
	if refused > 0 {
		i.Records.Add(ctx, int64(refused), recordsRefused)
	}
}
