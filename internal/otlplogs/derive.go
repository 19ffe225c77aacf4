package otlplogs

import (
	"errors"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// derived is what a record's fields tell, for more than one attribute each or for the
// body too.
type derived struct {
	requester accesslog.Requester
	key       string // decoded
	request   request
}

func (b *Batch) derive(of *derived, r *accesslog.Record) {
	if !b.converter.skip.requester {
		of.requester = b.requester(r.Requester)
	}
	of.key = b.decodeKey(r)
	b.readRequest(&of.request, r)
}

// decodeKey returns the key as the client named it.
func (b *Batch) decodeKey(r *accesslog.Record) string {
	if b.converter.skip.key {
		return ""
	}
	decoded, needed := r.AppendKey(b.arena.room(len(r.Key)))
	if !needed {
		return r.Key
	}
	return repair(b.arena.seal(decoded))
}

// requester explains field 5. Its names are those of the redacted field, since a
// secret may be split as an ARN is.
func (b *Batch) requester(field string) accesslog.Requester {
	q := accesslog.ParseRequester(field)
	if redacted := b.redact(field, redact.Value); redacted != field {
		shown := accesslog.ParseRequester(redacted)
		q.UserName, q.SessionName = shown.UserName, shown.SessionName
	}
	return q
}

func (b *Batch) cipherName(r *accesslog.Record) string {
	if b.converter.skip.cipher {
		return ""
	}
	return accesslog.CipherName(r.CipherSuite)
}

func (b *Batch) splitHost(r *accesslog.Record) (address string, port int64) {
	if b.converter.skip.host {
		return "", accesslog.Absent
	}
	return accesslog.SplitHost(r.HostHeader)
}

// tlsName returns "tls" for a record with a version of TLS.
func tlsName(r *accesslog.Record) string {
	if r.TLSVersion == "" || r.Unexpected.Has(accesslog.FieldTLSVersion) {
		return ""
	}
	return "tls"
}

// explain returns the text of reason, redacted. The value that did not fit is
// redacted before Error puts it in quotes, which would change it.
func (b *Batch) explain(reason error) string {
	if e := (*accesslog.Error)(nil); errors.As(reason, &e) {
		shown := *e
		shown.Value = b.redact(e.Value, redact.Text)
		return shown.Error()
	}
	return b.redact(reason.Error(), redact.Text)
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

// timestamp returns seconds since the Unix epoch and milliseconds of the last
// one as OTLP has them. A time before the epoch, or after the year 2554, is one
// that OTLP cannot tell: 0, unknown.
func timestamp(seconds int64, millis int16) pcommon.Timestamp {
	const nanoseconds = 1_000_000_000
	if seconds < 0 || seconds > math.MaxUint64/nanoseconds {
		return 0
	}
	return pcommon.Timestamp(seconds)*nanoseconds + pcommon.Timestamp(millis)*1_000_000
}

// extraSeparator stands between extra fields in values.words where a space does
// not: raw JSON cannot hold it.
const extraSeparator = '\x1f'

// addExtra adds what the record holds and no other attribute has room for: fields
// 28 and on, and name=value of a value without the type of its attribute, and of
// members that are not known.
func (b *Batch) addExtra(v *values, r *accesslog.Record) {
	if b.converter.skip.extra {
		return
	}
	const name = "aws.s3.extra_fields"
	if r.UnexpectedACL == "" && len(r.Members) == 0 {
		v.words(name, r.Extra, ' ')
		return
	}
	var extra []string
	if r.UnexpectedACL != "" {
		extra = append(extra, "aclRequired="+r.UnexpectedACL)
	}
	if r.Extra != "" {
		extra = append(extra, strings.Split(r.Extra, " ")...)
	}
	for _, member := range r.Members {
		extra = append(extra, member.Name+"="+member.Value)
	}
	v.words(name, strings.Join(extra, string(extraSeparator)), extraSeparator)
}

// orAbsent returns a number of which 0 means that it is not known.
func orAbsent(n uint32) int64 {
	if n == 0 {
		return accesslog.Absent
	}
	return int64(n)
}
