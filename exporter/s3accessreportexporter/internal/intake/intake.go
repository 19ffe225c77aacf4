// Package intake counts batches of log records. With a store it returns only when what it
// counted is stored; batches that wait together are stored by one write.
package intake

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/attributes"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/store"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/wire"
)

// Intake has the tally. It is safe for concurrent use.
type Intake struct {
	clock func() time.Time
	store *store.Store // nil: nothing is stored. Whoever has turn uses it

	turn chan struct{} // holds one token

	waiting struct {
		sync.Mutex
		batches []*batch
	}
	pool sync.Pool

	mu      sync.Mutex // guards what is below
	tally   *tally.Tally
	version uint64
	damaged error // what is counted is not what is stored
}

// batch waits to be stored and counted.
type batch struct {
	records tally.Records
	settled chan error // holds one
}

// New returns an Intake without a store.
func New(retention time.Duration, clock func() time.Time) *Intake {
	i := &Intake{clock: clock, turn: make(chan struct{}, 1), tally: tally.New(retention)}
	i.pool.New = func() any { return &batch{settled: make(chan error, 1)} }
	i.turn <- struct{}{}
	return i
}

// Open reads what a storage holds, before anything is counted, and stores from then on.
// Unless it returns an error the client is the intake's.
func (i *Intake) Open(ctx context.Context, client storage.Client) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	s, err := store.Open(ctx, client, i.tally.Restore, i.replay)
	if err != nil {
		return err
	}
	i.store = s
	return nil
}

// replay counts the batches of an entry.
func (i *Intake) replay(entry []byte) error {
	r := wire.NewReader(entry)
	for r.More() {
		if err := i.tally.AddStored(r.Text(len(entry))); err != nil {
			return err
		}
	}
	i.version++
	return r.Close()
}

// Consume counts the records of a batch. After an error they are not counted, or, if it
// was the storage's, will be once when they are offered again.
func (i *Intake) Consume(ctx context.Context, logs plog.Logs) error {
	if i.store == nil {
		i.mu.Lock()
		defer i.mu.Unlock()
		clock := i.clock().UnixMilli()
		attributes.Each(logs, func(r *tally.Record) { i.tally.Add(r, clock) })
		i.version++
		return nil
	}
	b := i.pool.Get().(*batch)
	b.records.Begin(i.clock().UnixMilli())
	attributes.Each(logs, b.records.Append)
	if b.records.Len() == 0 {
		i.pool.Put(b)
		return nil
	}
	i.waiting.Lock()
	i.waiting.batches = append(i.waiting.batches, b)
	i.waiting.Unlock()
	select {
	case err := <-b.settled:
		i.pool.Put(b)
		return err
	case <-ctx.Done():
		return ctx.Err() // who has the turn settles it
	case <-i.turn:
	}
	defer func() { i.turn <- struct{}{} }()
	select {
	case err := <-b.settled:
		i.pool.Put(b)
		return err
	default:
	}
	i.settle(ctx)
	err := <-b.settled
	i.pool.Put(b)
	return err
}

// settle stores and counts what is waiting. The caller has the turn.
func (i *Intake) settle(ctx context.Context) {
	i.waiting.Lock()
	batches := i.waiting.batches
	i.waiting.batches = nil
	i.waiting.Unlock()
	size := 0
	for _, b := range batches {
		size += len(b.records.Bytes()) + 8
	}
	entry := make([]byte, 0, size)
	for _, b := range batches {
		entry = wire.Text(entry, b.records.Bytes())
	}
	err := i.failed()
	if err == nil {
		err = i.store.Append(ctx, entry)
	}
	if err == nil {
		i.mu.Lock()
		if err = i.replay(entry); err != nil {
			i.damaged = err
		}
		i.mu.Unlock()
	}
	if err == nil && i.store.Due() {
		i.snapshot(ctx)
	}
	for _, b := range batches {
		b.settled <- err
	}
}

func (i *Intake) failed() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.damaged
}

// snapshot stores the tally. It is not needed: what is stored is complete without it, and
// it is due again. Nobody changes the tally meanwhile; the lock is held while a part is
// made and not while it is written.
func (i *Intake) snapshot(ctx context.Context) {
	_ = i.store.Snapshot(ctx, func(yield func([]byte) bool) {
		i.mu.Lock()
		defer i.mu.Unlock()
		for part := range i.tally.Save() {
			i.mu.Unlock()
			more := yield(part)
			i.mu.Lock()
			if !more {
				return
			}
		}
	})
}

// View calls f with the tally, which it must not change or keep, and its version.
func (i *Intake) View(f func(t *tally.Tally, version uint64)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f(i.tally, i.version)
}

// Version returns a number that is another one when something was counted.
func (i *Intake) Version() uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.version
}

// Close closes the storage client when no write is under way, and returns ctx's error if
// one still is when ctx ends.
func (i *Intake) Close(ctx context.Context) error {
	if i.store == nil {
		return nil
	}
	select {
	case <-i.turn:
		return i.store.Close(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}
