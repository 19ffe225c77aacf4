package s3accessreportexporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/intake"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/output"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/page"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/server"
)

// shutdownTimeout is how long the last report and open connections have.
const shutdownTimeout = 2500 * time.Millisecond

// report wires the parts of the exporter.
type report struct {
	config *Config
	set    exporter.Settings
	page   *page.Page
	intake *intake.Intake
	output *output.Output // nil: not started
	server *http.Server   // nil: nothing is served
	served sync.WaitGroup

	mu      sync.Mutex
	failing bool // to write the file
}

func newReport(config *Config, set exporter.Settings, clock func() time.Time) (*report, error) {
	p, err := page.New()
	if err != nil {
		return nil, err
	}
	return &report{config: config, set: set, page: p, intake: intake.New(config.Retention, clock)}, nil
}

func (r *report) start(ctx context.Context, host component.Host) error {
	if err := r.open(ctx, host); err != nil {
		return err
	}
	out := output.New(output.Settings{
		Intake: r.intake, Page: r.page, Title: r.config.Title, Path: r.config.Path,
		Interval: r.config.Interval, Clock: time.Now, Written: r.written,
	})
	if r.config.HTTP.NetAddr.Endpoint != "" {
		if err := r.serve(ctx, host, out); err != nil {
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
			defer cancel()
			return errors.Join(err, r.intake.Close(closing))
		}
	}
	r.output = out
	out.Start()
	return nil
}

// open reads what the storage holds.
func (r *report) open(ctx context.Context, host component.Host) error {
	id := r.config.StorageID
	if id == nil {
		r.set.Logger.Warn("storage is not set: what is counted is lost when the collector ends, and counted again from records that are read again")
		return nil
	}
	extension, found := host.GetExtensions()[*id]
	if !found {
		return fmt.Errorf("storage: there is no extension %s", id)
	}
	of, is := extension.(storage.Extension)
	if !is {
		return fmt.Errorf("storage: the extension %s is not a storage", id)
	}
	client, err := of.GetClient(ctx, component.KindExporter, r.set.ID, "")
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if err := r.intake.Open(ctx, client); err != nil {
		return errors.Join(fmt.Errorf("storage: what %s holds of %s cannot be read, remove it to count anew: %w", id, r.set.ID, err), client.Close(ctx))
	}
	return nil
}

func (r *report) serve(ctx context.Context, host component.Host, out *output.Output) error {
	name, endpoint := r.config.host()
	settings := r.config.HTTP
	settings.NetAddr.Endpoint = endpoint
	handler := &server.Handler{Policy: r.page.Policy(), Current: out.Current, AnyHost: settings.Auth.HasValue(), Host: name}
	listener, err := settings.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	r.server, err = settings.ToServer(ctx, host.GetExtensions(), r.set.TelemetrySettings, handler)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	r.served.Go(func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.set.Logger.Error("the report is not served any more", zap.Error(err))
		}
	})
	scheme := "http"
	if settings.TLS.HasValue() {
		scheme = "https"
	}
	r.set.Logger.Info("the report is served", zap.String("url", scheme+"://"+listener.Addr().String()+"/"))
	return nil
}

func (r *report) consume(ctx context.Context, logs plog.Logs) error {
	return r.intake.Consume(ctx, logs)
}

// written tells once that the file cannot be written, and once that it can be again.
func (r *report) written(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil && !r.failing:
		r.set.Logger.Warn("the report cannot be written; it is tried again", zap.String("path", r.config.Path), zap.Error(err))
	case err == nil && r.failing:
		r.set.Logger.Info("the report is written again", zap.String("path", r.config.Path))
	}
	r.failing = err != nil
}

// shutdown returns within 3 seconds: a connection that is still open then is closed, a
// write that hangs is left behind.
func (r *report) shutdown(ctx context.Context) error {
	if r.output == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	err := r.output.Stop(ctx)
	if err != nil {
		err = fmt.Errorf("the last report was not written: %s: %w", r.config.Path, err)
	} else {
		r.tell()
	}
	if r.server != nil {
		brief, cancel := context.WithTimeout(ctx, shutdownTimeout/5)
		defer cancel()
		if r.server.Shutdown(brief) != nil {
			err = errors.Join(err, r.server.Close())
		}
		r.served.Wait()
	}
	closed := make(chan error, 1)
	go func() { closed <- r.intake.Close(ctx) }()
	select {
	case e := <-closed:
		return errors.Join(err, e)
	case <-ctx.Done():
		return errors.Join(err, fmt.Errorf("storage: it was not closed: %w", ctx.Err()))
	}
}

// tell says what stands out in each range.
func (r *report) tell() {
	data := r.output.Last()
	if r.config.Path == "" || data == nil {
		return
	}
	r.set.Logger.Info("the report is written", zap.String("path", r.config.Path), zap.Strings("stands_out", data.StandsOut()))
}
