package otlplogs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// jsonLine is the record of a line as S3 writes it in JSON, with the string
// members of more in addition.
func jsonLine(l line, time, more string) string {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	null := func(s string) string {
		if s == "" || s == "-" {
			return "null"
		}
		return fmt.Sprintf("%q", s)
	}
	return `{"schema_version_id":"V_1_0","bucket_arn":"arn:aws:s3:::mybucket","bucket_name":"mybucket","request_time":"` + time + `",` +
		`"bucket_owner_id":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be","remote_ip":"192.0.2.3",` +
		`"requester":` + null(or(l.requester, "AmazonS3")) + `,"request_id":"3E57427F3EXAMPLE","operation":"` + or(l.operation, "REST.GET.OBJECT") + `",` +
		`"key_name":"` + or(l.key, "k") + `","request_uri":` + null(or(l.uri, "GET /k HTTP/1.1")) + `,"http_status":` + or(l.status, "200") + `,` +
		`"error_code":` + null(l.errorCode) + `,"bytes_sent_size":113,"object_size":2048,"total_duration":21,"turn_around_duration":7,` +
		`"referer":` + null(l.referer) + `,"user_agent":` + null(or(l.agent, "S3Console/0.4")) + `,"version_id":null,` +
		`"host_id":"s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234=","signature_version":"SigV4",` +
		`"cipher_suite":"ECDHE-RSA-AES128-GCM-SHA256","authentication_type":"AuthHeader",` +
		`"host_header":"` + or(l.host, "mybucket.s3.us-west-1.amazonaws.com") + `","tls_version":"TLSv1.2","access_point_arn":null,` +
		`"acl_required":false,"source_region":"us-west-1"` + more + "}"
}

// A record has the same attributes, resource and severity as text and as JSON.
func TestTextAndJSONHaveTheSameAttributes(t *testing.T) {
	for _, l := range []line{
		{},
		{requester: "arn:aws:sts::123456789012:assumed-role/Admin/alice", status: "404", errorCode: "NoSuchKey"},
		{requester: "-", uri: "PUT /k?partNumber=3&uploadId=abc%2Bd&X-Amz-Signature=secret HTTP/1.1", status: "500"},
		{referer: "https://example.org/?sig=secret", agent: `an "agent"`, host: "mybucket.example:8443", operation: "BATCH.DELETE.OBJECT"},
		{uri: "-", agent: "-"},
		{uri: "GET /k?x-traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 HTTP/1.1"},
	} {
		asText := batchOf(testOptions(), testOrigin(), l.String()).Logs()
		asJSON := batchOf(testOptions(), testOrigin(), jsonLine(l, "2026-02-06T00:00:38.000Z", "")).Logs()
		want := asText.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		got := asJSON.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		require.Equal(t, "aws.s3.server_access", got.EventName())
		uid, _ := want.Attributes().Get("log.record.uid")
		got.Attributes().PutStr("log.record.uid", uid.Str())
		assert.Equal(t, jsonOf(t, asText), jsonOf(t, asJSON))
	}
}

func TestTimeOfJSONHasMilliseconds(t *testing.T) {
	lr := recordOf(t, testOptions(), jsonLine(line{}, "2026-02-06T00:00:38.123Z", ""))
	assert.Equal(t, pcommon.Timestamp(1_770_336_038_123_000_000), lr.Timestamp())
}

func TestKeyOfJSONIsNotDecoded(t *testing.T) {
	for _, operation := range []string{"REST.GET.OBJECT", "BATCH.DELETE.OBJECT", "S3.EXPIRE.OBJECT"} {
		l := line{operation: operation, key: "a%2520b%20c+d"}
		assert.Equal(t, l.key, attributesOf(t, testOptions(), jsonLine(l, "2026-02-06T00:00:38.000Z", ""))["aws.s3.key"])
	}
}

// A member's value may hold spaces, and a secret in it does not reach into the
// next one.
func TestUnknownMembersAreOneExtraFieldEach(t *testing.T) {
	more := `,"a":{"b": 1},"c":"?sig=secret","sig":12345,"d e":"\u0020` + strings.Repeat("x", 300) + `"`
	got := attributesOf(t, testOptions(), jsonLine(line{}, "2026-02-06T00:00:38.000Z", more))
	assert.Equal(t, []any{`a={"b": 1}`, `c="?sig=REDACTED"`, "sig=REDACTED", `d e="\u0020` + strings.Repeat("x", 249)}, got["aws.s3.extra_fields"])
}

func TestJSONThatIsNotUTF8IsRepaired(t *testing.T) {
	got := attributesOf(t, testOptions(), jsonLine(line{key: "a\xff\xfeb"}, "2026-02-06T00:00:38.000Z", ",\"x\xff\":\"\xff\""))
	assert.Equal(t, "a\uFFFDb", got["aws.s3.key"])
	assert.Equal(t, []any{"x\uFFFD=\"\uFFFD\""}, got["aws.s3.extra_fields"])
}
