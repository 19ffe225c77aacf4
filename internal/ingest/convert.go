package ingest

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// segment is a part of a piece that fits into a batch.
type segment struct {
	logs    *otlplogs.Batch // nil without a logs pipeline, or records
	delta   *rollup.Delta   // nil without metrics
	records int
	newest  int64 // time of its last well-formed record, in seconds since the Unix epoch; 0 means none
	end     int64 // where in the object the line behind the segment begins
}

// convert is a worker: it turns pieces into segments until there are no more.
func (e *Engine) convert() {
	c := converter{engine: e}
	if e.parts.Metrics != nil {
		c.counter = e.parts.Metrics.NewCounter()
		c.counter.From(&c.origin)
	}
	for p := range e.work {
		c.piece(p)
		close(p.ready)
	}
}

// converter is the state of one worker.
type converter struct {
	engine  *Engine
	counter *rollup.Counter  // nil without metrics
	record  accesslog.Record // reused for every line

	p       *piece
	origin  otlplogs.Origin // of p
	now     int64           // when p was read, in seconds since the Unix epoch
	segment segment         // being filled
	counted counts
}

// counts are the sums over a piece.
type counts struct {
	ok, malformed, extra int64
	unexpected           fieldCounts
	time                 int64  // of the last record that is ok
	bucket               string // of the same; "" means there is none
}

// fieldCounts is how many records had an unexpected value, by field.
type fieldCounts [accesslog.Fields]int64

func (n *fieldCounts) add(fields accesslog.FieldSet) {
	for f := range n {
		if fields.Has(accesslog.Field(f)) {
			n[f]++
		}
	}
}

// piece fills p.segments.
func (c *converter) piece(p *piece) {
	if p.chunk.Text == "" {
		return
	}
	c.p, c.origin = p, p.object.origin
	now := time.Now()
	c.now, c.origin.Observed = now.Unix(), pcommon.NewTimestampFromTime(now)
	if long := p.chunk.Long; long != nil {
		c.long(long)
	} else {
		c.lines(p.chunk.Text)
	}
	c.cut(p.chunk.End)
	c.count()
	c.p = nil
}

// lines converts whole lines. Blank ones, also of spaces, are skipped.
func (c *converter) lines(text string) {
	rest := text
	for rest != "" {
		var line string
		at := c.p.chunk.Offset + int64(len(text)-len(rest))
		line, rest = lines.Cut(rest)
		if accesslog.IsBlank(line) {
			continue
		}
		c.line(line, at)
	}
}

// line converts a line, which is one record or several; see accesslog.Next. It
// begins at the offset at. Of several records each is where reading may resume, or what a
// batch has of a line would be counted once more.
func (c *converter) line(line string, at int64) {
	for rest := line; rest != ""; {
		var record string
		begin := at + int64(len(line)-len(rest))
		record, rest = accesslog.Next(rest, c.engine.cfg.SplitJoined)
		c.convertRecord(record, begin)
	}
}

// convertRecord converts one record that begins at the offset at, where reading resumes
// if the batch ends before it.
func (c *converter) convertRecord(line string, at int64) {
	if c.full(len(line)) {
		c.cut(at)
	}
	c.segment.records++
	if err := c.engine.cfg.Format.Parse(line, &c.record); err != nil {
		c.counted.malformed++
		if logs := c.logs(); logs != nil {
			logs.AppendMalformed(&c.record, line, lines.Identify(line), &c.origin, err)
		}
		return
	}
	c.counted.ok++
	c.counted.time, c.counted.bucket = c.record.Time, c.record.Bucket
	if c.record.Extra != "" || len(c.record.Members) > 0 {
		c.counted.extra++
	}
	if c.record.Unexpected != 0 {
		c.counted.unexpected.add(c.record.Unexpected)
	}
	var client enrich.Client
	if clients := c.engine.parts.Clients; clients != nil {
		client = clients.Lookup(c.record.RemoteIP, c.now)
	}
	if c.counter != nil {
		c.counter.Add(&c.record, client)
	}
	if logs := c.logs(); logs != nil {
		logs.Append(&c.record, line, lines.Identify(line), &c.origin, client)
	}
}

// long keeps the beginning of a line that is longer than the limit.
func (c *converter) long(l *lines.Long) {
	c.counted.malformed++
	c.segment.records++
	logs := c.logs()
	if logs == nil {
		return
	}
	kept := c.p.chunk.Text
	_ = c.engine.cfg.Format.Parse(kept, &c.record) // for the owner and the bucket, which come first
	reason := fmt.Errorf("line of %d bytes is longer than max_line_size (%d bytes): its first %d bytes are kept",
		l.Size, c.engine.cfg.Lines.Line, len(kept))
	logs.AppendMalformed(&c.record, kept, l.ID, &c.origin, reason)
}

// full reports whether the segment has to be cut before a line of this length. The
// converter limits a record to BatchBytes, and the record of a line that is short
// compared with BatchBytes to half of it; so no segment exceeds a batch's limit.
func (c *converter) full(length int) bool {
	logs := c.segment.logs
	if logs == nil {
		return false
	}
	cfg := &c.engine.cfg
	half := cfg.BatchBytes / 2
	return logs.Len() >= cfg.BatchRecords || logs.Size() > half || length > half/16
}

// logs returns the log records of the segment being filled, or nil without a logs
// pipeline.
func (c *converter) logs() *otlplogs.Batch {
	if c.segment.logs == nil && c.engine.parts.Converter != nil {
		c.segment.logs = c.engine.parts.Converter.NewBatch(c.hint())
	}
	return c.segment.logs
}

// hint estimates the number of records in a segment of the current piece, at 512 bytes a line.
func (c *converter) hint() int {
	return min(len(c.p.chunk.Text)/512+1, c.engine.cfg.BatchRecords)
}

// cut ends the segment at the offset end. A segment without records, of blank lines,
// is progress too.
func (c *converter) cut(end int64) {
	c.segment.end, c.segment.newest = end, c.counted.time
	if c.counter != nil {
		c.segment.delta = c.counter.Cut()
	}
	c.p.segments = append(c.p.segments, c.segment)
	c.segment = segment{}
}

// count updates totals and instruments, once per piece instead of once per record.
func (c *converter) count() {
	e, n := c.engine, &c.counted
	e.totals.records.Add(n.ok)
	e.totals.malformed.Add(n.malformed)
	c.p.object.wellFormed.Add(n.ok)
	c.p.object.malformed.Add(n.malformed)
	e.parts.Instruments.records(n, c.origin.Observed.AsTime().Sub(time.Unix(n.time, 0)))
	// An object holds the records of one bucket.
	if bucket := c.p.object.work.Object.Bucket; bucket != "" && bucket == n.bucket {
		e.reportSelfLogging(bucket)
	}
	*n = counts{}
}
