package otlplogs

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/golden"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func summarizing() Options {
	o := testOptions()
	o.Body = BodySummary
	return o
}

func summaryOf(t *testing.T, r accesslog.Record) string {
	t.Helper()
	b := NewConverter(summarizing()).NewBatch(1)
	b.Append(&r, "", [16]byte{}, testOrigin(), enrich.Client{})
	return checkSize(t, b).ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Str()
}

func TestSummary(t *testing.T) {
	denied := accesslog.Record{
		Operation: "REST.GET.OBJECT", Bucket: "example-bucket", Key: "a/b.txt", Status: 403, ErrorCode: "AccessDenied",
		Requester: "arn:aws:iam::111122223333:user/team/alice", RemoteIP: "198.51.100.7",
	}
	user := strings.Repeat("u", 200)
	for want, change := range map[string]func(*accesslog.Record){
		"REST.GET.OBJECT example-bucket/a/b.txt 403 AccessDenied alice 198.51.100.7": func(*accesslog.Record) {},
		"REST.GET.OBJECT example-bucket/a/b.txt 200 - alice 198.51.100.7":            func(r *accesslog.Record) { r.Status, r.ErrorCode = 200, "" },
		"REST.GET.BUCKET example-bucket 403 AccessDenied alice 198.51.100.7":         func(r *accesslog.Record) { r.Operation, r.Key = "REST.GET.BUCKET", "" },
		"REST.GET.OBJECT example-bucket/a/b.txt 403 AccessDenied - 198.51.100.7":     func(r *accesslog.Record) { r.Requester = "" },
		"REST.GET.OBJECT example-bucket/a/b.txt 403 AccessDenied AmazonS3 -":         func(r *accesslog.Record) { r.Requester, r.RemoteIP = "AmazonS3", "" },
		"- - - - - -": func(r *accesslog.Record) { *r = accesslog.Record{Status: accesslog.Absent} },
		"REST.GET.OBJECT example-bucket/a/b.txt 403 AccessDenied Admin/jane@example.com 198.51.100.7": func(r *accesslog.Record) {
			r.Requester = "arn:aws:sts::111122223333:assumed-role/Admin/jane@example.com"
		},
		"REST.GET.OBJECT example-bucket/a b+c/\u65e5 403 AccessDenied alice 198.51.100.7": func(r *accesslog.Record) { r.Key = "a%2520b%252Bc/%25E6%2597%25A5" },
		`REST.GET.OBJECT example-bucket/a\u{a}b\u{1b}[2J\u{202e} 403 AccessDenied alice 198.51.100.7`: func(r *accesslog.Record) {
			r.Key = "a%250Ab%251B[2J%25E2%2580%25AE"
		},
		"REST.GET.OBJECT example-bucket/a\ufffdb 403 AccessDenied alice 198.51.100.7":                                func(r *accesslog.Record) { r.Key = "a\xffb" },
		"REST.GET.OBJECT example-bucket/a?X-Amz-Signature=REDACTED&sig=REDACTED 403 AccessDenied alice 198.51.100.7": func(r *accesslog.Record) { r.Key = "a?X-Amz-Signature=1&sig=2" },
		"REST.GET.OBJECT example-bucket/a/sig=1/b 403 AccessDenied alice 198.51.100.7":                               func(r *accesslog.Record) { r.Key = "a/sig=1/b" },
		"REST.GET.OBJECT example-bucket/a/b.txt 403 AccessDenied " + user[:61] + ".../" + user[:61] + "... 198.51.100.7": func(r *accesslog.Record) {
			r.Requester = "arn:aws:sts::111122223333:assumed-role/" + user + "/" + user
		},
	} {
		r := denied
		change(&r)
		assert.Equal(t, want, summaryOf(t, r))
	}
}

// The key gives way to what stands behind it: the line is at most 512 bytes, and valid.
func TestLongSummaries(t *testing.T) {
	const tail = " 200 - alice 198.51.100.7"
	for _, char := range []string{"k", "\u00e9", "\u65e5", "\u202e", "\xff"} {
		r := accesslog.Record{
			Operation: "REST.GET.OBJECT", Bucket: "example-bucket", Status: 200, Requester: "arn:aws:iam::111122223333:user/alice",
			RemoteIP: "198.51.100.7", Key: strings.Repeat(char, 1024), RawKey: true,
		}
		got := summaryOf(t, r)
		assert.True(t, strings.HasSuffix(got, "..."+tail), got)
		assert.LessOrEqual(t, len(got), maxSummary)
		assert.Greater(t, len(got), maxSummary-10)
		assert.True(t, utf8.ValidString(got))

		long := strings.Repeat(char, 1024)
		got = summaryOf(t, accesslog.Record{Operation: long, Bucket: long, Status: 999, ErrorCode: long, Requester: long, RemoteIP: long, Key: long, RawKey: true})
		assert.LessOrEqual(t, len(got), maxSummary)
		assert.Contains(t, got, " 999 ")
		assert.Equal(t, 6, strings.Count(got, "..."))
	}
}

func TestSummaryOfAMalformedLine(t *testing.T) {
	for text, want := range map[string]string{
		"torn": "malformed record: ",
		strings.Replace(line{status: "abc"}.String(), "REST", "REST\x1b", 1): "malformed record: ",
	} {
		lr := recordOf(t, summarizing(), text)
		reason, _ := lr.Attributes().Get("aws.s3.parse_error")
		assert.Equal(t, want+reason.Str(), lr.Body().Str())
		assert.NotEmpty(t, reason.Str())
	}
	b := NewConverter(summarizing()).NewBatch(1)
	b.AppendMalformed(&accesslog.Record{}, "", [16]byte{}, testOrigin(), &accesslog.Error{
		Field: accesslog.FieldStatus, Reason: accesslog.ReasonNumber, Value: "\u202e" + strings.Repeat("\u65e5", 600) + "?sig=s",
	})
	body := checkSize(t, b).ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Str()
	assert.LessOrEqual(t, len(body), maxSummary)
	assert.True(t, utf8.ValidString(body))
}

// Lines that leaked once do not leak into their summary, and no summary has a control
// character.
func TestSummariesHoldNoSecretAndNoControlCharacter(t *testing.T) {
	lines := append(linesOf(t, "../../testdata/accesslog/redaction.log"), samplelogs.Records(3, 500)...)
	for _, text := range lines {
		body := recordOf(t, summarizing(), text).Body().Str()
		require.NotContains(t, body, secret)
		require.False(t, strings.ContainsFunc(body, unicode.IsControl), "%q", body)
		require.NotEmpty(t, body)
	}
}

// A summary tells of what is excluded from the attributes.
func TestSummaryWithExclusion(t *testing.T) {
	o := summarizing()
	want := recordOf(t, o, line{requester: "arn:aws:iam::111122223333:user/alice", key: "a%2520b"}.String()).Body().Str()
	o.ExcludeAttributes = Excludable()
	got := recordOf(t, o, line{requester: "arn:aws:iam::111122223333:user/alice", key: "a%2520b"}.String())
	assert.Equal(t, want, got.Body().Str())
	assert.Equal(t, 1, got.Attributes().Len())
}

func TestGoldenOfSummaries(t *testing.T) {
	const sample = "../../testdata/accesslog/attributes"
	o := summarizing()
	o.ExcludeAttributes = Excludable()
	golden.Logs(t, sample+".summary.want.yaml", batchOf(o, testOrigin(), linesOf(t, sample+".log")...).Logs())
}
