package s3accesslogsreceiver

import (
	"context"
	"errors"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// errCutOff is the error of a call of a storage whose run was left behind.
var errCutOff = errors.New("the receiver was stopped")

// guardedClient is a client of the storage that can be cut off while a call hangs: no
// further one reaches the storage, and the client is closed when that one returns.
type guardedClient struct {
	client storage.Client
	free   chan struct{} // closed when the client is

	mu      sync.Mutex // guards everything below
	running int
	what    string // the latest call
	cut     bool
	closing bool
}

func guard(client storage.Client) *guardedClient {
	return &guardedClient{client: client, free: make(chan struct{})}
}

func (g *guardedClient) begin(what string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cut {
		return errCutOff
	}
	g.running++
	g.what = what
	return nil
}

func (g *guardedClient) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	g.finish()
}

// finish closes a client that was cut off, once nothing is running. mu is held.
func (g *guardedClient) finish() {
	if !g.cut || g.running > 0 || g.closing {
		return
	}
	g.closing = true
	go func() {
		defer close(g.free)
		_ = withTimeout(g.client.Close) // nobody is there to be told
	}()
}

// cutOff cuts the client off and returns the call that is under way, "" for none.
func (g *guardedClient) cutOff() (hangs string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = true
	g.finish()
	if g.running > 0 || g.closing && g.what == whatClose {
		return g.what
	}
	return ""
}

// isFree reports whether the client is closed.
func (g *guardedClient) isFree() bool {
	select {
	case <-g.free:
		return true
	default:
		return false
	}
}

const whatClose = "closing it"

// Get implements storage.Client.
func (g *guardedClient) Get(ctx context.Context, key string) ([]byte, error) {
	if err := g.begin("reading " + key); err != nil {
		return nil, err
	}
	defer g.end()
	return g.client.Get(ctx, key)
}

// Set implements storage.Client.
func (g *guardedClient) Set(ctx context.Context, key string, value []byte) error {
	if err := g.begin("writing " + key); err != nil {
		return err
	}
	defer g.end()
	return g.client.Set(ctx, key, value)
}

// Delete implements storage.Client.
func (g *guardedClient) Delete(ctx context.Context, key string) error {
	if err := g.begin("deleting " + key); err != nil {
		return err
	}
	defer g.end()
	return g.client.Delete(ctx, key)
}

// Batch implements storage.Client.
func (g *guardedClient) Batch(ctx context.Context, ops ...*storage.Operation) error {
	if err := g.begin("a batch of calls"); err != nil {
		return err
	}
	defer g.end()
	return g.client.Batch(ctx, ops...)
}

// Close implements storage.Client.
func (g *guardedClient) Close(ctx context.Context) error {
	g.mu.Lock()
	if g.cut || g.closing {
		g.mu.Unlock()
		return nil
	}
	g.closing, g.what = true, whatClose
	g.mu.Unlock()
	defer close(g.free)
	return g.client.Close(ctx)
}

// storageKey names a receiver's data in a storage.
type storageKey struct {
	receiver key
	storage  component.ID
}

// storageLocks are the storages in which a call of a run that was left behind hangs. They
// are safe for concurrent use.
type storageLocks struct {
	mu   sync.Mutex // guards held
	held map[storageKey]*guardedClient
}

func (l *storageLocks) hold(k storageKey, g *guardedClient) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[storageKey]*guardedClient{}
	}
	l.held[k] = g
}

// of returns the client that holds a storage, nil for none.
func (l *storageLocks) of(k storageKey) *guardedClient {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.held[k]
	if g != nil && g.isFree() {
		delete(l.held, k)
		return nil
	}
	return g
}
