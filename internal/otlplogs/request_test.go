package otlplogs

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

func TestRequestLine(t *testing.T) {
	type attributes = map[string]any
	tests := map[string]struct {
		uri  string
		want attributes
	}{
		"path only": {"GET /k HTTP/1.1", attributes{
			"http.request.method": "GET", "url.path": "/k", "network.protocol.version": "1.1",
		}},
		"query behind the first question mark": {"GET /a?b?c=d HTTP/1.1", attributes{"url.path": "/a", "url.query": "b?c=d"}},
		"no query":                             {"GET /a? HTTP/1.1", attributes{"url.path": "/a"}},
		"absolute form":                        {"GET HTTP://h.example/a/b?c HTTP/1.1", attributes{"url.path": "/a/b", "url.query": "c"}},
		"absolute form without a path":         {"GET http://h.example?c HTTP/1.1", attributes{"url.query": "c"}},
		"asterisk form":                        {"OPTIONS * HTTP/1.1", attributes{"http.request.method": "OPTIONS", "url.path": "*"}},
		"unknown method": {"PROPFIND /a HTTP/1.1", attributes{
			"http.request.method": "_OTHER", "http.request.method_original": "PROPFIND",
		}},
		"methods are case-sensitive": {"get /a HTTP/1.1", attributes{
			"http.request.method": "_OTHER", "http.request.method_original": "get",
		}},
		"QUERY is known": {"QUERY /a HTTP/1.1", attributes{"http.request.method": "QUERY"}},
		"upload": {"PUT /a?uploadId=a%2Bb+c&partNumber=12 HTTP/1.1", attributes{
			"aws.s3.upload_id": "a+b c", "aws.s3.part_number": int64(12),
		}},
		"encoded names": {"PUT /a?%75ploadId=u&part%4eumber=%31 HTTP/1.1", attributes{
			"aws.s3.upload_id": "u", "aws.s3.part_number": int64(1),
		}},
		"names are case-sensitive":     {"PUT /a?uploadid=u&partnumber=1 HTTP/1.1", attributes{}},
		"other names that begin alike": {"GET /a?uploadId2=u&part-number-marker=1&partNumbe=3 HTTP/1.1", attributes{}},
		"bad escape":                   {"PUT /a?uploadId=%zz HTTP/1.1", attributes{"aws.s3.upload_id": "%zz"}},
		"no values":                    {"POST /a?uploads&uploadId&partNumber= HTTP/1.1", attributes{}},
		"no number":                    {"PUT /a?partNumber=1x&uploadId=u HTTP/1.1", attributes{"aws.s3.upload_id": "u"}},
		"a number too large":           {"PUT /a?partNumber=99999999999999999999 HTTP/1.1", attributes{}},
		"not UTF-8 when decoded":       {"PUT /a?uploadId=%ff%feu HTTP/1.1", attributes{"aws.s3.upload_id": "\uFFFDu"}},
	}
	// The usual values of names that a test says nothing of.
	usual := attributes{
		"http.request.method": nil, "http.request.method_original": nil, "url.path": nil, "url.query": nil,
		"network.protocol.version": nil, "aws.s3.upload_id": nil, "aws.s3.part_number": nil,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := attributesOf(t, testOptions(), line{uri: test.uri}.String())
			for name := range usual {
				if want, ok := test.want[name]; ok {
					assert.Equal(t, want, got[name], name)
				}
			}
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

func TestSplitHost(t *testing.T) {
	const absent = accesslog.Absent
	tests := []struct {
		host, address string
		port          int64
	}{
		{"", "", absent},
		{"h", "h", absent},
		{"h:443", "h", 443},
		{"h:", "h", absent},
		{"h:0", "h:0", absent},
		{"h:65535", "h", 65535},
		{"h:65536", "h:65536", absent},
		{"h:+1", "h:+1", absent},
		{"h:http", "h:http", absent},
		{"h:1:2", "h:1:2", absent},
		{":443", ":443", absent},
		{":", ":", absent},
		{"2001:db8::1", "2001:db8::1", absent},
		{"[2001:db8::1]", "2001:db8::1", absent},
		{"[2001:db8::1]:80", "2001:db8::1", 80},
		{"[2001:db8::1]80", "[2001:db8::1]80", absent},
		{"[2001:db8::1", "[2001:db8::1", absent},
		{"[]:80", "[]:80", absent},
		{"[:", "[:", absent},
		{"[", "[", absent},
	}
	for _, test := range tests {
		address, port := splitHost(test.host)
		assert.Equal(t, test.address, address, test.host)
		assert.Equal(t, test.port, port, test.host)
	}
}
