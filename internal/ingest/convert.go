package ingest

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
)

// segment is a part of a piece that fits into a batch.
type segment struct {
	logs *otlplogs.Batch
	end  int64 // where in the object the line behind the segment begins
}

// convert is a worker: it turns pieces into segments until there are no more.
func (e *Engine) convert() {
	c := converter{engine: e}
	for p := range e.work {
		c.piece(p)
		close(p.ready)
	}
}

// converter is the state of one worker.
type converter struct {
	engine *Engine
	record accesslog.Record // reused for every line

	p       *piece
	origin  otlplogs.Origin // of p
	segment *otlplogs.Batch // being filled; nil when empty
	counted counts
}

// counts is what is added up over a piece.
type counts struct {
	ok, malformed, extra int64
	time                 int64 // of the last record that is ok
}

// piece fills p.segments.
func (c *converter) piece(p *piece) {
	if p.chunk.Text == "" {
		return
	}
	c.p, c.origin = p, p.object.origin
	c.origin.Observed = pcommon.NewTimestampFromTime(time.Now())
	if long := p.chunk.Long; long != nil {
		c.long(long)
	} else {
		c.lines(p.chunk.Text)
	}
	c.cut(p.chunk.End)
	c.p = nil
	c.count()
}

// lines converts whole lines. Blank ones are skipped.
func (c *converter) lines(text string) {
	rest := text
	for rest != "" {
		var line string
		at := c.p.chunk.Offset + int64(len(text)-len(rest))
		line, rest = lines.Cut(rest)
		if line == "" {
			continue
		}
		c.line(line, at)
	}
}

// line converts a line, which is one record unless joined ones are to be split.
// It begins at the offset at.
func (c *converter) line(line string, at int64) {
	for c.engine.cfg.SplitJoined {
		next := accesslog.NextJoined(line)
		if next < 0 {
			break
		}
		c.one(line[:next], at)
		line = line[next+1:]
	}
	c.one(line, at)
}

// one converts one record of the line that begins at the offset at, where
// reading would be resumed if the batch ended before the record.
func (c *converter) one(line string, at int64) {
	if c.full(len(line)) {
		c.cut(at)
	}
	id := lines.Identify(line)
	if err := accesslog.Parse(line, &c.record); err != nil {
		c.counted.malformed++
		c.batch().AppendMalformed(&c.record, line, id, &c.origin, err)
		return
	}
	c.counted.ok++
	c.counted.time = c.record.Time
	if c.record.Extra != "" {
		c.counted.extra++
	}
	c.batch().Append(&c.record, line, id, &c.origin)
}

// long keeps the beginning of a line that is longer than the limit.
func (c *converter) long(l *lines.Long) {
	kept := c.p.chunk.Text
	_ = accesslog.Parse(kept, &c.record) // for the owner and the bucket, which stand first
	reason := fmt.Errorf("line of %d bytes is longer than max_line_size (%d bytes): its first %d bytes are kept",
		l.Size, c.engine.cfg.Lines.Line, len(kept))
	c.counted.malformed++
	c.batch().AppendMalformed(&c.record, kept, l.ID, &c.origin, reason)
}

// full tells whether the segment has to be cut before a line of this length.
// The converter keeps a record within BatchBytes, and one of a line that is
// short beside BatchBytes within half of it, whatever is repeated or replaced
// in it; so no segment is larger than a batch may be.
func (c *converter) full(length int) bool {
	if c.segment == nil {
		return false
	}
	cfg := &c.engine.cfg
	half := cfg.BatchBytes / 2
	return c.segment.Len() >= cfg.BatchRecords || c.segment.Size() > half || length > half/16
}

// batch returns the segment that is being filled.
func (c *converter) batch() *otlplogs.Batch {
	if c.segment == nil {
		c.segment = c.engine.parts.Converter.NewBatch(c.hint())
	}
	return c.segment
}

// hint guesses the number of records in a segment of the current piece, at 512 bytes a line.
func (c *converter) hint() int {
	return min(len(c.p.chunk.Text)/512+1, c.engine.cfg.BatchRecords)
}

// cut ends the segment, behind which the object goes on at end.
func (c *converter) cut(end int64) {
	if c.segment == nil {
		c.segment = c.engine.parts.Converter.NewBatch(0) // blank lines only: progress without records
	}
	c.p.segments = append(c.p.segments, segment{logs: c.segment, end: end})
	c.segment = nil
}

// count adds up once a piece, not once a record.
func (c *converter) count() {
	e, n := c.engine, &c.counted
	e.totals.records.Add(n.ok)
	e.totals.malformed.Add(n.malformed)
	e.parts.Instruments.records(*n, c.origin.Observed.AsTime().Sub(time.Unix(n.time, 0)))
	*n = counts{}
}
