package s3accesslogsreceiver

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
)

const (
	// leaveAfter is how long a stop waits for what is under way once deliveries were
	// ended. With the rest of a stop it stays below 3 s.
	leaveAfter = 2700 * time.Millisecond
	// cutTime is how long a stop waits for a storage to close that nothing hangs in.
	cutTime = 200 * time.Millisecond
	// maxHanging bounds the objects that are named.
	maxHanging = 5
)

// errStorageBusy is the status while a storage is still held by a run that was left behind.
var errStorageBusy = errors.New("a call of the storage that began before a reload has not returned; reading begins when it has: see that the storage's disk or network answers")

// leave leaves the run behind: what hangs goes on when it returns, and touches nothing.
func (x *run) leave(log *zap.Logger) {
	x.left.Store(true)
	hanging := x.hanging()
	for _, r := range []*refusals{x.logRefusals, x.pointRefusals} {
		if r != nil {
			r.left.Store(true)
		}
	}
	hanging = append(hanging, x.storage.cutOff()...)
	ctx, cancel := context.WithTimeout(context.Background(), cutTime)
	defer cancel()
	x.storage.wait(ctx)
	x.status.stop(false)
	if len(hanging) == 0 {
		hanging = []string{"the source or a feed"}
	}
	log.Warn("the receiver stops without what hangs, which is left behind: " + strings.Join(hanging, ", ") + "; nothing is lost: see that it answers")
}

// hanging names what has not returned, besides the storage.
func (x *run) hanging() (names []string) {
	reading := x.engine.Reading()
	if more := len(reading) - maxHanging; more > 0 {
		reading = append(reading[:maxHanging:maxHanging], "and others")
	}
	for _, uri := range reading {
		names = append(names, "reading "+uri)
	}
	if x.logRefusals != nil && x.logRefusals.offers.pending() {
		names = append(names, "the pipeline of logs")
	}
	if x.pointRefusals != nil && x.pointRefusals.offers.pending() {
		names = append(names, "the pipeline of metrics")
	}
	return names
}

// await starts a run once a storage is free, unless it is stopped before. mu is held.
func (s *shared) await(busy *clients, host component.Host) {
	if s.waiting != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.waiting = cancel
	s.receiver.log.Warn("unhealthy", zap.Error(errStorageBusy))
	componentstatus.ReportStatus(host, componentstatus.NewRecoverableErrorEvent(errStorageBusy))
	go func() {
		busy.wait(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		s.waiting = nil
		cancel()
		if err := s.start(context.Background(), host); err != nil {
			s.receiver.log.Error("the receiver does not run", zap.Error(err))
			componentstatus.ReportStatus(host, componentstatus.NewRecoverableErrorEvent(err))
			return
		}
		if s.run != nil {
			s.receiver.log.Info("recovered") // its status is that of the new run
		}
	}()
}

// storageKey returns what names the receiver's data; ok is false without a storage.
func (s *shared) storageKey() (k storageKey, ok bool) {
	if s.receiver.cfg.Storage == nil {
		return storageKey{}, false
	}
	return storageKey{s.key, *s.receiver.cfg.Storage}, true
}
