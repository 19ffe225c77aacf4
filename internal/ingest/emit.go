package ingest

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// lastEmission bounds the last emission when the time to deliver is over.
const lastEmission = 2 * time.Second

// MetricsSection is the name of the metrics' section of the progress.
const MetricsSection = "metrics"

// Emitter takes metrics.
type Emitter interface {
	// Emit hands metrics over. With again it tries until they are accepted or
	// refused for good, or ctx is done. The metrics belong to the Emitter. It is
	// called by one goroutine at a time.
	Emit(ctx context.Context, metrics pmetric.Metrics, again bool) Answer
}

// Answer is what became of metrics, the better the greater.
type Answer uint8

// The answers of an Emitter.
const (
	Unsettled Answer = iota // they may be offered again
	Refused                 // for good
	Accepted
)

// emitter is the part of the committer that hands the metrics of committed
// records on, one emission at a time.
//
//	tick --> cut, committed --> requests --> Emit, in a goroutine
//	                                              |
//	         settled, committed <----- answer ----+
//
// An emission of cumulative metrics that is refused is dropped, since the next
// supersedes it. One of deltas is offered until it is settled, and meanwhile
// nothing is cut; what it holds is stored, and offered again after a crash.
//
// A back end may have taken the beginnings of series though nobody knows of it,
// because its answer was lost. Prometheus then refuses all of an emission that
// has them again. So one that is refused is repeated at once, without them.
type emitter struct {
	tick       <-chan time.Time // nil without metrics
	stop       func()
	answer     chan Answer // of the emission under way
	busy       bool
	at         time.Time // of the last emission
	beginnings bool      // it has some
	again      bool      // it is offered until it is settled
}

// beginEmitting also offers again what a crash left unsettled.
func (c *committer) beginEmitting() {
	parts := &c.engine.parts
	if parts.Metrics == nil {
		return
	}
	ticker := time.NewTicker(parts.Interval)
	c.emitter = emitter{tick: ticker.C, stop: ticker.Stop, answer: make(chan Answer, 1)}
	if parts.Metrics.Unsettled() {
		c.emit(time.Now(), false)
	}
}

// endEmitting emits for the last time, when all that was read is committed.
func (c *committer) endEmitting() {
	if c.engine.parts.Metrics == nil {
		return
	}
	c.emitter.stop()
	unsettled := c.engine.parts.Metrics.Unsettled()
	c.wait()
	if unsettled && c.engine.parts.Metrics.Unsettled() {
		return // the time to drain is over: the next process offers it again
	}
	if c.ctx.Err() != nil {
		// What is committed counts, though batches behind it were not delivered.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), lastEmission)
		defer cancel()
		c.ctx = ctx
	}
	c.emit(time.Now(), true)
	c.wait()
}

// emitWhenFull emits before the time when as much waits as may. Then the commits
// wait too.
func (c *committer) emitWhenFull() {
	if metrics := c.engine.parts.Metrics; metrics == nil || !metrics.Full() {
		return
	}
	c.wait()
	c.emit(time.Now(), false)
}

// wait returns when no emission is under way.
func (c *committer) wait() {
	for c.emitter.busy {
		c.answered(<-c.emitter.answer)
		c.storeRest()
	}
}

// emit begins an emission unless there is one under way. again says that even
// what the next emission would supersede is offered until it is settled.
func (c *committer) emit(at time.Time, again bool) {
	metrics := c.engine.parts.Metrics
	if c.emitter.busy || c.broken {
		return
	}
	if !metrics.Unsettled() {
		metrics.Cut(at)
		if c.storeRest(); c.broken {
			return
		}
	}
	requests := metrics.Emission(at)
	if len(requests) == 0 {
		return
	}
	e := &c.emitter
	e.busy, e.at = true, at
	e.beginnings = metrics.Unannounced()
	e.again = again || metrics.Unsettled()
	go func(ctx context.Context, again bool) { e.answer <- c.engine.hand(ctx, requests, again) }(c.ctx, e.again)
}

// hand hands the requests of an emission on, one after the other, and returns
// the worst answer.
func (e *Engine) hand(ctx context.Context, requests []pmetric.Metrics, again bool) Answer {
	worst := Accepted
	for _, request := range requests {
		begin := time.Now()
		worst = min(worst, e.parts.Emitter.Emit(ctx, request, again))
		e.parts.Instruments.emitted(time.Since(begin))
	}
	return worst
}

// answered notes how an emission ended.
func (c *committer) answered(a Answer) {
	c.emitter.busy = false
	if a == Unsettled {
		return
	}
	c.engine.parts.Metrics.Settle(c.emitter.at)
	if a == Refused && c.emitter.beginnings {
		c.storeRest()
		c.emit(time.Now(), c.emitter.again)
	}
}
