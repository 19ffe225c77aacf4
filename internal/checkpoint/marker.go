package checkpoint

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// markerKey is the key of the marker, in a client of its own: what damages or removes the
// progress as a whole leaves it.
const markerKey = "marker"

// ErrNoMarker is returned by CheckMarker when there is none.
var ErrNoMarker = errors.New("there is no marker of stored progress")

// CheckMarker reads the marker from another client of the same storage. An error that
// wraps ErrUnreadable means that the store is not the one that was marked: its progress
// was damaged or removed, and what was opened is a fresh start. It is permanent.
func (s *Store) CheckMarker(ctx context.Context, other storage.Client) error {
	value, err := other.Get(ctx, markerKey)
	if err != nil {
		return fmt.Errorf("read %s: %w", markerKey, err)
	}
	if value == nil {
		return ErrNoMarker
	}
	b, err := content(markerKey, value)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoMarker, err)
	}
	r := newReader(b)
	instance := r.String()
	if r.End() != nil {
		return fmt.Errorf("%w: %w", ErrNoMarker, r.End())
	}
	if instance != s.state.instance {
		return fmt.Errorf("%w: it is gone or damaged, a marker tells that there was some; put it back from a copy, or, to start anew without what was done so far, "+
			"delete this receiver's data in the storage extension (both its files, for file_storage) or give the receiver another name", ErrUnreadable)
	}
	return nil
}

// Mark writes the marker to another client of the same storage.
func (s *Store) Mark(ctx context.Context, other storage.Client) error {
	b := wire.AppendString(newValue(len(s.state.instance)+1), s.state.instance)
	if err := other.Set(ctx, markerKey, finish(markerKey, b)); err != nil {
		return fmt.Errorf("write %s: %w", markerKey, err)
	}
	return nil
}
