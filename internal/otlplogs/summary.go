package otlplogs

import (
	"strconv"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/display"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// The longest summary and the longest parts of one, in bytes. The key has what the
// others leave: 50 bytes at least.
const (
	maxSummary          = 512
	maxSummaryBucket    = 128
	maxSummaryRequester = 128
	maxSummaryWord      = 64 // of operation, error code and address
)

// summarize returns a record as one line that people read: operation, bucket and key,
// status, error code, who and from where; "-" is for what the record does not have.
func (b *Batch) summarize(r *accesslog.Record, of *derived) string {
	operation, errorCode := b.redact(r.Operation, redact.Value), b.redact(r.ErrorCode, redact.Value)
	key, address := b.redact(of.key, redact.Path), b.redact(r.RemoteIP, redact.Value)
	who, session := b.redact(of.requester.UserName, redact.Value), b.redact(of.requester.SessionName, redact.Value)
	if who == "" {
		who, session = b.redact(r.Requester, redact.Value), ""
	}

	var behind [maxSummary]byte // the key
	tail := append(behind[:0], ' ')
	if r.Status == accesslog.Absent {
		tail = append(tail, '-')
	} else {
		tail = strconv.AppendInt(tail, int64(r.Status), 10)
	}
	tail = appendPart(append(tail, ' '), errorCode, maxSummaryWord)
	if session == "" {
		tail = appendPart(append(tail, ' '), who, maxSummaryRequester)
	} else {
		tail = appendPart(append(tail, ' '), who, maxSummaryRequester/2)
		tail = appendPart(append(tail, '/'), session, maxSummaryRequester/2)
	}
	tail = appendPart(append(tail, ' '), address, maxSummaryWord)

	room := b.arena.room(maxSummary)
	line := appendPart(room, operation, maxSummaryWord)
	line = appendPart(append(line, ' '), r.Bucket, maxSummaryBucket)
	if key != "" {
		line = append(line, '/')
		line = display.AppendLine(line, key, maxSummary-len(line)-len(tail))
	}
	return b.arena.seal(append(line, tail...))
}

// appendPart appends a part of a summary.
func appendPart(dst []byte, text string, limit int) []byte {
	if text == "" {
		return append(dst, '-')
	}
	return display.AppendLine(dst, text, limit)
}

// summarizeMalformed returns a line for a record that could not be parsed.
func summarizeMalformed(explained string) string {
	return display.Line("malformed record: "+explained, maxSummary)
}
