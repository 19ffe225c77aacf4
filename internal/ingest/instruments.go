package ingest

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// Instruments are the receiver's telemetry that the engine updates. All must be set.
type Instruments struct {
	Receiver string // attribute of every measurement: several receivers share the instruments

	Objects          metric.Int64Counter     // by outcome
	Read             metric.Int64Counter     // decompressed bytes
	Records          metric.Int64Counter     // by outcome
	ExtraFields      metric.Int64Counter     // records with more fields than are known
	UnexpectedValues metric.Int64Counter     // records with a value that is not known, by field
	BatchSize        metric.Int64Histogram   // records
	DeliveryDuration metric.Float64Histogram // seconds, by signal
	Lag              metric.Float64Histogram // seconds: age of the last record of each chunk when it was read
	Commits          metric.Int64Counter     // changes stored
	CommitDuration   metric.Float64Histogram // seconds
}

// With returns the given attributes and the receiver's, for a measurement.
func (i *Instruments) With(attributes ...attribute.KeyValue) metric.MeasurementOption {
	set := attribute.NewSet(append(attributes, attribute.String("receiver", i.Receiver))...)
	return metric.WithAttributeSet(set)
}

// WithOutcome is With for the attribute outcome.
func (i *Instruments) WithOutcome(value string) metric.MeasurementOption {
	return i.With(attribute.String("outcome", value))
}

func (i *Instruments) read(bytes int64) {
	i.Read.Add(context.Background(), bytes, i.With())
}

func (i *Instruments) object(o ObjectOutcome) {
	i.Objects.Add(context.Background(), 1, i.WithOutcome(string(o)))
}

func (i *Instruments) records(n *counts, lag time.Duration) {
	ctx := context.Background()
	if n.ok > 0 {
		i.Records.Add(ctx, n.ok, i.WithOutcome("ok"))
		i.Lag.Record(ctx, lag.Seconds(), i.With())
	}
	if n.malformed > 0 {
		i.Records.Add(ctx, n.malformed, i.WithOutcome("malformed"))
	}
	if n.extra > 0 {
		i.ExtraFields.Add(ctx, n.extra, i.With())
	}
	for f, records := range n.unexpected {
		if records > 0 {
			i.UnexpectedValues.Add(ctx, records, i.With(attribute.String("field", accesslog.Field(f).String())))
		}
	}
}

func (i *Instruments) committed(took time.Duration) {
	i.Commits.Add(context.Background(), 1, i.With())
	i.CommitDuration.Record(context.Background(), took.Seconds(), i.With())
}

func (i *Instruments) emitted(took time.Duration) {
	i.DeliveryDuration.Record(context.Background(), took.Seconds(), i.With(attribute.String("signal", "metrics")))
}

func (i *Instruments) delivered(records, refused int, took time.Duration) {
	ctx := context.Background()
	i.BatchSize.Record(ctx, int64(records), i.With())
	i.DeliveryDuration.Record(ctx, took.Seconds(), i.With(attribute.String("signal", "logs")))
	if refused > 0 {
		i.Records.Add(ctx, int64(refused), i.WithOutcome("refused"))
	}
}
