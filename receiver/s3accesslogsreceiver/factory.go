package s3accesslogsreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/dustin/go-humanize"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/geo"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/threat"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// NewFactory returns the factory of the s3_access_logs receiver.
func NewFactory() receiver.Factory { return receivers.factory() }

// factory returns a factory whose receivers are shared through g.
func (g *registry) factory() receiver.Factory {
	return receiver.NewFactory(
		metadata.Type,
		createDefaultConfig,
		receiver.WithLogs(g.createLogs, metadata.LogsStability),
		receiver.WithMetrics(g.createMetrics, metadata.MetricsStability),
	)
}

func createDefaultConfig() component.Config {
	retry := configretry.NewDefaultBackOffConfig()
	retry.InitialInterval = time.Second
	retry.MaxElapsedTime = 0 // no limit: an outage of the back end loses nothing
	return &Config{
		Bucket:            configoptional.Default(fleet.DefaultConfig()),
		Queue:             configoptional.Default(queue.DefaultConfig()),
		Directory:         configoptional.Default(directory.Config{}),
		Format:            accesslog.FormatAWS,
		Concurrency:       32,
		MaxUnacknowledged: 10000,
		Deliveries:        4,
		MaxLineSize:       1 * humanize.MiByte,
		MaxObjectSize:     16 * humanize.GiByte,
		ShutdownTimeout:   10 * time.Second,
		Retry:             retry,
		OnRefusal:         refusalWait,
		Logs: LogsConfig{
			BatchSize:           2048,
			BatchBytes:          3 * humanize.MiByte,
			FlushInterval:       time.Second,
			Body:                otlplogs.BodyNone,
			IncludeOriginal:     otlplogs.OriginalOnError,
			SensitiveParameters: redact.DefaultNames(),
			TraceParameter:      "x-traceparent",
		},
		Metrics:     MetricsConfig{rollup.DefaultConfig()},
		GeoIP:       geo.Config{ReloadInterval: time.Minute},
		ThreatIntel: ThreatConfig{Config: threat.Config{RefreshInterval: threat.DefaultRefresh, MaxFeedSize: threat.DefaultMaxFeedSize}},
	}
}

func (g *registry) createLogs(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	return g.handle(set, cfg.(*Config),
		func(p *pipelines) { p.logs.Store(&next) },
		func(p *pipelines) { p.logs.CompareAndSwap(&next, nil) })
}

func (g *registry) createMetrics(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	return g.handle(set, cfg.(*Config),
		func(p *pipelines) { p.metrics.Store(&next) },
		func(p *pipelines) { p.metrics.CompareAndSwap(&next, nil) })
}
