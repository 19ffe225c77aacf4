package otlplogs

import "github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"

// Attribute describes an attribute.
type Attribute struct {
	Name string
	Type string // string, int, bool or string[]
}

// ofRecord is the mapping from an access log record to attributes: a line an
// attribute, in the order in which a log record shows them. What is "" or
// Absent gives no attribute.
func (v *values) ofRecord(s *subject) {
	v.text("client.address", s.RemoteIP)
	v.text("user.id", s.Requester)
	v.text("user.name", s.requester.UserName)
	v.text("aws.requester.session_name", s.requester.SessionName)
	v.text("aws.requester.account_id", s.requester.AccountID)
	v.text("aws.requester.type", string(s.requester.Type))
	v.text("aws.request_id", s.RequestID)
	v.text("aws.extended_request_id", s.HostID)
	v.text("aws.s3.operation", s.Operation)
	v.text("aws.s3.key", s.key)

	v.text("http.request.method", s.method)
	v.text("http.request.method_original", s.methodOriginal)
	v.text("url.path", s.path)
	v.text("url.query", s.query)
	v.text("url.scheme", s.scheme)
	v.text("network.protocol.version", s.Version)
	v.text("aws.s3.upload_id", s.uploadID)
	v.number("aws.s3.part_number", s.partNumber)

	v.number("http.response.status_code", int64(s.Status))
	v.text("error.type", s.errorType)
	v.number("http.response.body.size", s.bodySize)
	v.number("aws.s3.object.size", s.ObjectSize)
	v.number("aws.s3.total_time", s.TotalTime)
	v.number("aws.s3.turn_around_time", s.TurnAroundTime)

	v.list("http.request.header.referer", s.referer)
	v.text("user_agent.original", s.userAgent)
	v.text("aws.s3.version_id", s.VersionID)
	v.text("aws.signature.version", s.SignatureVersion)
	v.text("aws.s3.auth_type", s.AuthType)
	v.text("tls.cipher", s.cipher)
	v.text("tls.protocol.name", s.tlsName)
	v.text("tls.protocol.version", s.tlsVersion)
	v.text("server.address", s.serverAddress)
	v.number("server.port", s.serverPort)
	v.text("aws.s3.access_point.arn", s.AccessPointARN)
	v.flag("aws.s3.acl_required", s.ACLRequired == accesslog.ACLNeeded, s.ACLRequired != accesslog.ACLUnknown)
	v.text("aws.s3.source_region", s.SourceRegion)
	v.words("aws.s3.extra_fields", s.extra)
	v.ofLine(s)
}

// ofMalformed is the same for a line that could not be parsed.
func (v *values) ofMalformed(s *subject) {
	v.text("error.type", s.errorType)
	v.text("aws.s3.parse_error", s.parseError)
	v.ofLine(s)
}

// ofLine is what both have.
func (v *values) ofLine(s *subject) {
	v.text("log.record.uid", s.uid)
	v.text("log.record.original", s.original)
	v.text("log.file.path", s.file)
}

// RecordAttributes returns the attributes that the log record of an access log
// record can have.
func RecordAttributes() []Attribute { return describe((*values).ofRecord) }

// MalformedAttributes returns the attributes that the log record of a line that
// could not be parsed can have.
func MalformedAttributes() []Attribute { return describe((*values).ofMalformed) }

// ResourceAttributes returns the attributes that a resource can have.
func ResourceAttributes() []Attribute {
	return describe(func(v *values, _ *subject) { v.ofResource("", resourceKey{}) })
}

// describe returns the attributes that a mapping names.
func describe(mapping func(*values, *subject)) []Attribute {
	v := values{describing: true}
	mapping(&v, &subject{Record: &accesslog.Record{}})
	var list []Attribute
	for _, value := range v.all() {
		list = append(list, Attribute{Name: value.name, Type: value.kind.String()})
	}
	return list
}
