package otlplogs

import (
	"strconv"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// request is what the Request-URI tells. "" and Absent mean that there is no
// such value.
type request struct {
	method         string // a known one, or _OTHER
	methodOriginal string // the method that is not known
	path           string
	query          string
	scheme         string
	uploadID       string // decoded
	partNumber     int64
	trace          accesslog.TraceContext
}

// readRequest sets q, which is empty, to what a record's request line tells.
func (b *Batch) readRequest(q *request, r *accesslog.Record) {
	q.partNumber = accesslog.Absent
	if r.Method == "" {
		return
	}
	q.method, q.methodOriginal = accesslog.MethodName(r.Method)
	q.scheme = scheme(r)
	path, query := cutAt(r.Target, '?')
	q.path = b.readPath(path)
	if query == "" {
		return
	}
	trace := b.converter.options.TraceParameter
	if r.Requester == "" {
		trace = "" // nobody outside may write into the operator's traces
	}
	b.readQuery(q, query, trace)
	q.query = query
}

// readPath returns the path of a request target without its query.
func (b *Batch) readPath(target string) string {
	if b.converter.skip.path {
		return ""
	}
	path := pathOf(target)
	if len(path) != len(target) {
		path = pathOf(b.redact(target, redact.Path)) // a secret may begin in front of the slash
	}
	return path
}

// readQuery sets what the parameters of a query tell. Names are case-sensitive,
// as S3 has them; of several with one name the first counts that is of any use.
// trace is the name of the trace context's, "" for none.
func (b *Batch) readQuery(q *request, query, trace string) {
	skip := &b.converter.skip
	for query != "" {
		var parameter string
		parameter, query = cutAt(query, '&')
		name, value := cutAt(parameter, '=')
		switch {
		case value == "":
		case q.uploadID == "" && !skip.upload && accesslog.IsParameter(name, "uploadId"):
			q.uploadID = repair(b.unescape(value))
		case q.partNumber == accesslog.Absent && !skip.part && accesslog.IsParameter(name, "partNumber"):
			q.partNumber = partNumber(b.unescape(value))
		case trace != "" && accesslog.IsParameter(name, trace):
			q.trace = accesslog.ParseTraceParent(b.unescape(value))
			trace = ""
		}
	}
}

// cutAt is strings.Cut at a single byte, which is quicker to look for.
func cutAt(s string, c byte) (before, after string) {
	if i := strings.IndexByte(s, c); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// unescape returns the value of a query parameter, decoded as a form. A value
// with a bad escape stays as it was sent.
func (b *Batch) unescape(value string) string {
	if strings.IndexByte(value, '%') < 0 && strings.IndexByte(value, '+') < 0 {
		return value
	}
	decoded, needed := accesslog.AppendForm(b.arena.room(len(value)), value)
	if !needed {
		return value
	}
	return b.arena.seal(decoded)
}

// partNumber returns the number of a part, or Absent when s is not a number.
func partNumber(s string) int64 {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return accesslog.Absent
	}
	return int64(n)
}

// scheme returns the value of url.scheme, "" for a record that is older than
// the fields that tell it.
func scheme(r *accesslog.Record) string {
	switch {
	case r.Fields < fieldsWithTLS:
		return ""
	case r.CipherSuite != "" || r.TLSVersion != "":
		return "https"
	}
	return "http"
}

// fieldsWithTLS is how many fields a record has that tells cipher and TLS
// version.
const fieldsWithTLS = 24

// pathOf returns the path of a request target without its query, as it was
// sent. A target in absolute form ("http://host/path", as clients send it to a
// proxy) gives what follows the host, which is "" for "http://host". Any other
// target ("*", "host:443") is returned whole.
func pathOf(target string) string {
	if strings.HasPrefix(target, "/") {
		return target
	}
	for _, prefix := range [...]string{"https://", "http://"} {
		if len(target) < len(prefix) || !strings.EqualFold(target[:len(prefix)], prefix) {
			continue
		}
		slash := strings.IndexByte(target[len(prefix):], '/')
		if slash < 0 {
			return ""
		}
		return target[len(prefix)+slash:]
	}
	return target
}
