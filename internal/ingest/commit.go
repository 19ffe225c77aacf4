package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/killpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// lastCommit bounds the last attempt to commit what was accepted, after the delivering
// context is done.
const lastCommit = 2 * time.Second

// idleCommit is how often the source's own changes are committed while no batches arrive.
const idleCommit = 5 * time.Second

// committer commits delivered batches in the order of their numbers, all that are
// ready at a time: batches that are accepted during a commit share the next one.
type committer struct {
	engine *Engine
	ctx    context.Context // of deliveries
	state  source.Stateful // nil means the source has no state of its own

	next    uint64            // number of the batch to note
	early   map[uint64]*batch // delivered before their turn, fewer than Deliveries
	denials denials
	emitter emitter
	renew   bool // the series end after the next emission that is accepted

	absences []absence // of signals without a pipeline

	// Noted and not yet committed.
	change  checkpoint.Change
	endings []ending
	batches int

	// failure is set with the first batch that was not delivered or could not be
	// committed. All later batches are discarded and read again.
	failure error
	broken  bool // the last commit failed
}

// ending is an object that ends in a batch.
type ending struct {
	object *object
	err    error // why reading ended early; nil when it was complete
	what   disposition
}

// commit is the committer's goroutine.
func (e *Engine) commit(ctx context.Context, results <-chan *batch) {
	c := committer{engine: e, ctx: ctx, early: make(map[uint64]*batch), denials: make(denials)}
	c.state, _ = e.parts.Source.(source.Stateful)
	idle := time.NewTicker(idleCommit)
	defer idle.Stop()
	c.beginAbsences()
	c.beginEmitting()
	defer c.endEmitting()
	for open := true; open; {
		var b *batch
		select {
		case b, open = <-results:
			if open {
				c.early[b.number] = b
				c.gather(results)
				c.commitInOrder()
				c.emitWhenFull()
				continue
			}
		case at := <-c.emitter.tick:
			c.emitDue(at)
		case answer := <-c.emitter.answer:
			c.answered(answer)
		case <-idle.C:
		}
		c.storePending()
	}
}

// storePending commits what is pending without a batch: cursors of the source, the
// answer to an emission.
func (c *committer) storePending() {
	if c.broken {
		return
	}
	if err := c.store(); err != nil {
		c.failure, c.broken = err, true
	}
}

// gather takes the other batches that are ready.
func (c *committer) gather(results <-chan *batch) {
	for {
		select {
		case b, open := <-results:
			if !open {
				return
			}
			c.early[b.number] = b
		default:
			return
		}
	}
}

// commitInOrder commits the batches whose turn it is.
func (c *committer) commitInOrder() {
	for b := c.early[c.next]; b != nil; b = c.early[c.next] {
		delete(c.early, c.next)
		c.next++
		if c.failure == nil && b.undelivered != nil {
			c.settle() // the batches before this one are accepted
			c.failure = b.undelivered
		}
		c.note(b)
	}
	c.settle()
}

// settle commits what was noted, then notifies the source.
func (c *committer) settle() {
	if c.batches == 0 {
		return
	}
	if c.failure == nil {
		killpoint.Reached(killpoint.Delivered)
		c.storePending()
	}
	if c.failure == nil {
		killpoint.Reached(killpoint.Committed)
	}
	for _, end := range c.endings {
		c.engine.settle(end, c.failure)
	}
	c.endings = c.endings[:0]
	for ; c.batches > 0; c.batches-- {
		<-c.engine.window
	}
	if err := c.engine.parts.Progress.Tidy(c.ctx); err != nil && c.failure == nil {
		c.engine.parts.Status(ConcernStorage, err)
	}
}

// note adds a batch to the change.
func (c *committer) note(b *batch) {
	c.batches++
	if c.failure == nil {
		for _, d := range b.deltas {
			c.engine.parts.Metrics.Add(d)
		}
	}
	for _, m := range b.marks {
		end := ending{object: m.object, err: m.err}
		if c.failure == nil {
			m.object.delivered = max(m.object.delivered, m.end)
			c.engine.parts.Meter.Delivered(m.object.work.Object.Bucket, m.newest)
			c.noteObject(&end, m.last)
		}
		if m.last {
			c.endings = append(c.endings, end)
		}
	}
}

// noteObject notes the progress of an object, and the disposition of one that ends.
func (c *committer) noteObject(end *ending, last bool) {
	w := end.object.work
	if w.Retrial {
		c.noteRetrial(end, last)
		return
	}
	attempts := w.Attempt
	if last {
		others, before := false, attempts
		if errors.Is(end.err, source.ErrDenied) {
			others, before = c.denials.others(w, end.object.opened)
		}
		end.what = dispose(end.err, before, others)
		if w.Redrive {
			end.what = end.what.leave(end.err, before, w.LastOffer)
		}
		if end.err == nil && end.object.isNoLog() {
			end.what.outcome = OutcomeNotALog
		}
		if !end.what.retry {
			delete(c.denials, w.ID)
			c.change.Done(w.Group, w.ID)
			c.noteAbsences(end.object, true)
			c.noteGivenUp(end)
			if end.err == nil && w.Alias != (source.ID{}) {
				c.change.Done(w.Group, w.Alias)
			}
			return
		}
		if end.what.charge {
			attempts++
		}
	}
	if end.object.delivered > 0 || attempts > 0 {
		c.change.Reached(w.Group, w.ID, end.object.delivered, attempts)
		c.noteAbsences(end.object, false)
	}
}

// store commits what was noted and applies it to the counters.
func (c *committer) store() error {
	if c.state != nil {
		own := c.state.Change()
		for name, value := range own.Cursors {
			c.change.Cursor(name, value)
		}
		for _, group := range own.Forget {
			c.change.Forget(group)
		}
		for group, ids := range own.Done {
			for _, id := range ids {
				c.change.Done(group, id)
			}
		}
	}
	metrics := c.engine.parts.Metrics
	if metrics != nil {
		if change := metrics.Change(time.Now()); change != nil {
			c.change.Delta(MetricsSection, change)
		}
	}
	if c.change.Empty() {
		return nil
	}
	if err := c.persist(); err != nil {
		return err
	}
	if metrics != nil {
		if err := metrics.Committed(); err != nil {
			c.engine.parts.Status(ConcernMetrics, fmt.Errorf("cannot apply committed counters: %w; restart the collector, which reads them again", err))
		}
	}
	return nil
}

// persist commits the change, retrying until storage accepts it, and once more after
// the delivering context is done.
func (c *committer) persist() error {
	pause := newBackOff()
	for again := true; again; again = source.Sleep(c.ctx, pause.NextBackOff()) == nil {
		if c.try(c.ctx) == nil {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), lastCommit)
	defer cancel()
	return c.try(ctx)
}

// try commits the change, and resets it on success.
func (c *committer) try(ctx context.Context) error {
	begin := time.Now()
	parts := &c.engine.parts
	if err := parts.Progress.Commit(ctx, &c.change); err != nil {
		parts.Status(ConcernStorage, err)
		return err
	}
	parts.Instruments.committed(time.Since(begin))
	parts.Status(ConcernStorage, nil)
	c.change.Reset()
	return nil
}

// settle settles an object with its source. failure is set when its end was not
// committed.
func (e *Engine) settle(end ending, failure error) {
	o := end.object
	switch {
	case failure != nil:
		o.work.Receipt.Nack(o.delivered, false)
	case end.what.replacement != nil:
		o.work.Receipt.Replace(*end.what.replacement)
	case end.what.retry:
		o.work.Receipt.Nack(o.delivered, end.what.charge)
	default:
		o.work.Receipt.Ack()
		e.totals.objects.Add(1)
		if end.givenUp() {
			e.totals.givenUp.Add(1)
		}
		e.parts.Instruments.object(end.what.outcome)
	}
	if failure == nil {
		if end.what.left {
			e.parts.Instruments.object(end.what.outcome)
		}
		e.report(end)
	}
	e.parts.Meter.Settled(o.work.Object.Bucket)
	e.unsettled.Add(-1)
	<-e.unacknowledged
}
