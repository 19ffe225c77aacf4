package ingest

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/killpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// lastEmission bounds the last emission when the time to deliver is over.
const lastEmission = 2 * time.Second

// MetricsSection is the name of the metrics' section of the progress.
const MetricsSection = "metrics"

// Emitter takes metrics.
type Emitter interface {
	// Emit hands a request of an emission over. With again it tries until the metrics
	// are accepted or refused permanently, or ctx is done. They belong to the Emitter. It
	// is called by one goroutine at a time. With Unsettled, done are the points that were
	// accepted or refused nevertheless, by their order in the request.
	Emit(ctx context.Context, metrics pmetric.Metrics, again bool) (answer Answer, done []int)
}

// Answer is what became of metrics, the better the greater.
type Answer uint8

// The answers of an Emitter.
const (
	Unsettled Answer = iota // they may be offered again
	Refused                 // permanently
	Accepted
)

// emitter is the part of the committer that hands the metrics of committed
// records on, one emission at a time and one request of it at a time.
//
//	tick --> cut, committed --> requests --> Emit, in a goroutine <--+
//	                                              |                  | the next request
//	                  settled, committed <-- answer -----------------+
//
// A request is committed as settled before the next one is sent. So after a crash
// only the one whose answer was not committed yet may come again.
//
// An emission of cumulative metrics that is refused is dropped, since the next
// supersedes it; series do not end before that is accepted. One of deltas is offered
// until it is settled, and meanwhile nothing is cut; what it holds is stored, and
// offered again after a crash.
//
// A back end may have taken the beginnings of series though nobody knows of it,
// because its answer was lost. Prometheus then refuses all of a request that has
// them again. So an emission of which one is refused is repeated at once, without
// them. If that is refused too, they are not why: the next emission has them.
type emitter struct {
	tick   <-chan time.Time // nil without metrics
	stop   func()
	answer chan emitted // to the request under way

	requests []rollup.Request // of the emission under way, from the one that is; none: there is no emission
	at       time.Time        // of the emission
	again    bool             // it is offered until it is settled
	worst    Answer           // so far
	repeat   bool             // beginnings were refused
}

// emitted is what became of a request.
type emitted struct {
	answer Answer
	done   []int // points, of a request that is unsettled
}

// beginEmitting also offers again what a crash left unsettled.
func (c *committer) beginEmitting() {
	parts := &c.engine.parts
	if parts.Metrics == nil {
		return
	}
	ticker := time.NewTicker(parts.Interval)
	c.emitter = emitter{tick: ticker.C, stop: ticker.Stop, answer: make(chan emitted, 1)}
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

// emitWhenFull emits early when the pending points reach their limit; commits
// block meanwhile.
func (c *committer) emitWhenFull() {
	if metrics := c.engine.parts.Metrics; metrics == nil || !metrics.Full() {
		return
	}
	c.wait()
	c.emit(time.Now(), false)
}

// wait returns when no emission is under way.
func (c *committer) wait() {
	for len(c.emitter.requests) > 0 {
		c.answered(<-c.emitter.answer)
	}
}

// emit begins an emission unless there is one under way. again says that even
// what the next emission would supersede is offered until it is settled.
func (c *committer) emit(at time.Time, again bool) {
	metrics, e := c.engine.parts.Metrics, &c.emitter
	if len(e.requests) > 0 || c.broken {
		return
	}
	if !metrics.Unsettled() {
		metrics.Cut(at)
		if c.storeRest(); c.broken {
			return
		}
	}
	e.again = again || metrics.Unsettled()
	c.offer(metrics.Emission(at), at)
}

// offer begins to send the requests of an emission.
func (c *committer) offer(requests []rollup.Request, at time.Time) {
	e := &c.emitter
	e.requests, e.at = requests, at
	e.worst, e.repeat = Accepted, false
	c.sendNext()
}

// sendNext sends the next request of the emission, if there is one.
func (c *committer) sendNext() {
	if len(c.emitter.requests) == 0 {
		return
	}
	request := c.emitter.requests[0].Metrics
	go func(ctx context.Context, again bool) {
		begin := time.Now()
		answer, done := c.engine.parts.Emitter.Emit(ctx, request, again)
		c.engine.parts.Instruments.emitted(time.Since(begin))
		c.emitter.answer <- emitted{answer, done}
	}(c.ctx, c.emitter.again)
}

// answered commits what became of a request, and sends the next one. Without
// time for that the rest of the emission is unsettled.
func (c *committer) answered(to emitted) {
	metrics, e, a := c.engine.parts.Metrics, &c.emitter, to.answer
	request := &e.requests[0]
	e.requests = e.requests[1:]
	e.worst = min(e.worst, a)
	switch a {
	case Accepted:
		metrics.Settle(request)
	case Refused:
		metrics.Refuse(request)
	case Unsettled: // what is left of it is offered again, or superseded
		metrics.SettlePoints(request, to.done)
	}
	c.storeRest()
	killpoint.Reached(killpoint.RequestSettled)
	e.repeat = e.repeat || a == Refused && request.StartPoints
	switch {
	case c.ctx.Err() != nil && len(e.requests) > 0:
		e.requests = nil
	case len(e.requests) > 0:
		c.sendNext()
	case e.worst == Accepted:
		metrics.Delivered(e.at)
	case e.worst == Refused && e.repeat && !c.broken:
		now := time.Now()
		c.offer(metrics.EmissionWithoutStartPoints(now), now)
	}
}
