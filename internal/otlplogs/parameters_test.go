package otlplogs

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

func showing(request, referer []string) Options {
	o := testOptions()
	o.RequestParameters, o.RefererParameters = request, referer
	return o
}

func TestRequestParameters(t *testing.T) {
	for query, want := range map[string]any{
		"x-user=alice":                       "alice",
		"a=b&x-user=alice&c=d":               "alice",
		"x-user=":                            nil,
		"x-user":                             nil,
		"x-user=&x-user=alice":               "alice",
		"x-user=alice&x-user=bob":            "alice",
		"X-User=alice":                       nil,
		"xx-user=alice&x-user2=bob":          nil,
		"%78-user=alice":                     "alice",
		"x-user=a%2Fb+c%20%C3%A9":            "a/b c \u00e9",
		"x-user=a%252Fb":                     "a%2Fb", // decoded once
		"x-user=50%":                         "50%",
		"x-user=a=b":                         "a=b",
		"x-user=a%FFb":                       "a\ufffdb",
		"x-user=a%26sig=s":                   "a&sig=REDACTED",
		"x-user=a%26sig%3Ds%26b":             "a&sig=REDACTED&b",
		"x-user=a/sig%3Ds":                   "a/sig=REDACTED",
		"x-user=sig%3Da%2526x-user%3Db":      "sig=REDACTED",
		"sig=s%26x-user=s":                   nil,
		"x-user=" + strings.Repeat("a", 256): strings.Repeat("a", 256),
		"x-user=" + strings.Repeat("a", 257): strings.Repeat("a", 256),
		"x-user=" + strings.Repeat("a", 255) + "%C3%A9":  strings.Repeat("a", 255),
		"x-user=" + strings.Repeat("a", 250) + ";sig=ss": strings.Repeat("a", 250) + ";sig=R",
	} {
		o := showing([]string{"x-user"}, nil)
		got := attributesOf(t, o, line{uri: "GET /k?" + query + " HTTP/1.1"}.String())
		assert.Equal(t, want, got["aws.s3.request.parameter.x-user"], query)
		assert.NotContains(t, attributesOf(t, testOptions(), line{uri: "GET /k?" + query + " HTTP/1.1"}.String()), "aws.s3.request.parameter.x-user")
		assert.NotContains(t, attributesOf(t, o, line{uri: "GET /k?" + query + " HTTP/1.1", requester: "-"}.String()), "aws.s3.request.parameter.x-user", "anonymous")
	}
}

// This is what Hadoop's S3A client writes.
const audit = "https://audit.example.org/hadoop/1/op_open/3c0d9b7e-0000-0000-0000-000000000000-00000001/" +
	"?op=op_open&p1=s3a://bucket/a%20b&pr=alice&ps=00c8dfb4&id=3c0d9b7e&fs=a6b5&t0=1&ji=job_0001&ts=1700000000000"

func TestRefererParameters(t *testing.T) {
	o := showing(nil, []string{"op", "p1", "pr", "ji", "absent"})
	for _, requester := range []string{"AmazonS3", "-"} {
		got := attributesOf(t, o, line{referer: audit, requester: requester}.String())
		assert.Equal(t, []any{"op_open", "s3a://bucket/a b", "alice", "job_0001", nil}, []any{
			got["aws.s3.referer.parameter.op"], got["aws.s3.referer.parameter.p1"], got["aws.s3.referer.parameter.pr"],
			got["aws.s3.referer.parameter.ji"], got["aws.s3.referer.parameter.absent"],
		})
	}
	for referer, want := range map[string]any{
		"-":                               nil,
		"https://h/op=a":                  nil,
		"https://h/?op=a#?op=b":           "a",
		"https://h/?a#op=b":               nil,
		"https://h/?op=a?op=b":            "a?op=b",
		"https://h/?op=a/sig=s b":         "a/sig=REDACTED b",
		"https://h/sig=a?op=b":            nil, // all of it is the secret
		"https://h/?op=Signature%3Ds%20b": "Signature=REDACTED",
	} {
		assert.Equal(t, want, attributesOf(t, o, line{referer: referer}.String())["aws.s3.referer.parameter.op"], referer)
	}
}

// There is room for as many attributes as one record can have.
func TestAllAttributesAtOnce(t *testing.T) {
	var query, referer []string
	o := everything()
	o.RequestParameters, o.RefererParameters = nil, nil
	for i := range MaxParameters {
		request, inReferer := fmt.Sprint("x-", i), fmt.Sprint("p", i)
		o.RequestParameters, o.RefererParameters = append(o.RequestParameters, request), append(o.RefererParameters, inReferer)
		query, referer = append(query, request+"="+url.QueryEscape(request+" /")), append(referer, inReferer+"="+inReferer)
	}
	r := accesslog.Record{Requester: "AmazonS3", Method: "GET", Target: "/?" + strings.Join(query, "&"), Referer: "https://h?" + strings.Join(referer, "&")}
	b := NewConverter(o).NewBatch(1)
	b.converter.describing = true // what is absent has attributes too
	b.Append(&r, "", [16]byte{}, testOrigin(), enrich.Client{Place: &enrich.Place{}, Threat: &enrich.Threat{}})
	attributes := b.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes()
	require.Equal(t, len(RecordAttributes())-2+2*MaxParameters, attributes.Len())
	for i := range MaxParameters {
		assert.Equal(t, fmt.Sprintf("x-%d /", i), textOf(attributes, fmt.Sprint(RequestParameter, "x-", i)))
		assert.Equal(t, fmt.Sprint("p", i), textOf(attributes, fmt.Sprint(RefererParameter, "p", i)))
	}
}

func TestSizeWithParameters(t *testing.T) {
	o := showing([]string{"x-user"}, []string{"op"})
	for n := range 300 {
		text := strings.Repeat("a", n)
		checkSize(t, batchOf(o, testOrigin(), line{uri: "GET /k?x-user=" + text + "%20 HTTP/1.1", referer: "https://h?op=" + text}.String()))
	}
}
