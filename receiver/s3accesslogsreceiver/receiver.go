package s3accesslogsreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// logsReceiver wires a source, the engine and the consumer together.
type logsReceiver struct {
	set       receiver.Settings
	cfg       *Config
	log       *zap.Logger
	telemetry *metadata.TelemetryBuilder
	obsreport *receiverhelper.ObsReport
	next      consumer.Logs // set before start

	stop context.CancelFunc // nil before start
	done chan struct{}      // closed when run has returned
}

func newReceiver(set receiver.Settings, cfg *Config) (*logsReceiver, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	obsreport, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID:             set.ID,
		Transport:              "s3",
		ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	return &logsReceiver{
		set: set, cfg: cfg, log: boundedRate(set.Logger),
		telemetry: telemetry, obsreport: obsreport,
		done: make(chan struct{}),
	}, nil
}

// boundedRate lets ten equal messages through a minute: what an object or a
// back end brings about must not flood the collector's own log.
func boundedRate(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(c, time.Minute, 10, 0)
	}))
}

// start returns at once. An error means that a setting is wrong; what can heal
// is tried again in the background until shutdown.
func (r *logsReceiver) start(ctx context.Context, host component.Host) error {
	status := newStatus(host, r.log)
	src, err := r.openSource(ctx, status)
	if err != nil {
		return err
	}
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(r.done)
		r.run(ctx, src, status)
	}()
	return nil
}

// shutdown stops reading and waits until what was read is delivered, or until
// ctx is done. shutdown_timeout bounds the wait from within.
func (r *logsReceiver) shutdown(ctx context.Context) error {
	if r.stop == nil {
		return nil // it could not be started
	}
	r.stop()
	select {
	case <-r.done:
		r.telemetry.Shutdown()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run reads until the source ends or ctx is done.
func (r *logsReceiver) run(ctx context.Context, src source.Source, status *status) {
	engine := ingest.New(r.engineConfig(), src, r.converter(), r.delivery(), instruments(r.telemetry), status.report, r.log)
	r.observe(engine)

	err := engine.Run(ctx)
	if closeErr := src.Close(); closeErr != nil {
		r.log.Warn("closing the source", zap.Error(closeErr))
	}
	t := engine.Totals()
	fields := []zap.Field{
		zap.Int64("objects", t.Objects), zap.Int64("bytes", t.Bytes),
		zap.Int64("records", t.Records), zap.Int64("malformed", t.Malformed),
	}
	if errors.Is(err, context.Canceled) {
		r.log.Info("stopped reading", fields...)
		return
	}
	r.log.Info("directory read to its end", fields...)
}

func (r *logsReceiver) engineConfig() ingest.Config {
	return ingest.Config{
		Concurrency:       r.cfg.Concurrency,
		MaxUnacknowledged: r.cfg.MaxUnacknowledged,
		Deliveries:        r.cfg.Deliveries,
		BatchRecords:      r.cfg.Logs.BatchSize,
		BatchBytes:        int(r.cfg.Logs.BatchBytes),
		FlushInterval:     r.cfg.Logs.FlushInterval,
		ShutdownTimeout:   r.cfg.ShutdownTimeout,
		Lines:             lines.Limits{Line: int(r.cfg.MaxLineSize), Object: int64(r.cfg.MaxObjectSize)},
		SplitJoined:       r.cfg.Logs.SplitJoinedRecords,
	}
}

func (r *logsReceiver) converter() *otlplogs.Converter {
	logs := r.cfg.Logs
	return otlplogs.NewConverter(otlplogs.Options{
		ServiceName:         r.set.ID.String(),
		ScopeName:           metadata.ScopeName,
		ScopeVersion:        r.set.BuildInfo.Version,
		Body:                logs.Body == bodyOriginal,
		Original:            logs.IncludeOriginal,
		SourceObject:        logs.IncludeSourceObject,
		SensitiveParameters: logs.SensitiveParameters,
		TraceParameter:      logs.TraceParameter,
		MaxRecordSize:       int(logs.BatchBytes),
	})
}

func (r *logsReceiver) delivery() *delivery {
	return &delivery{
		next: r.next, obsreport: r.obsreport, retry: r.cfg.Retry,
		batches: r.telemetry.Batches, log: r.log,
	}
}
