package ingest

import (
	"context"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// idleFlush is how long a batch waits for more once nothing is being read. Small
// local objects come faster than this, so that they share batches.
const idleFlush = 10 * time.Millisecond

// countedRecords is the size of a batch without logs, in records: each batch is a
// commit, and only its sums are in memory.
const countedRecords = 1 << 16

// batch is what is delivered and committed as one. The assembler, a delivery and the
// committer own it one after the other.
type batch struct {
	number  uint64
	logs    *otlplogs.Batch // nil without a logs pipeline, and once it is delivered
	origins origins         // of logs
	deltas  []*rollup.Delta // what it adds to metrics
	records int
	marks   []mark
	begin   int64     // where in the object of the first mark it begins
	due     time.Time // deadline of the flush; set with the first mark
	// undelivered is why the batch was not delivered completely; nil if it was.
	undelivered error
}

// mark is how far a batch completes an object.
type mark struct {
	object *object
	end    int64
	newest int64 // see segment
	last   bool
	err    error // why reading ended early, with last
}

// assembler builds batches from segments.
type assembler struct {
	engine  *Engine
	ctx     context.Context // of deliveries
	results chan<- *batch

	current *batch // never nil
	number  uint64
	timer   *time.Timer // runs while current holds something
}

// assemble is the assembler's goroutine. It ends after the downloads, and closes
// results after the last delivery.
func (e *Engine) assemble(ctx context.Context, results chan<- *batch) {
	a := &assembler{engine: e, ctx: ctx, results: results, timer: time.NewTimer(time.Hour)}
	a.timer.Stop()
	a.renew()
	for open := true; open; {
		select {
		case p, ok := <-e.order:
			if open = ok; ok {
				<-p.ready
				a.add(p)
			}
		case <-a.timer.C:
			a.flush()
		}
	}
	a.flush()
	// The window is empty when all batches are committed.
	for range cap(e.window) {
		e.window <- struct{}{}
	}
	close(results)
}

// add puts a piece into the current batch, and into further ones as it fills.
func (a *assembler) add(p *piece) {
	begin := p.chunk.Offset
	for _, s := range p.segments {
		if a.overflows(&s) {
			a.flush()
		}
		a.current.add(&s, p)
		a.mark(mark{object: p.object, end: s.end, newest: s.newest}, begin)
		begin = s.end
	}
	if p.last {
		a.mark(mark{object: p.object, end: p.chunk.End, last: true, err: p.err}, begin)
	}
	wait := time.Until(a.current.due)
	if a.engine.active.Load() == 0 && len(a.engine.order) == 0 {
		wait = min(wait, idleFlush)
	}
	a.timer.Reset(wait)
}

func (a *assembler) overflows(s *segment) bool {
	b, cfg := a.current, &a.engine.cfg
	switch {
	case b.records == 0:
		return false
	case b.logs == nil:
		return b.records+s.records > countedRecords
	case s.logs == nil:
		return false
	}
	return b.records+s.records > cfg.BatchRecords || b.logs.Size()+s.logs.Size() > cfg.BatchBytes
}

// add adds a segment of a piece.
func (b *batch) add(s *segment, p *piece) {
	b.records += s.records
	if s.logs != nil {
		b.logs.Merge(s.logs)
		b.origins.add(p)
	}
	if s.delta != nil {
		b.deltas = append(b.deltas, s.delta)
	}
}

// mark adds a mark, of what begins at an offset; a later mark of an object replaces an
// earlier one.
func (a *assembler) mark(m mark, begin int64) {
	b := a.current
	if len(b.marks) == 0 {
		b.begin = begin
		b.due = time.Now().Add(a.engine.cfg.FlushInterval)
	} else if before := &b.marks[len(b.marks)-1]; before.object == m.object {
		m.end = max(m.end, before.end) // the end of an object without a chunk is 0
		m.newest = max(m.newest, before.newest)
		*before = m
		return
	}
	b.marks = append(b.marks, m)
}

// flush sends the current batch to its delivery once there is room in the window.
func (a *assembler) flush() {
	b := a.current
	if len(b.marks) == 0 {
		return
	}
	a.timer.Stop()
	a.renew()
	a.engine.window <- struct{}{}
	go func() {
		b.undelivered = a.engine.deliver(a.ctx, b)
		a.results <- b
	}()
}

func (a *assembler) renew() {
	a.current = &batch{number: a.number, origins: origins{split: a.engine.cfg.SplitJoined}}
	if converter := a.engine.parts.Converter; converter != nil {
		a.current.logs = converter.NewBatch(0)
	}
	a.number++
}

// deliver returns nil when no part of the batch has to be delivered again.
func (e *Engine) deliver(ctx context.Context, b *batch) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case b.logs == nil || b.records == 0:
		return nil
	}
	begin := time.Now()
	e.waiting.add(b, begin)
	defer e.waiting.remove(b)
	refused, err := e.parts.Sink.Deliver(ctx, b.logs.Logs(), b.origins.locate)
	e.totals.refused.Add(int64(refused))
	b.logs, b.origins = nil, origins{}
	e.parts.Instruments.delivered(b.records, refused, time.Since(begin))
	return err
}
