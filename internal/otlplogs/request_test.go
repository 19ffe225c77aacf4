package otlplogs

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

func TestRequestLine(t *testing.T) {
	type request struct{ method, original, path, query, uploadID, part any }
	tests := map[string]struct {
		uri  string
		want request
	}{
		"path only":                            {"GET /k HTTP/1.1", request{method: "GET", path: "/k"}},
		"query behind the first question mark": {"GET /a?b?c=d HTTP/1.1", request{method: "GET", path: "/a", query: "b?c=d"}},
		"empty query":                          {"GET /a? HTTP/1.1", request{method: "GET", path: "/a"}},
		"nothing before the query":             {"GET ?b HTTP/1.1", request{method: "GET", query: "b"}},
		"redacted query":                       {"GET /a?sig=s&b HTTP/1.1", request{method: "GET", path: "/a", query: "sig=REDACTED&b"}},
		"absolute form":                        {"GET HTTP://h/a/b?c HTTP/1.1", request{method: "GET", path: "/a/b", query: "c"}},
		"absolute form without a path":         {"GET https://h?c HTTP/1.1", request{method: "GET", query: "c"}},
		"asterisk form":                        {"OPTIONS * HTTP/1.1", request{method: "OPTIONS", path: "*"}},
		"unknown method":                       {"PROPFIND /a HTTP/1.1", request{method: "_OTHER", original: "PROPFIND", path: "/a"}},
		"methods are case-sensitive":           {"get /a HTTP/1.1", request{method: "_OTHER", original: "get", path: "/a"}},
		"QUERY is known":                       {"QUERY /a HTTP/1.1", request{method: "QUERY", path: "/a"}},
		"upload": {
			"PUT /a?uploadId=a%2Bb+c&partNumber=12 HTTP/1.1",
			request{method: "PUT", path: "/a", query: "uploadId=a%2Bb+c&partNumber=12", uploadID: "a+b c", part: int64(12)},
		},
		"encoded names": {
			"PUT /a?%75ploadId=u&part%4eumber=%31 HTTP/1.1",
			request{method: "PUT", path: "/a", query: "%75ploadId=u&part%4eumber=%31", uploadID: "u", part: int64(1)},
		},
		"other names that look alike": {
			"GET /a?uploadid=u&uploadId2=u&%2uploadId=u&part-number-marker=1&partNumbe=3 HTTP/1.1",
			request{method: "GET", path: "/a", query: "uploadid=u&uploadId2=u&%2uploadId=u&part-number-marker=1&partNumbe=3"},
		},
		"bad escape in a value": {
			"PUT /a?uploadId=%zz HTTP/1.1",
			request{method: "PUT", path: "/a", query: "uploadId=%zz", uploadID: "%zz"},
		},
		"no values": {
			"POST /a?uploads&uploadId&partNumber= HTTP/1.1",
			request{method: "POST", path: "/a", query: "uploads&uploadId&partNumber="},
		},
		"no numbers": {
			"PUT /a?partNumber=1x&partNumber=-1&partNumber=99999999999999999999 HTTP/1.1",
			request{method: "PUT", path: "/a", query: "partNumber=1x&partNumber=-1&partNumber=99999999999999999999"},
		},
		"not UTF-8 when decoded": {
			"PUT /a?uploadId=%ff%feu HTTP/1.1",
			request{method: "PUT", path: "/a", query: "uploadId=%ff%feu", uploadID: "\uFFFDu"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := attributesOf(t, testOptions(), line{uri: test.uri}.String())
			assert.Equal(t, "1.1", got["network.protocol.version"])
			assert.Equal(t, test.want, request{
				method:   got["http.request.method"],
				original: got["http.request.method_original"],
				path:     got["url.path"],
				query:    got["url.query"],
				uploadID: got["aws.s3.upload_id"],
				part:     got["aws.s3.part_number"],
			})
		})
	}
}

func TestScheme(t *testing.T) {
	record := func(fields int, cipher, tls string) *accesslog.Record {
		return &accesslog.Record{Fields: fields, CipherSuite: cipher, TLSVersion: tls}
	}
	assert.Equal(t, "https", scheme(record(24, "c", "")))
	assert.Equal(t, "https", scheme(record(27, "", "t")))
	assert.Equal(t, "http", scheme(record(24, "", "")))
	assert.Empty(t, scheme(record(18, "", "")))

	got := attributesOf(t, testOptions(), line{uri: "-", operation: "S3.EXPIRE.OBJECT", status: "-"}.String())
	assert.NotContains(t, got, "url.scheme", "without a request line there is none")
}
