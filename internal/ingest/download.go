package ingest

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// object is a log object on its way through the engine.
type object struct {
	work   *source.Work
	origin otlplogs.Origin // without the time
	// delivered is how much of the object was accepted, in decompressed bytes. Only
	// the committer uses it.
	delivered int64
	// opened is how many objects of its bucket had been opened when the reading of this one
	// ended; see denials.
	opened int64
	// wellFormed and malformed are how many records of it were read. Workers add to them
	// before the pieces reach the assembler.
	wellFormed, malformed atomic.Int64
}

// piece is what a download sends: a chunk of an object, or its end, or both. The
// download fills all but segments, which the worker adds before it closes ready;
// from then on the assembler owns the piece.
type piece struct {
	object *object
	chunk  lines.Chunk
	last   bool  // nothing of the object follows
	err    error // why reading ended early, with last

	segments []segment
	ready    chan struct{}
}

// download reads one object and sends its pieces, exactly one of them the last.
func (e *Engine) download(ctx context.Context, work *source.Work) {
	o := &object{work: work, delivered: work.Offset, origin: originOf(work.Object)}
	e.reads.begin(o)
	last, err := e.read(ctx, o)
	last.last, last.err = true, err
	e.reads.end(o)
	o.opened = e.opened.count(work.Object.Bucket)

	// Before the last piece is sent: the assembler flushes when nothing is being read,
	// and must not count this object.
	e.active.Add(-1)
	e.send(last)
	<-e.downloads // not earlier: that would leave the chunks waiting in send unbounded
}

// read sends all pieces of an object but the last, which it returns, with the error
// that ended the reading early.
func (e *Engine) read(ctx context.Context, o *object) (*piece, error) {
	r, err := lines.Open(ctx, o.work.Content, o.work.Offset, e.cfg.Lines)
	if err != nil {
		return newPiece(o, lines.Chunk{}), orShutdown(ctx, err)
	}
	defer r.Close()
	e.opened.add(o.work.Object.Bucket)
	o.placed()

	// One chunk is held back, so that the last one carries the end of the object:
	// a small object is one piece.
	held := newPiece(o, lines.Chunk{})
	for {
		chunk, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return held, nil
		case err != nil || ctx.Err() != nil:
			return held, orShutdown(ctx, err)
		}
		e.totals.bytes.Add(chunk.End - chunk.Offset)
		e.parts.Instruments.read(chunk.End - chunk.Offset)
		if held.chunk.Text != "" {
			e.send(held)
		}
		held = newPiece(o, chunk)
	}
}

// orShutdown returns context.Canceled for an error caused by the shutdown.
func orShutdown(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Canceled
	}
	return err
}

// send passes a piece to the assembler and to a worker. It blocks while the window is
// full. It needs no context: once the delivering context is done, deliveries fail and
// the pipeline drains.
func (e *Engine) send(p *piece) {
	e.order <- p
	e.work <- p
}

func newPiece(o *object, c lines.Chunk) *piece {
	return &piece{object: o, chunk: c, ready: make(chan struct{})}
}

// placed completes the origin: where the log object's bucket is may be known now that it
// was opened.
func (o *object) placed() {
	if at, ok := o.work.Content.(source.Placed); ok {
		o.origin.LogAccountID, o.origin.LogRegion = at.Place()
	}
}

func originOf(o source.Object) otlplogs.Origin {
	return otlplogs.Origin{
		Path:      o.URI(),
		Bucket:    o.Name.Bucket,
		AccountID: o.Name.AccountID,
		Region:    o.Name.Region,
	}
}
