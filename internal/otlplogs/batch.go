package otlplogs

import (
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// Batch is a growing set of log records, grouped by resource. It is for one
// goroutine. The strings of the records point into the lines they came from,
// which must therefore never be written again, or into the batch's arena,
// whose memory is never used twice.
type Batch struct {
	converter *Converter
	groups    groups
	records   int // how many
	size      int // bytes of the records
	expected  int // how many records to make room for
	arena     arena
	builder   xpdata.MapBuilder // empty between two records
	secrets   bool              // there may be some in the line of the record that is being made
	finder    *redact.Finder    // nil until one is needed, lent by the converter
}

// NewBatch returns an empty batch; records is a hint of how many will come.
func (c *Converter) NewBatch(records int) *Batch {
	return &Batch{
		converter: c,
		expected:  records,
		arena:     newArena(records),
	}
}

// AppendMalformed adds a line that could not be parsed. r holds what Parse read
// of it; line may be the kept beginning of a longer one, id is that of the
// whole line.
func (b *Batch) AppendMalformed(r *accesslog.Record, line string, id [16]byte, from *Origin, reason error) {
	v := values{describing: b.converter.describing}
	b.secrets = true
	explained := b.explain(reason)
	b.addMalformed(&v, explained)
	body := b.addLine(&v, line, id, from, true)
	if b.converter.options.Body == BodySummary {
		body = summarizeMalformed(explained)
	}

	// What a torn line begins with may be any part of a record.
	bucket, owner := b.redact(r.Bucket, redact.Text), b.redact(r.Owner, redact.Text)
	if bucket == "" {
		bucket = from.Bucket
	}
	lr := b.add(resourceOf(bucket, owner, from))
	lr.SetEventName("aws.s3.server_access.malformed")
	lr.SetSeverityNumber(plog.SeverityNumberWarn)
	lr.SetSeverityText("WARN")
	b.finish(lr, &v, body, line, from)
}

// complete adds the log record of a parsed record. v has all attributes but those of the
// line itself.
func (b *Batch) complete(v *values, r *accesslog.Record, of *derived, line string, id [16]byte, from *Origin) {
	options := &b.converter.options
	body := b.addLine(v, line, id, from, options.Original == OriginalAlways)
	if options.Body == BodySummary {
		body = b.summarize(r, of)
	}
	if b.converter.excluded.lengths != 0 {
		v.exclude(&b.converter.excluded)
	}
	lr := b.add(resourceOf(r.Bucket, r.Owner, from))
	setFields(lr, r, &of.request.trace)
	b.finish(lr, v, body, line, from)
}

// finish gives lr what all records have and counts it. line is as it was read.
func (b *Batch) finish(lr plog.LogRecord, v *values, body, line string, from *Origin) {
	b.redactAll(v)
	// A part of valid text that was cut out at ASCII characters is valid too, so
	// one look at the line answers for all its parts. What is decoded or not of
	// the line was looked at when it was made.
	if !utf8.ValidString(line) {
		v.change(repair)
		body = repair(body)
	}
	size := recordSize(lr, v, body)
	if limit := b.converter.options.MaxRecordSize; limit > 0 && size > limit {
		v.change(cut)
		body = cut(body)
		size = recordSize(lr, v, body)
	}
	lr.SetObservedTimestamp(from.Observed)
	if body != "" {
		lr.Body().SetStr(body)
	}
	v.build(&b.builder, lr.Attributes())
	b.records++
	b.size += field(size)
}

// redactAll takes the secrets out of the values, each by its rule.
func (b *Batch) redactAll(v *values) {
	if !b.secrets {
		return
	}
	for i := range v.all() {
		next := &v.items[i]
		if !redact.MayHold(next.text) {
			continue
		}
		before := next.size()
		if next.kind == kindWords {
			next.text = b.redactWords(next.text, string(rune(next.number)), ruleOf(next.name))
		} else {
			next.text = b.redact(next.text, ruleOf(next.name))
		}
		v.size += next.size() - before
	}
}

// redactWords redacts each word of s.
func (b *Batch) redactWords(s, separator string, rule redact.Rule) string {
	words := strings.Split(s, separator)
	for i, word := range words {
		words[i] = b.redact(word, rule)
	}
	return strings.Join(words, separator)
}

// redact returns s redacted, s itself when there is no secret in it. The finder stays with
// the batch: with the race detector a sync.Pool drops one in four, and allocations are
// counted there too.
func (b *Batch) redact(s string, rule redact.Rule) string {
	if !b.secrets || !redact.MayHold(s) {
		return s
	}
	if b.finder == nil {
		b.finder = b.converter.finders.Get().(*redact.Finder)
	}
	if !b.finder.Find(b.converter.redactor, s, rule) {
		return s
	}
	return b.arena.seal(b.finder.Append(b.arena.room(b.finder.Size())))
}

// giveBack gives back what the converter lent.
func (b *Batch) giveBack() {
	if b.finder != nil {
		b.converter.finders.Put(b.finder)
		b.finder = nil
	}
}

// Len returns the number of records.
func (b *Batch) Len() int { return b.records }

// Size returns the estimated OTLP size in bytes, never below the real one.
func (b *Batch) Size() int { return b.size + b.groups.size }

// Merge moves the records of other, which is empty afterwards, to the end of b.
// Both must come from the same Converter.
func (b *Batch) Merge(other *Batch) {
	if b == other {
		return
	}
	b.groups.merge(&other.groups)
	b.records += other.records
	b.size += other.size
	other.records, other.size = 0, 0
	other.giveBack()
}

// Logs hands the records over; b must not be used afterwards.
func (b *Batch) Logs() plog.Logs {
	logs := plog.NewLogs()
	resources := logs.ResourceLogs()
	resources.EnsureCapacity(len(b.groups.list))
	for i := range b.groups.list {
		g := &b.groups.list[i]
		b.converter.build(resources.AppendEmpty(), g)
	}
	b.groups = groups{}
	b.giveBack()
	return logs
}
