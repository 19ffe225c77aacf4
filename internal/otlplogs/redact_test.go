package otlplogs

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

func TestRedactText(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing to redact": {`Mozilla/5.0 (a=b; c%20d)`, `Mozilla/5.0 (a=b; c%20d)`},
		"every name": {
			"?X-Amz-Signature=a&X-Amz-Credential=b&X-Amz-Security-Token=c&AWSAccessKeyId=d&Signature=e&sig=f&X-Goog-Signature=g&x=h",
			"?X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED&AWSAccessKeyId=REDACTED&Signature=REDACTED&sig=REDACTED&X-Goog-Signature=REDACTED&x=h",
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
	r := newRedactor(DefaultSensitiveParameters())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, r.text(new(arena), test.text))
		})
	}
}

// In a query only '&' ends a value: S3 takes a space or a quote for part of it.
func TestRedactQuery(t *testing.T) {
	r := newRedactor(DefaultSensitiveParameters())
	assert.Equal(t, "a=1&sig=REDACTED&b=2", r.query(new(arena), `a=1&sig=x"y z&b=2`))
}

func TestRedactOwnParameters(t *testing.T) {
	r := newRedactor([]string{"Token", "", "a b"})
	assert.Equal(t, "token=REDACTED&sig=s&a%20b=REDACTED", r.query(new(arena), "token=x&sig=s&a%20b=y"))
	none := newRedactor(nil)
	assert.Equal(t, "sig=s", none.query(new(arena), "sig=s"))
}

// A text of a megabyte that is made to be slow takes milliseconds; in quadratic
// time it would take minutes.
func TestRedactIsLinear(t *testing.T) {
	r := newRedactor(DefaultSensitiveParameters())
	for _, part := range []string{"%3D", "sig%3Da%26", "=", "%", "sig=&", "sig=a&", "%3sig"} {
		start := time.Now()
		r.text(new(arena), strings.Repeat(part, (1<<20)/len(part)))
		assert.Less(t, time.Since(start), 5*time.Second, part)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("/k?a=b&", "X-Amz-Signature", "5ecret", "&x=y")
	f.Add("", "%73ig", "%3D%26", "")
	f.Add("u=https://h/k?", "sig", "5ecret", "")
	f.Add("u=https%3a%2F%2Fh%3f", "sig%3d", "5ecret", "%26")
	f.Add(`\u0026`, "sig", "=", `" "`)
	f.Fuzz(func(t *testing.T, before, name, value, after string) {
		r := newRedactor(DefaultSensitiveParameters())

		// Whatever stands around it, the value of a sensitive parameter is gone.
		const secret = "5ecret"
		for _, name := range append(DefaultSensitiveParameters(), url.QueryEscape(name)) {
			if decoded, err := url.QueryUnescape(name); err != nil || !isSensitive(decoded) {
				continue
			}
			query := strings.ReplaceAll(before, secret, "") + "&" + name + "=" + secret + "&" + strings.ReplaceAll(after, secret, "")
			assert.NotContains(t, r.query(new(arena), query), secret)
			assert.NotContains(t, r.text(new(arena), query), secret)
		}

		// A request's query is redacted even where that is decided in a quick way.
		b := NewConverter(testOptions()).NewBatch(1)
		query := before + name + "=" + value + after
		got := b.readRequest(&accesslog.Record{Method: "GET", Target: "/?" + query}).query
		require.Equal(t, r.query(new(arena), query), got)

		// What has no sensitive name stays as it is; redacting twice changes
		// nothing; and as many parameters come out as went in.
		text := before + name + "=" + value + after
		once := r.text(new(arena), text)
		if !mayBeSensitive(text) {
			require.Equal(t, text, once)
		}
		require.Equal(t, once, r.text(new(arena), once))
		require.Equal(t, strings.Count(text, "&"), strings.Count(once, "&"))
	})
}

func isSensitive(name string) bool {
	for _, sensitive := range DefaultSensitiveParameters() {
		if strings.EqualFold(name, sensitive) {
			return true
		}
	}
	return false
}

// mayBeSensitive reports whether a sensitive name may be in text: all of them
// have a "sig", an "x-amz-" or an "awsaccesskeyid" in them, or an escape.
func mayBeSensitive(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "%") || strings.Contains(text, "sig") ||
		strings.Contains(text, "x-amz-") || strings.Contains(text, "awsaccesskeyid")
}
