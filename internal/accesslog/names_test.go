package accesslog

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAppendKey(t *testing.T) {
	for _, test := range []struct{ operation, key, want string }{
		{"REST.GET.OBJECT", "a%2520b", "a b"},
		{"REST.GET.OBJECT", "a%252520b", "a%20b"},
		{"REST.GET.OBJECT", "a%25252520b", "a%2520b"},
		{"REST.GET.OBJECT", "a%20b", "a b"},
		{"REST.GET.OBJECT", "a+b%2520", "a+b "},
		{"REST.GET.OBJECT", "100%25", "100%"},         // the second level has a bad escape
		{"REST.GET.OBJECT", "100%2525%2520", "100% "}, // %25 is a good one
		{"REST.GET.OBJECT", "%25zz%2520", "%zz%20"},   // and one bad escape stops the whole level
		{"REST.GET.OBJECT", "%C3%A9%25C3%25A9", "éé"},
		{"REST.GET.OBJECT", "%ff", "\xff"},
		{"WEBSITE.GET.OBJECT", "%252F", "/"},
		{"BATCH.DELETE.OBJECT", "a+b%20c%2520d%2Be", "a b c%20d+e"},
		{"S3.EXPIRE.OBJECT", "a+b", "a b"},
		{"S3.EXPIRE.OBJECT", "%2541", "%41"},
	} {
		out, needed := AppendKey([]byte("x"), test.operation, test.key)
		assert.True(t, needed, test.key)
		assert.Equal(t, "x"+test.want, string(out), test.key)
	}
}

func TestKeysThatStayAsLogged(t *testing.T) {
	for _, test := range []struct{ operation, key string }{
		{"REST.GET.OBJECT", ""},
		{"REST.GET.OBJECT", "photos/2026/puppy.jpg"},
		{"REST.GET.OBJECT", "a+b"},
		{"REST.GET.OBJECT", "a%2"},
		{"REST.GET.OBJECT", "%41%zz"},
		{"BATCH.DELETE.OBJECT", "a+b%"},
		{"S3.EXPIRE.OBJECT", "a/b"},
	} {
		out, needed := AppendKey([]byte("x"), test.operation, test.key)
		assert.False(t, needed, test.key)
		assert.Equal(t, "x", string(out), test.key)
	}
}

func TestTLSVersionNumber(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "TLSv1.2": "1.2", "TLSV1.1": "1.1", "tlsv1.3": "1.3", "TLSv1": "1.0", "SSLv3": "SSLv3", "TLSv": "TLSv",
	} {
		assert.Equal(t, want, TLSVersionNumber(text), text)
	}
}

func TestCipherName(t *testing.T) {
	for name, want := range map[string]string{
		"":                              "",
		"ECDHE-RSA-AES128-GCM-SHA256":   "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		"ECDHE-RSA-AES128-SHA":          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
		"ECDHE-ECDSA-AES256-SHA384":     "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
		"ECDHE-RSA-CHACHA20-POLY1305":   "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
		"AES256-GCM-SHA384":             "TLS_RSA_WITH_AES_256_GCM_SHA384",
		"DES-CBC3-SHA":                  "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
		"DHE-RSA-AES256-GCM-SHA384":     "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
		"RC4-MD5":                       "TLS_RSA_WITH_RC4_128_MD5",
		"TLS_AES_128_GCM_SHA256":        "TLS_AES_128_GCM_SHA256",
		"TLS_ECDHE_FUTURE_WITH_UNKNOWN": "TLS_ECDHE_FUTURE_WITH_UNKNOWN",
	} {
		assert.Equal(t, want, CipherName(name), name)
	}
}

// Go's own list of suites is a second opinion on the IANA names.
func TestCipherNamesAreThoseOfGo(t *testing.T) {
	known := map[string]bool{}
	for _, name := range []string{
		"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA",
		"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-RC4-SHA", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA256",
		"ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-SHA", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-DES-CBC3-SHA", "ECDHE-RSA-RC4-SHA",
		"AES128-GCM-SHA256", "AES128-SHA", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA", "DES-CBC3-SHA", "RC4-SHA",
	} {
		known[CipherName(name)] = true
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if suite.SupportedVersions[0] != tls.VersionTLS13 {
			assert.True(t, known[suite.Name], suite.Name)
		}
	}
}

func TestVendorSampleIsSixJoinedRecords(t *testing.T) {
	line := readLines(t, "vendor-doc-sample.log")[0]
	var records []Record
	for line != "" {
		end := NextJoined(line)
		next := ""
		if end >= 0 {
			next = line[end+1:]
			line = line[:end]
		}
		records = append(records, mustParse(t, line))
		line = next
	}
	want := Record{
		Owner: testOwner, Bucket: "mybucket", Time: 1391644838, RemoteIP: "192.0.2.3", Requester: testOwner, RequestID: "3E57427F3EXAMPLE",
		Operation: "REST.GET.VERSIONING", Method: "GET", Target: "/mybucket?versioning", Version: "1.1", Status: 200, BytesSent: 113,
		ObjectSize: Absent, TotalTime: 7, TurnAroundTime: Absent, UserAgent: "S3Console/0.4", Fields: 18,
	}
	logging := want
	logging.RequestID, logging.Operation, logging.Target = "891CE47D2EXAMPLE", "REST.GET.LOGGING_STATUS", "/mybucket?logging"
	logging.BytesSent, logging.TotalTime = 242, 11
	policy := want
	policy.RequestID, policy.Operation, policy.Target = "A1206F460EXAMPLE", "REST.GET.BUCKETPOLICY", "/mybucket?policy"
	policy.Status, policy.ErrorCode, policy.BytesSent, policy.TotalTime = 404, "NoSuchBucketPolicy", 297, 38
	versioning := want
	versioning.RequestID, versioning.Time, versioning.TotalTime = "7B4A0FABBEXAMPLE", want.Time+22, 33
	put := want
	put.RequestID, put.Time, put.Operation, put.Key = "DD6CC733AEXAMPLE", want.Time+79, "REST.PUT.OBJECT", "s3-dg.pdf"
	put.Method, put.Target, put.BytesSent, put.ObjectSize, put.TotalTime, put.TurnAroundTime = "PUT", "/mybucket/s3-dg.pdf", Absent, 4406583, 41754, 28
	last := want
	last.RequestID, last.Time, last.TotalTime = "BC3C074D0EXAMPLE", want.Time+163, 28
	assert.Equal(t, []Record{want, logging, policy, versioning, put, last}, records)
}

func TestNextJoined(t *testing.T) {
	const record = testOwner + " bucket [06/Feb/2014:00:00:38 +0000] "
	for text, want := range map[string]int{
		"":                -1,
		record:            -1,
		" " + record:      -1,
		"x " + record:     1,
		"- " + record:     1,
		"x  " + record:    2,
		"x" + record:      -1,
		"x y" + record:    -1,
		`x "` + record:    -1,
		"x " + record[1:]: -1,
		"x " + strings.Replace(record, " bucket ", "  ", 1):                   -1,
		"x " + strings.Replace(record, "Feb", "Foo", 1):                       -1,
		"x " + strings.TrimSpace(record):                                      -1,
		"x " + strings.Replace(record, "bucket", strings.Repeat("b", 255), 1): 1,
		"x " + strings.Replace(record, "bucket", strings.Repeat("b", 256), 1): -1,
		"[ [06/Feb/2014:00:00:38 +0000] " + record:                            30,
	} {
		assert.Equal(t, want, NextJoined(text), text)
	}
}

func TestNothingAllocates(t *testing.T) {
	var lines []string
	for _, name := range []string{"aws-doc-examples.log", "quirks.log", "hostile.log", "unexpected.log", "malformed.log", "hostile-malformed.log"} {
		lines = append(lines, readLines(t, name)...)
	}
	lines = append(lines, plain().line(FieldSourceRegion)+strings.Repeat(" -", 100), signed().with(FieldHostID, "a b").line(FieldSourceRegion))
	var r Record
	var failed int
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		for _, line := range lines {
			if Parse(line, &r) != nil {
				failed++
			}
		}
	}), "Parse")
	assert.Positive(t, failed)

	key := make([]byte, 0, 100)
	for name, call := range map[string]func(){
		"AppendKey":        func() { key, _ = AppendKey(key[:0], "REST.GET.OBJECT", "a%2520b") },
		"NextJoined":       func() { NextJoined(lines[0]) },
		"CipherName":       func() { _ = CipherName("ECDHE-RSA-AES128-SHA") },
		"TLSVersionNumber": func() { _ = TLSVersionNumber("TLSv1.2") },
		"ParseRequester": func() {
			for _, test := range requesterTests {
				ParseRequester(test.field)
			}
		},
	} {
		assert.Zero(t, testing.AllocsPerRun(10, call), name)
	}
}

func TestFieldNames(t *testing.T) {
	for f := FieldOwner; f <= lastField; f++ {
		require.NotEmpty(t, f.String())
	}
	assert.Equal(t, "Source Region", Field(27).String())
	assert.Equal(t, "unknown field", Field(200).String())
	for r := ReasonNone; r <= ReasonJSONTime; r++ {
		require.NotEmpty(t, r.String())
	}
	assert.Equal(t, "unknown reason", Reason(200).String())
}
