package ingest

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/killpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// lastEmission bounds the last emission after the delivering context is done.
const lastEmission = 2 * time.Second

// MetricsSection is the name of the metrics' section of the progress.
const MetricsSection = "metrics"

// Emitter takes metrics.
type Emitter interface {
	// Emit sends a request of an emission and takes ownership of metrics. With retry it
	// tries until they are accepted or refused permanently, or ctx is done. It is called
	// by one goroutine at a time. With Unsettled, done are the indexes of the points that
	// were accepted or refused nevertheless.
	Emit(ctx context.Context, metrics pmetric.Metrics, retry bool) (answer Answer, done []int)
}

// Answer is the outcome of a request; greater is better.
type Answer uint8

// The answers of an Emitter.
const (
	Unsettled Answer = iota // they may be offered again
	Refused                 // permanently
	Accepted
)

// emitter is the part of the committer that sends the metrics of committed records,
// one emission at a time and one request of it at a time.
//
//	tick --> cut, committed --> requests --> Emit, in a goroutine <--+
//	                                              |                  | the next request
//	                  settled, committed <-- answer -----------------+
//
// A request is committed as settled before the next one is sent. So after a crash
// only the request whose answer was not committed yet may be sent again.
//
// A refused emission of cumulative metrics is dropped, since the next one supersedes
// it; series do not end before that is accepted. An emission of deltas is offered
// until it is settled, and meanwhile nothing is cut; it is stored, and offered again
// after a crash.
//
// A back end may already have the start points of series, if its answer was lost.
// Prometheus then refuses any request that has them again. So when a request with
// start points is refused, the emission is repeated at once without them. If that is
// refused too, they are not the reason: the next emission has them.
type emitter struct {
	tick   <-chan time.Time // nil without metrics
	stop   func()
	answer chan emitted // to the request under way

	requests []rollup.Request // of the emission under way, from the one being sent; empty means no emission
	at       time.Time        // of the emission
	retry    bool             // the emission is offered until it is settled
	last     time.Time        // of the last cut
	worst    Answer           // answer so far
	repeat   bool             // start points were refused
	limit    context.Context  // of what is sent; nil means that of deliveries
}

// emitted is the outcome of a request.
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
	if parts.Metrics.Unsettled() || c.renew {
		c.emitDue(time.Now())
	}
}

// endEmitting makes the last emission, when everything that was read is committed.
func (c *committer) endEmitting() {
	if c.engine.parts.Metrics == nil {
		return
	}
	c.emitter.stop()
	unsettled := c.engine.parts.Metrics.Unsettled()
	c.wait()
	if unsettled && c.engine.parts.Metrics.Unsettled() {
		return // no time is left: the next process offers it again
	}
	if c.ctx.Err() != nil {
		// What is committed is emitted, although later batches were not delivered.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), lastEmission)
		defer cancel()
		c.ctx = ctx
	}
	c.emit(time.Now(), true)
	c.wait()
	c.engine.totals.emissionRefused.Store(c.emitter.worst == Refused)
}

// emitWhenFull emits early when the pending points reach their limit; commits
// block meanwhile.
func (c *committer) emitWhenFull() {
	if metrics := c.engine.parts.Metrics; metrics == nil || !metrics.Full() {
		return
	}
	if len(c.emitter.requests) > 0 {
		c.engine.waiting.blockedByMetrics(time.Now())
		c.wait()
		c.engine.waiting.blockedByMetrics(time.Time{})
	}
	c.emit(time.Now(), false)
}

// wait returns when no emission is under way.
func (c *committer) wait() {
	for len(c.emitter.requests) > 0 {
		c.answered(<-c.emitter.answer)
	}
}

// emit begins an emission unless there is one under way. With retry, cumulative
// metrics are offered until they are settled too.
func (c *committer) emit(at time.Time, retry bool) {
	metrics, e := c.engine.parts.Metrics, &c.emitter
	if len(e.requests) > 0 || c.broken {
		return
	}
	if !metrics.Unsettled() {
		if !e.last.IsZero() && wasSet(at.Round(0).Sub(e.last.Round(0)), at.Sub(e.last)) {
			metrics.ClockWasSet(at)
		}
		e.last = at
		metrics.Cut(at)
		if c.storePending(); c.broken {
			return
		}
	}
	e.retry = retry || metrics.Unsettled()
	c.offer(metrics.Emission(at), at)
}

// wasSet reports whether the clock was set during a time that passed by it, and by one that
// nobody sets.
func wasSet(passed, steady time.Duration) bool { return (passed - steady).Abs() > time.Minute }

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
	go func(ctx context.Context, retry bool) {
		begin := time.Now()
		answer, done := c.engine.parts.Emitter.Emit(ctx, request, retry)
		c.engine.parts.Instruments.emitted(time.Since(begin))
		c.emitter.answer <- emitted{answer, done}
	}(c.sending(), c.emitter.retry)
}

// sending returns the context of requests.
func (c *committer) sending() context.Context {
	if c.emitter.limit != nil {
		return c.emitter.limit
	}
	return c.ctx
}

// answered commits the outcome of a request, and sends the next one. Once their
// context is done, the rest of the emission stays unsettled.
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
	case Unsettled: // the rest of it is offered again, or superseded
		metrics.SettlePoints(request, to.done)
	}
	c.storePending()
	killpoint.Reached(killpoint.RequestSettled)
	e.repeat = e.repeat || a == Refused && request.StartPoints
	switch {
	case c.sending().Err() != nil && len(e.requests) > 0:
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
