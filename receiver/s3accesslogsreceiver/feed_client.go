package s3accesslogsreceiver

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// feedClient returns a client with these settings, and a function that closes its
// idle connections. Client.CloseIdleConnections does not: the collector wraps the
// transport in others, so the innermost one is taken.
func (r *s3Receiver) feedClient(ctx context.Context, host component.Host, cfg confighttp.ClientConfig) (*http.Client, func(), error) {
	bottom := &bottomTransport{}
	id := component.NewIDWithName(metadata.Type, "transport") // not the id of any extension
	cfg.Middlewares = append(slices.Clone(cfg.Middlewares), configmiddleware.Config{ID: id})
	extensions := map[component.ID]component.Component{id: bottom}
	maps.Copy(extensions, host.GetExtensions())

	telemetry := r.set.TelemetrySettings
	telemetry.TracerProvider = noop.NewTracerProvider() // a span has the whole URL, with its query
	client, err := cfg.ToClient(ctx, extensions, telemetry)
	return client, bottom.closeIdle, err
}

// bottomTransport is an HTTP middleware that remembers the transport below it and
// adds nothing.
type bottomTransport struct {
	component.StartFunc
	component.ShutdownFunc
	base http.RoundTripper
}

// GetHTTPRoundTripper implements extensionmiddleware.HTTPClient.
func (b *bottomTransport) GetHTTPRoundTripper(context.Context) (func(context.Context, http.RoundTripper) (http.RoundTripper, error), error) {
	return func(_ context.Context, base http.RoundTripper) (http.RoundTripper, error) {
		b.base = base
		return base, nil
	}, nil
}

func (b *bottomTransport) closeIdle() {
	if t, ok := b.base.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
