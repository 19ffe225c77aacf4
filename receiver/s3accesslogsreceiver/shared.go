package s3accesslogsreceiver

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
)

// receivers holds all receivers, so that the pipelines of both signals share one. It is
// the only mutable state of the package.
var receivers = newRegistry(systemClock{})

// serviceInstanceID distinguishes collectors in one process.
const serviceInstanceID = "service.instance.id"

// reloadTime is how long the receiver waits for a pipeline that was shut down alone
// before it resumes for the remaining one, without the other.
const reloadTime = 10 * time.Second

// key names a receiver. It is not the *Config, since a pipeline that is
// reloaded alone brings an equal configuration at another address.
type key struct {
	id       component.ID
	instance string
}

type registry struct {
	clock clock
	locks storageLocks
	mu    sync.Mutex
	byKey map[key]*shared // guarded by mu
}

func newRegistry(c clock) *registry { return &registry{clock: c, byKey: make(map[key]*shared)} }

// pipelines are the consumers of the receiver's pipelines; nil for a signal without one.
type pipelines struct {
	logs    atomic.Pointer[consumer.Logs]
	metrics atomic.Pointer[consumer.Metrics]
}

// shared is one receiver and the handles on it. The receiver runs from the first Start
// to the first Shutdown of a handle, and again for the remaining ones:
//
//	first Start --> runs for all signals --> a handle's Shutdown --> stopped, drained
//	                       ^                                              |
//	                       +---- a Start, or reloadTime has passed -------+--> last Shutdown: closed
//
// So both signals get their last delivery, whichever is shut down first.
type shared struct {
	receiver *s3Receiver
	key      key
	locks    *storageLocks
	handles  int // guarded by registry.mu

	mu      sync.Mutex  // guards everything below, and is held while a run starts or stops
	started []*handle   // in the order of their Start
	run     *run        // nil while stopped
	later   *time.Timer // starts the next run
	waiting func()      // ends the wait for a storage that is busy; nil means none
	failed  *handle     // whose host got the error of the next run's start; nil means none
}

// handle is one signal's reference to a receiver.
type handle struct {
	registry *registry
	key      key
	shared   *shared
	detach   func(*pipelines)
	released bool           // guarded by registry.mu
	host     component.Host // of Start; guarded by shared.mu
}

// handle returns a handle on the receiver with this id, a new one unless it exists with
// the same configuration. attach sets the signal's consumer, detach removes it.
func (g *registry) handle(set receiver.Settings, cfg *Config, attach, detach func(*pipelines)) (*handle, error) {
	k := key{id: set.ID}
	if v, ok := set.Resource.Attributes().Get(serviceInstanceID); ok {
		k.instance = v.AsString()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.byKey[k]
	if s == nil || !reflect.DeepEqual(s.receiver.cfg, cfg) {
		r, err := newReceiver(set, cfg, g.clock)
		if err != nil {
			return nil, err
		}
		s = &shared{receiver: r, key: k, locks: &g.locks}
		g.warnOfTwice(k, r)
		g.byKey[k] = s
	}
	attach(&s.receiver.next)
	s.handles++
	return &handle{registry: g, key: k, shared: s, detach: detach}, nil
}

// Start implements component.Component.
func (h *handle) Start(ctx context.Context, host component.Host) error {
	s := h.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.host != nil {
		return nil
	}
	if s.run != nil && !s.run.serves(&s.receiver.next) {
		s.stop(ctx)
	}
	if err := s.start(ctx, host); err != nil {
		return err
	}
	h.host = host
	s.started = append(s.started, h)
	return nil
}

// Shutdown implements component.Component. It returns when everything read has been
// delivered, also to the pipelines of the other handles.
func (h *handle) Shutdown(ctx context.Context) error {
	first, last := h.release()
	if !first {
		return nil
	}
	s := h.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.started, h); i >= 0 {
		s.started = slices.Delete(s.started, i, i+1)
		if s.failed == h {
			s.failed = nil
		}
		s.stop(ctx)
	}
	h.detach(&s.receiver.next)
	if last {
		s.receiver.telemetry.Shutdown()
	} else if len(s.started) > 0 {
		s.later = s.receiver.clock.AfterFunc(reloadTime, s.startAgain)
	}
	return nil
}

// release releases the handle, and reports whether this is its first release, and
// whether it was the last handle.
func (h *handle) release() (first, last bool) {
	h.registry.mu.Lock()
	defer h.registry.mu.Unlock()
	if h.released {
		return false, false
	}
	h.released = true
	h.shared.handles--
	if h.shared.handles > 0 {
		return true, false
	}
	if h.registry.byKey[h.key] == h.shared {
		delete(h.registry.byKey, h.key)
	}
	return true, true
}

// start starts a run unless there is one. mu is held.
func (s *shared) start(ctx context.Context, host component.Host) (err error) {
	if s.later != nil {
		s.later.Stop()
	}
	if s.run != nil {
		return nil
	}
	if k, ok := s.storageKey(); ok {
		if busy := s.locks.of(k); busy != nil {
			s.await(busy, host)
			return nil
		}
	}
	if s.run, err = s.receiver.start(ctx, host); err != nil {
		return err
	}
	if s.failed != nil {
		componentstatus.ReportStatus(s.failed.host, componentstatus.NewEvent(componentstatus.StatusOK))
		s.failed = nil
	}
	return nil
}

// stop stops the run, if there is one, and the timer of the next. mu is held.
func (s *shared) stop(ctx context.Context) {
	if s.later != nil {
		s.later.Stop()
	}
	if s.waiting != nil {
		s.waiting()
		s.waiting = nil
	}
	if s.run == nil {
		return
	}
	if !s.run.stop(ctx, s.receiver.cfg.ShutdownTimeout) {
		s.run.leave(s.receiver.log)
		if k, ok := s.storageKey(); ok && !s.run.storage.isFree() {
			s.locks.hold(k, s.run.storage)
		}
	}
	s.run = nil
}

// startAgain resumes for the remaining pipelines. A failure stays in the status until a
// reloaded pipeline starts the receiver.
func (s *shared) startAgain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.started) == 0 {
		return
	}
	h := s.started[len(s.started)-1]
	if err := s.start(context.Background(), h.host); err != nil {
		err = fmt.Errorf("cannot resume for the remaining pipelines: %w", err)
		s.receiver.log.Error("the receiver does not run", zap.Error(err))
		componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
		s.failed = h
	}
}
