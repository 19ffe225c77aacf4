package s3accesslogsreceiver

import (
	"sync/atomic"

	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// s3Receiver wires a source, the engine and the consumers together.
type s3Receiver struct {
	set         receiver.Settings
	cfg         *Config
	clock       clock
	log         *zap.Logger
	sampledLog  *zap.Logger // for messages that may repeat
	telemetry   *metadata.TelemetryBuilder
	instruments *ingest.Instruments
	obsreport   *receiverhelper.ObsReport
	next        pipelines
	wrap        func(source.Source) source.Source // set by tests, nil otherwise

	// The gauges show those of the last run.
	engine     atomic.Pointer[ingest.Engine]
	counted    atomic.Pointer[rollup.State] // nil without metrics
	enrichment atomic.Pointer[enrichment]   // nil without databases and feeds
	queue      atomic.Pointer[queue.Source] // nil without a queue
	position   atomic.Pointer[position]
}

func newReceiver(set receiver.Settings, cfg *Config, c clock) (*s3Receiver, error) {
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
	log := escaping(set.Logger)
	r := &s3Receiver{
		set: set, cfg: cfg, clock: c, log: log, sampledLog: sampled(log),
		telemetry: telemetry, instruments: newInstruments(set.ID.String(), telemetry), obsreport: obsreport,
	}
	return r, r.observe()
}

func (r *s3Receiver) engineConfig() ingest.Config {
	return ingest.Config{
		Concurrency:       r.cfg.Concurrency,
		MaxUnacknowledged: r.cfg.MaxUnacknowledged,
		Deliveries:        r.cfg.Deliveries,
		BatchRecords:      r.cfg.Logs.BatchSize,
		BatchBytes:        int(r.cfg.Logs.BatchBytes),
		FlushInterval:     r.cfg.Logs.FlushInterval,
		Lines:             lines.Limits{Line: int(r.cfg.MaxLineSize), Object: int64(r.cfg.MaxObjectSize)},
		Format:            r.cfg.Format,
		SplitJoined:       r.cfg.Logs.SplitJoinedRecords,
	}
}

func (r *s3Receiver) converter() *otlplogs.Converter {
	logs := r.cfg.Logs
	return otlplogs.NewConverter(otlplogs.Options{
		ServiceName:         r.set.ID.String(),
		ScopeName:           metadata.ScopeName,
		ScopeVersion:        r.set.BuildInfo.Version,
		Body:                logs.Body,
		Original:            logs.IncludeOriginal,
		SourceObject:        logs.IncludeSourceObject,
		SensitiveParameters: logs.SensitiveParameters,
		TraceParameter:      logs.TraceParameter,
		MaxRecordSize:       int(logs.BatchBytes),
		ExcludeAttributes:   logs.ExcludeAttributes,
		RequestParameters:   logs.CustomParameters,
		RefererParameters:   logs.RefererParameters,
	})
}

func (r *s3Receiver) delivery(report ingest.Status) *delivery {
	d := &delivery{
		next: &r.next.logs, obsreport: r.obsreport,
		batches: r.telemetry.Batches, instruments: r.instruments, log: r.sampledLog, unsampledLog: r.log,
	}
	d.refusals = &refusals{
		policy: r.cfg.OnRefusal, retry: r.cfg.Retry, what: "a batch", log: r.sampledLog, countOutcome: d.countOutcome,
		report: func(err error) { report(ingest.ConcernLogs, err) },
		hint:   "set on_refusal: drop, or a later start_from, if it is right that it does not want these records",
	}
	return d
}

func (r *s3Receiver) emission(report ingest.Status) *emission {
	e := &emission{next: &r.next.metrics, obsreport: r.obsreport, log: r.sampledLog}
	e.refusals = &refusals{
		policy: refusalDrop, retry: r.cfg.Retry, what: "a request of metrics", log: r.sampledLog, countOutcome: func(string) {},
		report: func(err error) { report(ingest.ConcernEmission, err) },
		hint:   "set on_refusal: drop if it is right that it does not want these metrics",
	}
	if r.cfg.Metrics.Temporality == rollup.TemporalityDelta {
		e.refusals.policy = r.cfg.OnRefusal // cumulative points are superseded by the next
	}
	return e
}

func (r *s3Receiver) metricsDeps() rollup.Deps {
	return rollup.Deps{
		Geo:            len(r.cfg.GeoIP.Databases) > 0,
		Threats:        len(r.cfg.ThreatIntel.Feeds) > 0,
		Clean:          redact.New(r.cfg.Logs.SensitiveParameters).Redact,
		Overflow:       r.countOverflow,
		TraceParameter: r.cfg.Logs.TraceParameter,
		Parameters:     r.cfg.Logs.parameters(),
		ServiceName:    r.set.ID.String(),
		ScopeName:      metadata.ScopeName,
		ScopeVersion:   r.set.BuildInfo.Version,
	}
}
