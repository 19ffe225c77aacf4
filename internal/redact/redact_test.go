package redact

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRedactText(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing to redact": {`Mozilla/5.0 (a=b; c%20d)`, `Mozilla/5.0 (a=b; c%20d)`},
		"every name": {
			"?X-Amz-Signature=a&X-Amz-Credential=b&X-Amz-Security-Token=c&AWSAccessKeyId=d&Signature=e&sig=f&X-Goog-Signature=g&x=h",
			"?X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED&AWSAccessKeyId=REDACTED&Signature=REDACTED&sig=REDACTED&X-Goog-Signature=REDACTED&x=h",
		},
		"every name that came later": {
			"?X-Amz-S3session-Token=a&X-Amz-Server-Side-Encryption-Customer-Key=b&X-Amz-Server-Side-Encryption-Customer-Key-MD5=c&x-amz-copy-source-server-side-encryption-customer-key=d",
			"?X-Amz-S3session-Token=REDACTED&X-Amz-Server-Side-Encryption-Customer-Key=REDACTED&X-Amz-Server-Side-Encryption-Customer-Key-MD5=REDACTED&x-amz-copy-source-server-side-encryption-customer-key=REDACTED",
		},
		"any case":                       {"a?X-AMZ-signature=s", "a?X-AMZ-signature=REDACTED"},
		"encoded name":                   {"?X%2dAmz%2DSignature=s&%73%69%67=t", "?X%2dAmz%2DSignature=REDACTED&%73%69%67=REDACTED"},
		"first in the text":              {"sig=s", "sig=REDACTED"},
		"up to a space":                  {"sig=s HTTP/1.1", "sig=REDACTED HTTP/1.1"},
		"up to a quote":                  {`"GET /?sig=s" 200`, `"GET /?sig=REDACTED" 200`},
		"value with a second =":          {"sig=a=b&c", "sig=REDACTED&c"},
		"another name that ends alike":   {"mysig=1&my-sig=2&my.sig=3&my_sig=4", "mysig=1&my-sig=2&my.sig=3&my_sig=4"},
		"encoded name that ends alike":   {"my%2Dsig=1&m%79sig=2", "my%2Dsig=1&m%79sig=2"},
		"another name that begins alike": {"signature2=1&sigma=2", "signature2=1&sigma=2"},
		"empty value":                    {"sig=&a=b sig= ", "sig=&a=b sig= "},
		"authorization header":           {"Credential=AKIA/x, SignedHeaders=host, Signature=abc", "Credential=AKIA/x, SignedHeaders=host, Signature=REDACTED"},
		"behind a semicolon":             {"a;sig=s", "a;sig=REDACTED"},
		"HTML":                           {"?a=b&amp;sig=s&amp;c=d", "?a=b&amp;sig=REDACTED&amp;c=d"},
		"JSON":                           {`{"uri":"/?a=b\u0026sig=s"}`, `{"uri":"/?a=b\u0026sig=REDACTED"}`},
		"a URL in a parameter":           {"?u=https%3A%2F%2Fh%2Fk%3Fsig%3Ds3%2526c%26Signature%3dt%26x%3Dy&z", "?u=https%3A%2F%2Fh%2Fk%3Fsig%3DREDACTED%26Signature%3dREDACTED%26x%3Dy&z"},
		"bad escapes":                    {"%&%z=%&%3&sig=%zz%", "%&%z=%&%3&sig=REDACTED"},
		"redacted before":                {"sig=REDACTED", "sig=REDACTED"},
		"empty":                          {"", ""},
	}
	r := New(DefaultNames())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, r.Redact(test.text, Text))
		})
	}
}

// In a query only '&' ends a value: S3 takes a space or a quote for part of it.
func TestRedactQuery(t *testing.T) {
	r := New(DefaultNames())
	assert.Equal(t, "a=1&sig=REDACTED&b=2", r.Redact(`a=1&sig=x"y z&b=2`, Query))
}

func TestRedactOwnParameters(t *testing.T) {
	r := New([]string{"Token", "", "a b"})
	assert.Equal(t, "token=REDACTED&sig=s&a%20b=REDACTED", r.Redact("token=x&sig=s&a%20b=y", Query))
	short := New([]string{"k"})
	assert.Equal(t, "k=REDACTED&%6b=REDACTED&\xffk=REDACTED&_k=b", short.Redact("k=a&%6b=a&\xffk=a&_k=b", Query))
	none := New([]string{})
	assert.Equal(t, "sig=s", none.Redact("sig=s", Query))
}

// Only in Authorization headers of Signature Version 4, whose names are everyday
// words, and only where one can stand.
func TestRedactHeader(t *testing.T) {
	const scope = "AKIA/20260101/us-east-1/s3/aws4_request"
	r := New(DefaultNames())
	for text, want := range map[string]string{
		"AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host, Signature=abc": "AWS4-HMAC-SHA256 Credential=REDACTED SignedHeaders=host, Signature=REDACTED",
		"aws4-ecdsa-p256-sha256 credential=A, signature=b":                             "aws4-ecdsa-p256-sha256 credential=REDACTED signature=REDACTED",
		"Credential=" + scope + ", torn":                                               "Credential=REDACTED torn",
		"AWS4-HMAC-SHA256%20Credential%3D" + scope + "%2C%20Signed":                    "AWS4-HMAC-SHA256%20Credential%3DREDACTED",
		"https://example.com/?credential=a":                                            "https://example.com/?credential=a",
		"AWS4-HMAC-SHA256 MyCredential=a":                                              "AWS4-HMAC-SHA256 MyCredential=a",
	} {
		assert.Equal(t, want, r.Redact(text, Header))
		if strings.Contains(want, "redential=REDACTED") {
			assert.NotEqual(t, want, r.Redact(text, Text), "elsewhere it is a word")
		}
	}
	ours := New([]string{"X-Amz-Signature", "X-Amz-Credential"})
	const header = "AWS4-HMAC-SHA256 Credential=a, Signature=b&Signature=c"
	assert.Equal(t, "AWS4-HMAC-SHA256 Credential=REDACTED Signature=REDACTED&Signature=REDACTED", ours.Redact(header, Header))
	assert.Equal(t, header, ours.Redact(header, Text))
	assert.Equal(t, header, New([]string{"token"}).Redact(header, Header))
}

func TestRedactValue(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"every separator": {"a?sig=1&sig=2;sig=3#sig=4", "a?sig=REDACTED&sig=REDACTED;sig=REDACTED#sig=REDACTED"},
		"encoded separators": {
			"a%3Fsig%3D1%26sig%3D2%3bsig%3d3%23sig%3D4&x", "a%3Fsig%3DREDACTED%26sig%3DREDACTED%3bsig%3dREDACTED%23sig%3DREDACTED&x",
		},
		"three levels":                 {"a%25253Fsig%25253D1%252526x%25253D2", "a%25253Fsig%25253DREDACTED%252526x%25253D2"},
		"a key's two levels more":      {"a%252525253Fsig%252525253D1", "a%252525253Fsig%252525253DREDACTED"},
		"each part at its own level":   {"a%252526%2573i%67=1%26x&y", "a%252526%2573i%67=REDACTED&y"},
		"encoded digits":               {"a%25%33%46sig%%33D1", "a%25%33%46sig%%33DREDACTED"},
		"an inner value in an outer":   {"a?u=b%3Fsig%3D1%252Cc%26x=2", "a?u=b%3Fsig%3DREDACTED%26x=2"},
		"never at the start":           {"sig=1&x=2", "sig=1&x=2"},
		"never behind a slash":         {"a/sig=1/b", "a/sig=1/b"},
		"never behind another":         {"a sig=1,sig=2\"sig=3=sig=4", "a sig=1,sig=2\"sig=3=sig=4"},
		"a session with a name's name": {"arn:aws:sts::111122223333:assumed-role/Admin/sig=mallory", "arn:aws:sts::111122223333:assumed-role/Admin/sig=mallory"},
		"longer names":                 {"a?mysig=1&x-sig=2&sigs=3", "a?mysig=1&x-sig=2&sigs=3"},
		"empty value":                  {"a?sig=&sig=#sig=", "a?sig=&sig=#sig="},
		"a space or quote in a value":  {`a?sig=x "y`, `a?sig=REDACTED`},
		"not a header":                 {"AWS4-HMAC-SHA256?Credential=a", "AWS4-HMAC-SHA256?Credential=a"},
	}
	r := New(DefaultNames())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, r.Redact(test.text, Value))
			assert.Equal(t, test.text, r.Redact(test.text, Never))
		})
	}
}

// On what somebody acted is not hidden: in an object's name the short names count
// only beside others of a signed URL.
func TestRedactPath(t *testing.T) {
	r := New(DefaultNames())
	for text, want := range map[string]string{
		"a/sig=1/b":                  "a/sig=1/b",
		"sig=1/b":                    "sig=1/b",
		"a&sig=1/b":                  "a&sig=1/b",
		"a?Signature=1":              "a?Signature=1",
		"a?sv=1&sig=1":               "a?sv=1&sig=1",
		"a/sv/se&sig=1":              "a/sv/se&sig=1",
		"a?X-Amz-Signature=1":        "a?X-Amz-Signature=REDACTED",
		"a?X-Goog-Signature=1&sig=2": "a?X-Goog-Signature=REDACTED&sig=REDACTED",
		"a?Signature=1&Expires=2&AWSAccessKeyId=3": "a?Signature=REDACTED&Expires=2&AWSAccessKeyId=REDACTED",
		"a?x-amz-date=1&SIG=2":                     "a?x-amz-date=1&SIG=REDACTED",
		"a?sig=2&x-goog-date=1":                    "a?sig=REDACTED&x-goog-date=1",
		"a?sv=1&SE=1&sig=1":                        "a?sv=1&SE=1&sig=REDACTED",
		"a%3Fsv%3D1%26s%65%3D1%26sig%3D1":          "a%3Fsv%3D1%26s%65%3D1%26sig%3DREDACTED",
	} {
		assert.Equal(t, want, r.Redact(text, Path))
	}
	assert.Equal(t, "a?token=REDACTED", New([]string{"token"}).Redact("a?token=1", Path), "another name is not short")
}

// A text of a megabyte that is made to be slow takes milliseconds; in quadratic
// time it would take minutes.
func TestRedactIsLinear(t *testing.T) {
	r := New(DefaultNames())
	for _, part := range []string{
		"%3D", "sig%3Da%26", "=", "%", "sig=&", "sig=a&", "%3sig", "%25", "%2525253D", "&sig%253D", "sig%3D%2526a", "&sig=a", "4", "sv=", "aws4", "g=", "%253",
	} {
		text := strings.Repeat(part, (1<<20)/len(part))
		for rule := range Never {
			start := time.Now()
			r.Redact(text, rule)
			assert.Less(t, time.Since(start), 5*time.Second, part)
		}
	}
}

// A Finder is used again, and does not keep the memory of a long text.
func TestFinder(t *testing.T) {
	r := New(DefaultNames())
	var f Finder
	for range 2 {
		check := func(want, text string) {
			if assert.True(t, f.Find(r, text, Query)) {
				assert.Equal(t, len(want), f.Size())
				assert.Equal(t, "> "+want, string(f.Append([]byte("> "))))
			}
		}
		check("%2Fsig=REDACTED&a", "%2Fsig=1%2&a")
		check("sig=REDACTED", "sig="+strings.Repeat("%41", maxKept))
		check("sig=REDACTED&sig=REDACTED", "sig=1&sig=2")
		assert.False(t, f.Find(r, "%2Fa=b", Query))
		assert.LessOrEqual(t, cap(f.view.text), maxKept)
	}
	const short = "u=%2Fa&x%2Fsig=1%2&a"
	b := make([]byte, 0, 100)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		f.Find(r, short, Query)
		b = f.Append(b[:0])
	}))
}
