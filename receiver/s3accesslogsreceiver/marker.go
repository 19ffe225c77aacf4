package s3accesslogsreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

const (
	// markerInterval is the time between two checks of the marker.
	markerInterval = 30 * time.Second
	// concernMarker means that the stored progress is not where it was.
	concernMarker ingest.Concern = "finding the stored progress"
)

// marker knows whether the stored progress is there. Its client is opened anew for each
// check: a removed file shows only then.
type marker struct {
	receiver *s3Receiver
	host     component.Host
	open     *clients
	progress *checkpoint.Store
	written  bool // it was seen or written
}

// openMarker checks the marker, and makes it for progress that has none. An error means
// that the progress is damaged. Without a storage it returns nil.
func (r *s3Receiver) openMarker(ctx context.Context, host component.Host, open *clients, progress *checkpoint.Store) (*marker, error) {
	if r.cfg.Storage == nil {
		return nil, nil
	}
	m := &marker{receiver: r, host: host, open: open, progress: progress}
	if err := m.check(ctx); errors.Is(err, checkpoint.ErrUnreadable) {
		return nil, fmt.Errorf("`storage` %q: %w", r.cfg.Storage, err)
	} else if err != nil {
		r.log.Warn("the marker of the stored progress cannot be written, it is tried again", zap.Error(err))
	}
	return m, nil
}

// check opens a client, looks for the marker and closes the client.
func (m *marker) check(ctx context.Context) (err error) {
	client, err := m.receiver.openStorage(ctx, m.host, m.open, markerClient)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, withTimeout(client.Close)) }()
	return m.checkWith(ctx, client)
}

func (m *marker) checkWith(ctx context.Context, client storage.Client) error {
	err := m.progress.CheckMarker(ctx, client)
	if errors.Is(err, checkpoint.ErrNoMarker) && !m.written {
		err = m.progress.Mark(ctx, client)
	}
	if err == nil {
		m.written = true
	}
	return err
}

// watch checks again and again, until ctx is done.
func (m *marker) watch(ctx context.Context, report ingest.Status) {
	for {
		due := make(chan struct{})
		timer := m.receiver.clock.AfterFunc(markerInterval, func() { close(due) })
		select {
		case <-due:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		err := m.check(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			err = fmt.Errorf("`storage` %q: the stored progress is not where it was, so that a restart would not know what was read: "+
				"put the storage's folder back, or restart the collector: %w", m.receiver.cfg.Storage, err)
		}
		report(concernMarker, err)
	}
}
