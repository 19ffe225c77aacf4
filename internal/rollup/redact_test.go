package rollup

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// carriers put a client's text into a record so that it becomes a part of the
// attribute.
var carriers = map[string]func(r *accesslog.Record, text string){
	"aws.s3.operation": func(r *accesslog.Record, text string) { r.Operation = text },
	"error.type":       func(r *accesslog.Record, text string) { r.ErrorCode = text },
	"aws.requester.session_name": func(r *accesslog.Record, text string) {
		r.Requester = "arn:aws:sts::111122223333:assumed-role/Admin/" + text
	},
	"user.name":             func(r *accesslog.Record, text string) { r.Requester = "arn:aws:iam::111122223333:user/" + text },
	"user.id":               func(r *accesslog.Record, text string) { r.Requester = text },
	"client.address":        func(r *accesslog.Record, text string) { r.RemoteIP = text },
	"server.address":        func(r *accesslog.Record, text string) { r.HostHeader = text },
	"tls.protocol.version":  func(r *accesslog.Record, text string) { r.TLSVersion = text },
	"tls.cipher":            func(r *accesslog.Record, text string) { r.CipherSuite = text },
	"aws.signature.version": func(r *accesslog.Record, text string) { r.SignatureVersion = text },
	"aws.s3.auth_type":      func(r *accesslog.Record, text string) { r.AuthType = text },
	"aws.s3.source_region":  func(r *accesslog.Record, text string) { r.SourceRegion = text },
	"user_agent.original":   func(r *accesslog.Record, text string) { r.UserAgent = text },
	// The short names count beside AWSAccessKeyId only.
	"aws.s3.key.prefix":               func(r *accesslog.Record, text string) { r.Key, r.RawKey = "a?"+text+"#/b?AWSAccessKeyId=c", true },
	"aws.s3.request.parameter.<name>": func(r *accesslog.Record, text string) { r.Target = "/?<name>=" + url.QueryEscape(text) },
	"aws.s3.referer.parameter.<name>": func(r *accesslog.Record, text string) { r.Referer = "h?<name>=" + url.QueryEscape(text) },
}

// own are the attributes in which there can be no text of a client's, whatever he
// sends, and those that are never redacted.
var own = []string{"aws.s3.bucket", "aws.s3.owner", "http.request.method", "aws.requester.type", "aws.requester.account_id", "cloud.account.id", "cloud.region"}

// shown is what a metric's attribute shows of a record.
func shown(t *testing.T, r accesslog.Record, name string) string {
	t.Helper()
	s := testSettings()
	s.Clean = redact.New(nil).Redact
	only(&s, "aws.s3.server.requests", name)
	l := newProcess(t, s)
	l.add(r)
	points := l.emitAccepted()
	require.NotEmpty(t, points)
	value, ok := points[len(points)-1].attributes.Get(name)
	require.True(t, ok)
	return value.AsString()
}

func TestNoAttributeHoldsASecret(t *testing.T) {
	const secret = "5ECRET"
	for _, a := range Attributes() {
		carry, carries := carriers[a.Name]
		if !carries {
			assert.True(t, a.Type != typeString && a.Type != typeList || a.Needs != NeedsNothing || strings.Contains(strings.Join(own, " "), a.Name),
				"say how a client's text can become a part of %s, or that none can", a.Name)
			continue
		}
		for text, hidden := range map[string]bool{
			"a?X-AMZ-signature=" + secret + "#b":                             true,
			"a&sig=" + secret:                                                true,
			"a;AWSAccessKeyId=" + secret:                                     true,
			"a%23X%2dAmz%2DCredential%3d" + secret:                           true,
			"a%253FX-Amz-Signature%253D" + secret:                            true,
			"a%252526%2573ig=" + secret:                                      true,
			"a%25253bX-Amz-S3session-Token%25253D" + secret + "%25253Bb":     true,
			"a?X-Amz-Credential=b/" + secret:                                 true,
			"a?X-Amz-Date=" + secret:                                         false,
			"a%253FX-Amz-Date%253D" + secret + strings.Repeat("%20&sig=", 9): false,
		} {
			value := shown(t, with(func(r *accesslog.Record) { carry(r, text) }), a.Name)
			if hidden {
				assert.NotContains(t, value, secret, "%s of %s", a.Name, text)
			} else {
				assert.Contains(t, value, secret, "%s of %s", a.Name, text)
			}
		}
	}
}

// Who acted is not hidden.
func TestNamesThatLookLikeSecrets(t *testing.T) {
	r := with(func(r *accesslog.Record) {
		r.Requester = "arn:aws:sts::111122223333:assumed-role/Admin/sig=mallory"
		r.Bucket = "a?sig=1"
	})
	assert.Equal(t, r.Requester, shown(t, r, "user.id"))
	assert.Equal(t, "sig=mallory", shown(t, r, "aws.requester.session_name"))
	assert.Equal(t, r.Bucket, shown(t, r, "aws.s3.bucket"))
	r.Key = "a/sig=1/b"
	assert.Equal(t, "a/", shown(t, r, keyPrefix))
	r.Key = "sig=1/b"
	assert.Equal(t, "sig=1/", shown(t, r, keyPrefix))
}

// An Authorization header can stand in a User-Agent.
func TestHeaderInAUserAgent(t *testing.T) {
	const header = "AWS4-HMAC-SHA256 Credential=5ECRET/20260101/us-east-1/s3/aws4_request, Signature=5ECRET"
	assert.NotContains(t, shown(t, with(func(r *accesslog.Record) { r.UserAgent = header }), "user_agent.original"), "5ECRET")
	assert.Equal(t, header, shown(t, with(func(r *accesslog.Record) { r.SourceRegion = header }), "aws.s3.source_region"))
}
