package s3accesslogsreceiver

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
)

// openProgress opens what was committed in earlier lives, or begins to keep it.
func (r *logsReceiver) openProgress(ctx context.Context, host component.Host) (*checkpoint.Store, error) {
	if r.cfg.Storage == nil {
		r.log.Warn("`storage` is not set: a restart forgets what was read, so that it is read again or, with start_from: latest, what arrived meanwhile is left out")
		return checkpoint.InMemory(), nil
	}
	extension, there := host.GetExtensions()[*r.cfg.Storage]
	if !there {
		return nil, fmt.Errorf("`storage` is %q: there is no such extension; list it under service::extensions", r.cfg.Storage)
	}
	store, is := extension.(storage.Extension)
	if !is {
		return nil, fmt.Errorf("`storage` is %q: this extension does not store, take one such as file_storage", r.cfg.Storage)
	}
	client, err := store.GetClient(ctx, component.KindReceiver, r.set.ID, "")
	if err != nil {
		return nil, fmt.Errorf("`storage` %q: %w", r.cfg.Storage, err)
	}
	progress, err := checkpoint.Open(ctx, client, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("`storage` %q: %w", r.cfg.Storage, err), client.Close(ctx))
	}
	return progress, nil
}
