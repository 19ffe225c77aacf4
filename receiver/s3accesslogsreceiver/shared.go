package s3accesslogsreceiver

import (
	"context"
	"reflect"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver"
)

// receivers holds the receivers there are, so that the pipelines of all
// signals share one. It is the only mutable state of the package.
var receivers = registry{byKey: make(map[key]*shared)}

// serviceInstanceID tells collectors in one process apart.
const serviceInstanceID = "service.instance.id"

// key names a receiver. It is not the *Config, since a pipeline that is
// reloaded alone brings an equal configuration at another address.
type key struct {
	id       component.ID
	instance string
}

type registry struct {
	mu    sync.Mutex
	byKey map[key]*shared // guarded by mu
}

// shared is one receiver and how many handles on it there are.
type shared struct {
	receiver *logsReceiver
	handles  int  // guarded by registry.mu
	started  bool // guarded by registry.mu
}

// handle is what one pipeline's signal holds of a receiver: the first to start
// starts it, the last to shut down stops it.
type handle struct {
	registry *registry
	key      key
	shared   *shared
	stopped  bool // guarded by registry.mu
}

// handle returns a handle on the receiver with this id, which is made unless it
// exists with the same configuration. attach gives it the signal's consumer.
func (g *registry) handle(set receiver.Settings, cfg *Config, attach func(*logsReceiver)) (*handle, error) {
	k := key{id: set.ID}
	if v, ok := set.Resource.Attributes().Get(serviceInstanceID); ok {
		k.instance = v.AsString()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.byKey[k]
	if s == nil || !reflect.DeepEqual(s.receiver.cfg, cfg) {
		r, err := newReceiver(set, cfg)
		if err != nil {
			return nil, err
		}
		s = &shared{receiver: r}
		g.byKey[k] = s
	}
	attach(s.receiver)
	s.handles++
	return &handle{registry: g, key: k, shared: s}, nil
}

// Start implements component.Component.
func (h *handle) Start(ctx context.Context, host component.Host) error {
	h.registry.mu.Lock()
	defer h.registry.mu.Unlock()
	if h.shared.started || h.stopped {
		return nil
	}
	if err := h.shared.receiver.start(ctx, host); err != nil {
		return err
	}
	h.shared.started = true
	return nil
}

// Shutdown implements component.Component. With the last handle it returns when
// the receiver has stopped.
func (h *handle) Shutdown(ctx context.Context) error {
	if h.release() {
		h.shared.receiver.shutdown(ctx)
	}
	return nil
}

// release gives the handle up and tells whether the receiver has to stop.
func (h *handle) release() bool {
	h.registry.mu.Lock()
	defer h.registry.mu.Unlock()
	if h.stopped {
		return false
	}
	h.stopped = true
	h.shared.handles--
	if h.shared.handles > 0 {
		return false
	}
	if h.registry.byKey[h.key] == h.shared {
		delete(h.registry.byKey, h.key)
	}
	return h.shared.started
}
