package otlplogs

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

const secret = "5ECRET"

// carriers put a client's text into a record so that it becomes a part of the
// attribute. The field it is put into is returned too.
var carriers = map[string]func(r *accesslog.Record, text string) (field string){
	"client.address":               into(func(r *accesslog.Record) *string { return &r.RemoteIP }, ""),
	"user.id":                      into(func(r *accesslog.Record) *string { return &r.Requester }, ""),
	"user.name":                    into(func(r *accesslog.Record) *string { return &r.Requester }, "arn:aws:iam::111122223333:user/"),
	"aws.requester.session_name":   into(func(r *accesslog.Record) *string { return &r.Requester }, "arn:aws:sts::111122223333:assumed-role/Admin/"),
	"aws.s3.operation":             into(func(r *accesslog.Record) *string { return &r.Operation }, ""),
	"aws.s3.key":                   into(func(r *accesslog.Record) *string { return &r.Key }, ""),
	"http.request.method_original": into(func(r *accesslog.Record) *string { return &r.Method }, ""),
	"url.path":                     into(func(r *accesslog.Record) *string { return &r.Target }, "/"),
	"url.query":                    into(func(r *accesslog.Record) *string { return &r.Target }, "/?"),
	"network.protocol.version":     into(func(r *accesslog.Record) *string { return &r.Version }, ""),
	"error.type":                   into(func(r *accesslog.Record) *string { return &r.ErrorCode }, ""),
	"http.request.header.referer":  into(func(r *accesslog.Record) *string { return &r.Referer }, ""),
	"user_agent.original":          into(func(r *accesslog.Record) *string { return &r.UserAgent }, ""),
	"aws.s3.version_id":            into(func(r *accesslog.Record) *string { return &r.VersionID }, ""),
	"aws.signature.version":        into(func(r *accesslog.Record) *string { return &r.SignatureVersion }, ""),
	"aws.s3.auth_type":             into(func(r *accesslog.Record) *string { return &r.AuthType }, ""),
	"tls.cipher":                   into(func(r *accesslog.Record) *string { return &r.CipherSuite }, ""),
	"tls.protocol.version":         into(func(r *accesslog.Record) *string { return &r.TLSVersion }, ""),
	"server.address":               into(func(r *accesslog.Record) *string { return &r.HostHeader }, ""),
	"aws.s3.access_point.arn":      into(func(r *accesslog.Record) *string { return &r.AccessPointARN }, "arn:aws:s3:us-east-1:111122223333:accesspoint/"),
	"aws.s3.source_region":         into(func(r *accesslog.Record) *string { return &r.SourceRegion }, ""),
	"aws.s3.extra_fields":          into(func(r *accesslog.Record) *string { return &r.Extra }, ""),
	"aws.s3.upload_id": func(r *accesslog.Record, text string) string {
		r.Target = "/?uploadId=" + url.QueryEscape(text)
		return r.Target
	},
	"aws.s3.request.parameter.<name>": func(r *accesslog.Record, text string) string {
		r.Requester, r.Target = "AmazonS3", "/?<name>="+url.QueryEscape(text)
		return r.Target
	},
	"aws.s3.referer.parameter.<name>": func(r *accesslog.Record, text string) string {
		r.Referer = "https://h/?a=b&<name>=" + url.QueryEscape(text)
		return r.Referer
	},
	"log.record.original": func(_ *accesslog.Record, text string) string { return text },
}

// own are the attributes in which there can be no text of a client's, whatever he
// sends, and those that are never redacted.
var own = []string{
	"aws.requester.account_id", "aws.requester.type", "aws.request_id", "aws.extended_request_id", "http.request.method", "url.scheme",
	"tls.protocol.name", "log.record.uid", "log.file.path",
}

func into(field func(*accesslog.Record) *string, before string) func(*accesslog.Record, string) string {
	return func(r *accesslog.Record, text string) string {
		*field(r) = before + text
		return before + text
	}
}

// secrets are texts in which a sensitive parameter has the secret as its value, and
// the same with a name that is not sensitive. Each is encoded as often as levels
// say, or in parts.
func secrets(do func(text string, harmless bool)) {
	const hide = "X-aMz-SiGnature"
	for level := range 4 {
		for _, separator := range "?&;#" {
			for _, name := range []string{hide, "awsACCESSKEYid", "x-amz-s3session-token", "X-Amz-Server-Side-Encryption-Customer-Key", "X-Amz-Date"} {
				harmless := name == "X-Amz-Date"
				do("a"+escape(string(separator), level)+name+escape("=", level)+secret, harmless)
				do("a"+escape(string(separator), 3-level)+escape(name, level)+escape("=", level)+secret, harmless)
				do("a"+string(separator)+"b"+escape("=c"+string(separator)+name[:5], level)+name[5:]+escape("=", level)+secret+string(separator)+"d=e", harmless)
			}
		}
	}
}

// escape percent-encodes all of text, level times, with digits in both cases.
func escape(text string, level int) string {
	if level == 0 {
		return text
	}
	var out strings.Builder
	for i := range len(text) {
		format := "%%%s%02X"
		if i%2 == 0 {
			format = "%%%s%02x"
		}
		fmt.Fprintf(&out, format, strings.Repeat("25", level-1), text[i])
	}
	return out.String()
}

// bytesOf is what is sent of a batch.
func bytesOf(t *testing.T, logs plog.Logs) string {
	t.Helper()
	text, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	return string(text)
}

func everything() Options {
	o := testOptions()
	o.Original, o.Body, o.SourceObject = OriginalAlways, BodyOriginal, true
	o.RequestParameters, o.RefererParameters = []string{"<name>"}, []string{"<name>"}
	return o
}

// textOf is the text of an attribute, "" without it.
func textOf(attributes pcommon.Map, name string) string {
	if value, ok := attributes.Get(name); ok {
		return value.AsString()
	}
	return ""
}

func TestNoAttributeOfARecordHoldsASecret(t *testing.T) {
	known := len(own)
	c := NewConverter(everything())
	for _, attribute := range RecordAttributes() {
		carry, carries := carriers[attribute.Name]
		fromElsewhere := strings.HasPrefix(attribute.Name, "geo.") || strings.HasPrefix(attribute.Name, "as.") || strings.HasPrefix(attribute.Name, "threat.")
		if !carries {
			isText := attribute.Type == "string" || attribute.Type == "string[]"
			if isText && !fromElsewhere {
				assert.Contains(t, own, attribute.Name, "say how a client's text can become a part of it, or that none can")
				known--
			}
			continue
		}
		t.Run(attribute.Name, func(t *testing.T) {
			secrets(func(text string, harmless bool) {
				if attribute.Name == "url.path" && strings.Contains(text, "?") {
					return // that is its query
				}
				r := accesslog.Record{Owner: "o", Bucket: "b", Method: "GET", Target: "/k", Version: "1.1", Fields: 27}
				checkRecord(t, c, attribute.Name, carry(&r, text), &r, harmless)
			})
		})
	}
	assert.Zero(t, known, "all of own are attributes")
}

func checkRecord(t *testing.T, c *Converter, name, field string, r *accesslog.Record, harmless bool) {
	t.Helper()
	b := c.NewBatch(1)
	b.Append(r, "o b "+field+" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234=", [16]byte{}, testOrigin(), enrich.Client{})
	logs := checkSize(t, b)
	text := textOf(logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes(), name)
	if harmless {
		require.NotContains(t, text, redact.Replacement, field)
		require.Contains(t, text, secret, field)
		return
	}
	if !isOfParameter(name) || len(text) < accesslog.MaxParameter { // else it may be cut off
		require.Contains(t, text, redact.Replacement, field)
	}
	require.NotContains(t, bytesOf(t, logs), secret, field)
}

func TestNoAttributeOfAMalformedLineHoldsASecret(t *testing.T) {
	var parsed accesslog.Error
	carriers := map[string]func(r *accesslog.Record, text string){
		"aws.s3.bucket":       func(r *accesslog.Record, text string) { r.Bucket = text },
		"aws.s3.owner":        func(r *accesslog.Record, text string) { r.Owner = text },
		"aws.s3.parse_error":  func(_ *accesslog.Record, text string) { parsed.Value = text },
		"log.record.original": func(*accesslog.Record, string) {},
	}
	own := []string{"error.type", "log.record.uid", "log.file.path", "cloud.provider", "service.name", "cloud.account.id", "cloud.region"}
	c := NewConverter(everything())
	for _, attribute := range append(MalformedAttributes(), ResourceAttributes()...) {
		carry, carries := carriers[attribute.Name]
		if !carries {
			assert.Contains(t, own, attribute.Name)
			continue
		}
		t.Run(attribute.Name, func(t *testing.T) {
			secrets(func(text string, harmless bool) {
				for _, text := range []string{text, text[max(strings.IndexAny(text, "xX"), 0):]} { // torn too
					parsed = accesslog.Error{Field: accesslog.FieldStatus, Reason: accesslog.ReasonNumber}
					r := accesslog.Record{Owner: "o", Bucket: "b"}
					carry(&r, text)
					b := c.NewBatch(1)
					b.AppendMalformed(&r, text+` HTTP/1.1" 200`, [16]byte{}, testOrigin(), &parsed)
					logs := checkSize(t, b)
					rl := logs.ResourceLogs().At(0)
					shown := textOf(rl.Resource().Attributes(), attribute.Name) + textOf(rl.ScopeLogs().At(0).LogRecords().At(0).Attributes(), attribute.Name)
					if harmless {
						require.NotContains(t, shown, redact.Replacement)
						continue
					}
					require.Contains(t, shown, redact.Replacement, text)
					require.NotContains(t, bytesOf(t, logs), secret, text)
				}
			})
		})
	}
}

// Bucket and owner of a record, its ids, and on what it acted, are not hidden.
func TestWhatIsNeverRedacted(t *testing.T) {
	const name = "a?X-Amz-Signature=1"
	b := NewConverter(everything()).NewBatch(1)
	r := accesslog.Record{
		Owner: name, Bucket: name, RequestID: name, HostID: name, Key: "a&sig=1/b", Method: "PUT", Target: "/a&sig=1/b",
		Requester: "arn:aws:sts::111122223333:assumed-role/Admin/sig=mallory",
	}
	b.Append(&r, "o b "+name, [16]byte{}, testOrigin(), enrich.Client{})
	rl := checkSize(t, b).ResourceLogs().At(0)
	attributes := rl.ScopeLogs().At(0).LogRecords().At(0).Attributes()
	for name, want := range map[string]string{
		"aws.request_id": name, "aws.extended_request_id": name, "aws.s3.key": r.Key, "url.path": r.Target, "user.id": r.Requester,
		"user.name": "Admin", "aws.requester.session_name": "sig=mallory",
	} {
		assert.Equal(t, want, textOf(attributes, name))
	}
	assert.Equal(t, name, textOf(rl.Resource().Attributes(), "aws.s3.bucket"))
	assert.Equal(t, name, textOf(rl.Resource().Attributes(), "aws.s3.owner"))
}

// A name that is a part of a field is not the rest of a secret that began before.
func TestSecretsAreHiddenBeforeAFieldIsSplit(t *testing.T) {
	for field, set := range map[string]func(*accesslog.Record, string){
		"arn:aws:iam::111122223333:user/a?X-Amz-Credential=x/" + secret:         func(r *accesslog.Record, s string) { r.Requester = s },
		"arn:aws:sts::111122223333:assumed-role/R?X-Amz-Credential=x/" + secret: func(r *accesslog.Record, s string) { r.Requester = s },
		"https://h;X-Amz-Credential=x/" + secret:                                func(r *accesslog.Record, s string) { r.Target = s },
		"/k?a=b&X-Amz-Credential=x/" + secret + "?uploadId=" + secret + "&c=d":  func(r *accesslog.Record, s string) { r.Target = s },
	} {
		b := NewConverter(everything()).NewBatch(1)
		r := accesslog.Record{Owner: "o", Bucket: "b", Method: "GET", Target: "/k"}
		set(&r, field)
		b.Append(&r, "o b "+field, [16]byte{}, testOrigin(), enrich.Client{})
		assert.NotContains(t, bytesOf(t, b.Logs()), secret, field)
	}
}

// Field tests found these lines.
func TestLinesThatLeakedOnce(t *testing.T) {
	for _, line := range linesOf(t, "../../testdata/accesslog/redaction.log") {
		require.Contains(t, line, secret)
		assert.NotContains(t, bytesOf(t, batchOf(everything(), testOrigin(), line).Logs()), secret, line)
	}
}

// An attribute that ruleOf names by mistake would be redacted by another rule.
func TestRulesAreOfAttributes(t *testing.T) {
	rules := map[redact.Rule]int{}
	for _, attribute := range RecordAttributes() {
		if !isOfClient(attribute.Name) {
			rules[ruleOf(attribute.Name)]++
		}
	}
	delete(rules, redact.Value)
	assert.Equal(t, map[redact.Rule]int{redact.Path: 2, redact.Query: 1, redact.Header: 2, redact.Text: 1, redact.Never: 7}, rules)
}

// What a line holds decides whether its values are looked at: text that JSON or
// names with a space write in another way, too.
func TestValuesAreLookedAtWhateverTheLineShows(t *testing.T) {
	o := everything()
	o.SensitiveParameters = []string{"my token"}
	for line, options := range map[string]Options{`{"version_id":"a\u003fX-Amz-Signature\u003d` + secret + `"}`: testOptions(), "o b a?my+token=" + secret: o} {
		b := NewConverter(options).NewBatch(1)
		b.Append(&accesslog.Record{VersionID: "a?X-Amz-Signature=" + secret + "?my token=" + secret}, line, [16]byte{}, testOrigin(), enrich.Client{})
		assert.Contains(t, textOf(b.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes(), "aws.s3.version_id"), redact.Replacement)
	}
}
