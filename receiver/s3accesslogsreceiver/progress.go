package s3accesslogsreceiver

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// openProgress opens the stored progress, and the metrics unless nil, or initializes
// it.
func (r *s3Receiver) openProgress(ctx context.Context, host component.Host, open *clients, metrics *rollup.State) (*checkpoint.Store, error) {
	sections := map[string]checkpoint.Section{}
	if metrics != nil {
		sections[ingest.MetricsSection] = metrics
	}
	progress, err := r.openStored(ctx, host, open, sections)
	if err != nil || metrics == nil || r.cfg.Metrics.InstanceID != "" {
		return progress, err
	}
	if stored := progress.InstanceID(); stored != "" {
		metrics.Identify(stored)
	} else if own, ok := r.set.Resource.Attributes().Get(serviceInstanceID); ok {
		metrics.Identify(own.AsString())
	}
	return progress, nil
}

func (r *s3Receiver) openStored(ctx context.Context, host component.Host, open *clients, sections map[string]checkpoint.Section) (*checkpoint.Store, error) {
	if r.cfg.Storage == nil {
		r.log.Warn("`storage` is not set: " + r.cfg.lostWithoutStorage() + "; set it to the id of a storage extension, such as file_storage")
		return checkpoint.InMemory(), nil
	}
	client, err := r.openStorage(ctx, host, open, progressClient)
	if err != nil {
		return nil, err
	}
	progress, err := checkpoint.Open(ctx, client, sections)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("`storage` %q: %w", r.cfg.Storage, err), client.Close(ctx))
	}
	return progress, nil
}

// lostWithoutStorage says what a restart loses.
func (c *Config) lostWithoutStorage() string {
	switch {
	case c.Queue.HasValue():
		return "a restart loses counts, so that metrics begin at zero, and how far objects were read, so that unfinished ones are read again from their beginning"
	case c.Directory.HasValue():
		return "a restart forgets what was read, so that the whole directory is read again and metrics begin at zero"
	default:
		return "a restart forgets what was read, so that it is read again or, with start_from: latest, what arrived meanwhile is left out"
	}
}

// The names of the storage's clients. Each has data of its own.
const (
	progressClient = ""
	markerClient   = "marker"
	copiesClient   = "threat_intel" // of the copies of feeds
)

// stored says what clients store, when one of them hangs.
var stored = map[string]string{
	progressClient: "the storage", markerClient: "the storage's marker", copiesClient: "the storage's copies of feeds",
}

// openStorage opens a client of the storage extension, one of those that are open.
func (r *s3Receiver) openStorage(ctx context.Context, host component.Host, open *clients, name string) (storage.Client, error) {
	extension, there := host.GetExtensions()[*r.cfg.Storage]
	if !there {
		return nil, fmt.Errorf("`storage` is %q: there is no such extension; list it under service::extensions", r.cfg.Storage)
	}
	store, is := extension.(storage.Extension)
	if !is {
		return nil, fmt.Errorf("`storage` is %q: this extension does not store, take one such as file_storage", r.cfg.Storage)
	}
	client, err := open.open(stored[name], func() (storage.Client, error) {
		return store.GetClient(ctx, component.KindReceiver, r.set.ID, name)
	})
	if err != nil {
		return nil, fmt.Errorf("`storage` %q: %w", r.cfg.Storage, err)
	}
	return client, nil
}
