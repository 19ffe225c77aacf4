package otlplogs

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// Attribute describes an attribute.
type Attribute struct {
	Name string
	Type string // string, int, bool, double or string[]
}

// Append adds a parsed record. line is the text it was parsed from, id the
// XXH3-128 of that line as it was read, client what is known of its Remote IP.
//
// It is the mapping from an access log record to attributes: a line an
// attribute, in the order in which a log record shows them. What is "" or
// Absent gives no attribute. finish redacts each text by the rule of its attribute:
// see ruleOf.
func (b *Batch) Append(r *accesslog.Record, line string, id [16]byte, from *Origin, client enrich.Client) {
	// A local variable, so that v.text, inlined, is seen to write to the stack and
	// needs no write barriers: 2 % of BenchmarkConvert.
	v := values{describing: b.converter.describing}
	b.secrets = b.converter.redactor.LineMayHold(line)

	var of derived
	b.derive(&of, r)
	requester, request := &of.requester, &of.request

	v.text("client.address", r.RemoteIP)
	v.number("client.port", orAbsent(uint32(r.RemotePort)))
	v.text("user.id", r.Requester)
	v.text("user.name", requester.UserName)
	v.text("aws.requester.session_name", requester.SessionName)
	v.text("aws.requester.account_id", requester.AccountID)
	v.text("aws.requester.type", string(requester.Type))
	v.text("aws.request_id", r.RequestID)
	v.text("aws.extended_request_id", r.HostID)
	v.text("aws.s3.operation", r.Operation)
	v.text("aws.s3.key", of.key)

	v.text("http.request.method", request.method)
	v.text("http.request.method_original", request.methodOriginal)
	v.text("url.path", request.path)
	v.text("url.query", request.query)
	v.text("url.scheme", request.scheme)
	v.text("network.protocol.version", r.Version)
	v.text("aws.s3.upload_id", request.uploadID)
	v.number("aws.s3.part_number", request.partNumber)
	b.addRequestParameters(&v, r, request.query)

	v.number("http.response.status_code", int64(r.Status))
	v.text("error.type", accesslog.ErrorType(r))
	v.number("http.response.body.size", accesslog.BodySize(r))
	v.number("aws.s3.object.size", r.ObjectSize)
	v.number("aws.s3.total_time", r.TotalTime)
	v.number("aws.s3.turn_around_time", r.TurnAroundTime)

	v.list("http.request.header.referer", r.Referer)
	b.addRefererParameters(&v, r)
	v.text("user_agent.original", r.UserAgent)
	v.text("aws.s3.version_id", r.VersionID)
	v.text("aws.signature.version", r.SignatureVersion)
	v.text("aws.s3.auth_type", r.AuthType)
	v.text("tls.cipher", b.cipherName(r))
	v.text("tls.protocol.name", tlsName(r))
	v.text("tls.protocol.version", accesslog.TLSVersionNumber(r.TLSVersion))
	address, port := b.splitHost(r)
	v.text("server.address", address)
	v.number("server.port", port)
	v.text("aws.s3.access_point.arn", r.AccessPointARN)
	v.flag("aws.s3.acl_required", r.ACLRequired == accesslog.ACLNeeded, r.ACLRequired != accesslog.ACLUnknown)
	v.text("aws.s3.source_region", r.SourceRegion)
	b.addExtra(&v, r)

	b.addClient(&v, client)
	b.complete(&v, r, &of, line, id, from)
}

// ruleOf returns how the text of a record's attribute is redacted. An attribute that
// is not named here may hold a client's text.
func ruleOf(name string) redact.Rule {
	switch name {
	case "aws.s3.key", "url.path":
		return redact.Path
	case "url.query":
		return redact.Query
	case "http.request.header.referer", "user_agent.original":
		return redact.Header
	case "aws.s3.extra_fields":
		return redact.Text
	case "log.record.uid", "aws.request_id", "aws.extended_request_id", "log.file.path", // ours and S3's
		"log.record.original", "aws.s3.parse_error": // redacted when they are made
		return redact.Never
	}
	if isOfClient(name) || isOfParameter(name) {
		return redact.Never
	}
	return redact.Value
}

// isOfClient reports whether an attribute is one of addClient's: what databases and
// feeds tell.
func isOfClient(name string) bool {
	return strings.HasPrefix(name, "geo.") || strings.HasPrefix(name, "as.") || strings.HasPrefix(name, "threat.")
}

// isOfParameter reports whether an attribute is one of addParameters', which redacts it.
func isOfParameter(name string) bool {
	return strings.HasPrefix(name, RequestParameter) || strings.HasPrefix(name, RefererParameter)
}

// setFields sets what a log record has beside attributes and body.
func setFields(lr plog.LogRecord, r *accesslog.Record, trace *accesslog.TraceContext) {
	lr.SetEventName("aws.s3.server_access")
	lr.SetTimestamp(timestamp(r.Time, r.Millis))
	setSeverity(lr, r.Status)
	setTrace(lr, trace)
}

// addClient is the mapping from what is known of a client.
func (b *Batch) addClient(v *values, client enrich.Client) {
	if client.Place != nil {
		addPlace(v, client.Place)
	}
	if client.Threat != nil {
		b.addThreat(v, client.Threat)
	}
}

// addPlace is the mapping from where a client is.
func addPlace(v *values, p *enrich.Place) {
	v.text("geo.continent.code", p.ContinentCode)
	v.text("geo.country.iso_code", p.CountryISOCode)
	v.text("geo.region.iso_code", p.RegionISOCode)
	v.text("geo.locality.name", p.LocalityName)
	v.text("geo.postal_code", p.PostalCode)
	v.double("geo.location.lat", p.Latitude, p.HasLocation)
	v.double("geo.location.lon", p.Longitude, p.HasLocation)
	v.number("as.number", orAbsent(p.ASNumber))
	v.text("as.organization.name", p.ASOrganization)
}

// addThreat is the mapping from what is known of a client to be feared.
func (b *Batch) addThreat(v *values, t *enrich.Threat) {
	v.text("threat.indicator.ip", t.Indicator)
	v.text("threat.indicator.confidence", string(t.Confidence))
	v.text("threat.indicator.type", t.Type)
	v.text("threat.indicator.provider", t.Provider)
	v.text("threat.indicator.description", t.Description)
	v.text("threat.group.name", t.Group)
	v.text("threat.software.name", t.Software)
	v.text("threat.feed.name", t.Feed)
	if !b.converter.skip.feeds {
		v.words("threat.feeds", t.FeedList(), enrich.FeedSeparator)
	}
}

// addMalformed is the mapping from a line that could not be parsed.
func (b *Batch) addMalformed(v *values, explained string) {
	v.text("error.type", "malformed_record")
	v.text("aws.s3.parse_error", explained)
}

// addLine is the mapping from the line itself, parsed or not. It returns the
// body of the log record if that is the line. original says whether the line is
// wanted as an attribute.
func (b *Batch) addLine(v *values, line string, id [16]byte, from *Origin, original bool) (body string) {
	options := &b.converter.options
	var redacted, attribute, file string
	asBody := options.Body == BodyOriginal
	if original || asBody {
		redacted = b.redact(line, redact.Header)
	}
	if original {
		attribute = redacted
	}
	if options.SourceObject {
		file = repair(from.Path)
	}
	v.text("log.record.uid", b.arena.hex(id))
	v.text("log.record.original", attribute)
	v.text("log.file.path", file)
	if !asBody {
		return ""
	}
	return redacted
}

// addResource is the mapping to the attributes of a resource.
func (c *Converter) addResource(v *values, k *resourceKey) {
	v.text("cloud.provider", "aws")
	v.text("service.name", c.options.ServiceName)
	v.text("aws.s3.bucket", k.bucket)
	v.text("aws.s3.owner", k.owner)
	v.text("cloud.account.id", k.account)
	v.text("cloud.region", k.region)
}

// RecordAttributes returns the attributes that the log record of an access log
// record can have, "<name>" being in the place of a parameter's name.
func RecordAttributes() []Attribute {
	return ofRecord(describe(func(b *Batch) {
		b.Append(&accesslog.Record{}, "", [16]byte{}, &Origin{}, enrich.Client{Place: &enrich.Place{}, Threat: &enrich.Threat{}})
	}))
}

// MalformedAttributes returns the attributes that the log record of a line that
// could not be parsed can have.
func MalformedAttributes() []Attribute {
	return ofRecord(describe(func(b *Batch) {
		b.AppendMalformed(&accesslog.Record{}, "", [16]byte{}, &Origin{}, accesslog.ErrMalformed)
	}))
}

// ResourceAttributes returns the attributes that a resource can have.
func ResourceAttributes() []Attribute {
	described := describe(func(b *Batch) {
		b.Append(&accesslog.Record{}, "", [16]byte{}, &Origin{}, enrich.Client{Place: &enrich.Place{}, Threat: &enrich.Threat{}})
	})
	return list(described.Resource().Attributes())
}

// describe returns what add adds to a batch in which absent values have
// attributes too.
func describe(add func(*Batch)) plog.ResourceLogs {
	name := []string{"<name>"}
	c := NewConverter(Options{Original: OriginalAlways, SourceObject: true, RequestParameters: name, RefererParameters: name})
	c.describing = true
	b := c.NewBatch(1)
	add(b)
	return b.Logs().ResourceLogs().At(0)
}

func ofRecord(described plog.ResourceLogs) []Attribute {
	return list(described.ScopeLogs().At(0).LogRecords().At(0).Attributes())
}

func list(attributes pcommon.Map) []Attribute {
	types := map[pcommon.ValueType]string{
		pcommon.ValueTypeStr:    "string",
		pcommon.ValueTypeInt:    "int",
		pcommon.ValueTypeBool:   "bool",
		pcommon.ValueTypeDouble: "double",
		pcommon.ValueTypeSlice:  "string[]",
	}
	list := make([]Attribute, 0, attributes.Len())
	for name, value := range attributes.All() {
		list = append(list, Attribute{Name: name, Type: types[value.Type()]})
	}
	return list
}
