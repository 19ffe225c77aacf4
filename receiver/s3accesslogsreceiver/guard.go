package s3accesslogsreceiver

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// errCutOff is the error of a call of a storage whose run was left behind.
var errCutOff = errors.New("the receiver was stopped")

// clients are the clients of the storage that a run has open. They can be cut off while a
// call hangs: no further one reaches the storage. They are safe for concurrent use.
type clients struct {
	mu  sync.Mutex // guards everything below
	all []*guardedClient
	cut bool
}

// open opens a client by get, which may hang. what says what the client stores.
func (c *clients) open(what string, get func() (storage.Client, error)) (*guardedClient, error) {
	g := &guardedClient{stores: what, free: make(chan struct{}), running: 1, what: "opening it"}
	c.mu.Lock()
	if c.cut {
		c.mu.Unlock()
		return nil, errCutOff
	}
	c.all = append(slices.DeleteFunc(c.all, (*guardedClient).isFree), g)
	c.mu.Unlock()
	client, err := get()
	return g, g.opened(client, err)
}

// cutOff cuts all clients off and returns the calls that are under way.
func (c *clients) cutOff() (hangs []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	for _, g := range c.all {
		if what := g.cutOff(); what != "" {
			hangs = append(hangs, g.stores+": "+what)
		}
	}
	return hangs
}

// wait returns when all clients that were cut off are closed, or when ctx is done.
func (c *clients) wait(ctx context.Context) {
	c.mu.Lock()
	all := slices.Clone(c.all)
	c.mu.Unlock()
	for _, g := range all {
		select {
		case <-g.free:
		case <-ctx.Done():
		}
	}
}

// isFree reports whether all clients are closed.
func (c *clients) isFree() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !slices.ContainsFunc(c.all, func(g *guardedClient) bool { return !g.isFree() })
}

// guardedClient is a client of the storage that is closed when it is cut off, or when the
// call that hung then returns.
type guardedClient struct {
	client storage.Client
	stores string
	free   chan struct{} // closed when the client is

	mu      sync.Mutex // guards everything below
	running int
	what    string // the latest call
	cut     bool
	closing bool
}

// opened ends the opening.
func (g *guardedClient) opened(client storage.Client, err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	if err != nil {
		g.closing = true
		close(g.free)
		return err
	}
	g.client = client
	if g.cut {
		g.finish()
		return errCutOff
	}
	return nil
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
	if g.isFree() {
		return ""
	}
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
	held map[storageKey]*clients
}

func (l *storageLocks) hold(k storageKey, c *clients) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[storageKey]*clients{}
	}
	l.held[k] = c
}

// of returns the clients that hold a storage, nil for none.
func (l *storageLocks) of(k storageKey) *clients {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.held[k]
	if c != nil && c.isFree() {
		delete(l.held, k)
		return nil
	}
	return c
}
