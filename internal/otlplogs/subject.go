package otlplogs

import (
	"errors"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

const (
	eventAccess    = "aws.s3.server_access"
	eventMalformed = "aws.s3.server_access.malformed"
)

// subject is what the attributes of a record are taken from: the record as it
// was parsed and what was derived from it. "" and Absent mean that there is no
// such value.
type subject struct {
	*accesslog.Record
	event string

	requester      accesslog.Requester
	key            string // decoded
	method         string // a known one, or _OTHER
	methodOriginal string // the method that is not known
	path           string
	query          string // redacted
	scheme         string
	uploadID       string // decoded
	partNumber     int64
	errorType      string
	bodySize       int64  // bytes
	referer        string // redacted
	userAgent      string // redacted
	cipher         string // the IANA name
	tlsName        string
	tlsVersion     string
	serverAddress  string
	serverPort     int64
	extra          string // redacted
	trace          traceContext

	uid        string
	original   string // the line, redacted; "" when it is not wanted
	body       string // the same
	file       string // where the line was read; "" when it is not wanted
	parseError string // redacted
}

// derive fills s from its record.
func (b *Batch) derive(s *subject) {
	redact := &b.converter.redact
	s.requester = accesslog.ParseRequester(s.Requester)
	s.key = b.decodeKey(s.Operation, s.Key)
	b.readRequest(s)
	b.readOutcome(s)
	s.referer = redact.text(&b.arena, s.Referer)
	s.userAgent = redact.text(&b.arena, s.UserAgent)
	s.cipher = accesslog.CipherName(s.CipherSuite)
	if s.TLSVersion != "" {
		s.tlsName, s.tlsVersion = "tls", accesslog.TLSVersionNumber(s.TLSVersion)
	}
	s.serverAddress, s.serverPort = splitHost(s.HostHeader)
	s.extra = redact.text(&b.arena, s.Extra)
}

// keepLine sets what is told of the line itself. original says whether it is
// wanted as log.record.original.
func (b *Batch) keepLine(s *subject, line string, id [16]byte, from *Origin, original bool) {
	options := &b.converter.options
	s.uid = b.arena.hex(id)
	if options.SourceObject {
		s.file = repair(from.Path)
	}
	if !original && !options.Body {
		return
	}
	redacted := b.converter.redact.text(&b.arena, line)
	if original {
		s.original = redacted
	}
	if options.Body {
		s.body = redacted
	}
}

// explain returns the text of reason, redacted. The value that did not fit is
// redacted before Error puts it in quotes, which would change it.
func (b *Batch) explain(reason error) string {
	redact := &b.converter.redact
	if e := (*accesslog.Error)(nil); errors.As(reason, &e) {
		shown := *e
		shown.Value = redact.text(&b.arena, e.Value)
		return shown.Error()
	}
	return redact.text(&b.arena, reason.Error())
}

func (b *Batch) decodeKey(operation, key string) string {
	decoded, needed := accesslog.AppendKey(b.arena.room(len(key)), operation, key)
	if !needed {
		return key
	}
	return repair(b.arena.keep(decoded))
}

// readOutcome sets what follows from the HTTP status.
func (b *Batch) readOutcome(s *subject) {
	s.errorType = s.ErrorCode
	if s.errorType == "" && s.Status >= 400 && s.Status < 600 {
		s.errorType = b.arena.keep(strconv.AppendInt(b.arena.room(3), int64(s.Status), 10))
	}
	s.bodySize = s.BytesSent
	if s.bodySize == accesslog.Absent && s.Status != accesslog.Absent {
		s.bodySize = 0
	}
}

// setSeverity gives lr the severity of a response with this HTTP status.
func setSeverity(lr plog.LogRecord, status int32) {
	number, text := plog.SeverityNumberInfo, "INFO"
	switch {
	case status >= 500 && status < 600:
		number, text = plog.SeverityNumberError, "ERROR"
	case status >= 400 && status < 500:
		number, text = plog.SeverityNumberWarn, "WARN"
	}
	lr.SetSeverityNumber(number)
	lr.SetSeverityText(text)
}

// timestamp returns seconds since the Unix epoch as OTLP has them. A time before
// it, or after the year 2554, is one that OTLP cannot tell: 0, unknown.
func timestamp(seconds int64) pcommon.Timestamp {
	const nanoseconds = 1_000_000_000
	if seconds < 0 || seconds > math.MaxUint64/nanoseconds {
		return 0
	}
	return pcommon.Timestamp(seconds) * nanoseconds
}
