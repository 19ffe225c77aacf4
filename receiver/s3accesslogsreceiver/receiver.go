package s3accesslogsreceiver

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// closeTimeout bounds what a shutdown waits for storage to close.
const closeTimeout = 5 * time.Second

// logsReceiver wires a source, the engine and the consumer together.
type logsReceiver struct {
	set         receiver.Settings
	cfg         *Config
	log         *zap.Logger
	repeated    *zap.Logger // for what can come again and again
	telemetry   *metadata.TelemetryBuilder
	instruments *ingest.Instruments
	obsreport   *receiverhelper.ObsReport
	next        atomic.Pointer[consumer.Logs] // set before start, and anew when the pipeline is reloaded alone

	// Set by start.
	engine         *ingest.Engine
	stopReading    context.CancelFunc
	stopDelivering context.CancelFunc
	done           chan struct{} // closed when all has stopped
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
		set: set, cfg: cfg, log: set.Logger, repeated: boundedRate(set.Logger),
		telemetry: telemetry, instruments: newInstruments(set.ID.String(), telemetry), obsreport: obsreport,
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
	progress, err := r.openProgress(ctx, host)
	if err != nil {
		return err
	}
	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	delivering, stopDelivering := context.WithCancel(context.WithoutCancel(ctx))
	src, err := r.openSource(reading, progress)
	if err != nil {
		stopReading()
		stopDelivering()
		return errors.Join(err, progress.Close(ctx))
	}
	status := newStatus(host, r.log)
	r.engine = ingest.New(r.engineConfig(), ingest.Parts{
		Source:      src.source,
		Converter:   r.converter(),
		Sink:        r.delivery(),
		Progress:    progress,
		Instruments: *r.instruments,
		Status:      status.report,
		Log:         r.log,
	})
	r.observe(r.engine)
	r.stopReading, r.stopDelivering = stopReading, stopDelivering
	go func() {
		defer close(r.done)
		err := r.engine.Run(reading, delivering)
		r.close(src, progress)
		status.stop(err == nil)
		r.summarize(err)
	}()
	return nil
}

// close frees what start opened, within the time that is left to do it.
func (r *logsReceiver) close(src *opened, progress *checkpoint.Store) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := errors.Join(src.close(), progress.Close(ctx)); err != nil {
		r.log.Warn("closing the source and its progress", zap.Error(err))
	}
}

// shutdown stops reading, waits until what was read is delivered, for
// shutdown_timeout or until ctx is done, then gives the rest back. It returns
// when all has stopped, which takes as long as a consumer takes to heed the end
// of its context.
func (r *logsReceiver) shutdown(ctx context.Context) {
	r.stopReading()
	select {
	case <-r.done:
	case <-time.After(r.cfg.ShutdownTimeout):
	case <-ctx.Done():
	}
	r.stopDelivering()
	<-r.done
	r.telemetry.Shutdown()
}

// summarize logs what was read, once reading has ended.
func (r *logsReceiver) summarize(err error) {
	message := "directory read to its end"
	if errors.Is(err, context.Canceled) {
		message = "stopped reading"
	}
	t := r.engine.Totals()
	r.log.Info(message,
		zap.Int64("objects", t.Objects), zap.Int64("bytes", t.Bytes),
		zap.Int64("records", t.Records), zap.Int64("malformed", t.Malformed))
}

func (r *logsReceiver) engineConfig() ingest.Config {
	return ingest.Config{
		Concurrency:       r.cfg.Concurrency,
		MaxUnacknowledged: r.cfg.MaxUnacknowledged,
		Deliveries:        r.cfg.Deliveries,
		BatchRecords:      r.cfg.Logs.BatchSize,
		BatchBytes:        int(r.cfg.Logs.BatchBytes),
		FlushInterval:     r.cfg.Logs.FlushInterval,
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
		next: &r.next, obsreport: r.obsreport, retry: r.cfg.Retry,
		batches: r.telemetry.Batches, instruments: r.instruments, log: r.repeated,
	}
}
