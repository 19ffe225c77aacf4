package server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const policy = "default-src 'none'; frame-ancestors 'none'"

func handler(t *testing.T) *Handler {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(`{"format":1}`))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	c := &Content{ETag: "abc", Data: b.Bytes(), Page: func(w io.Writer) error {
		_, err := w.Write([]byte("<!doctype html>"))
		return err
	}}
	return &Handler{Policy: policy, Current: func() *Content { return c }, Host: "report.example.org"}
}

func ask(t *testing.T, h http.Handler, method, path string, header map[string]string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	r.Host = "localhost:8700"
	for name, value := range header {
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		require.NoError(t, err)
		from = unpacked
	}
	text, err := io.ReadAll(from)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	return string(text)
}

func TestPageAndDataCompressedAndNot(t *testing.T) {
	h := handler(t)
	for path, want := range map[string][2]string{"/": {"text/html; charset=utf-8", "<!doctype html>"}, "/data": {"application/json", `{"format":1}`}} {
		for accepted, coding := range map[string]string{"": "", "gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip;q=0": "", "*": "gzip", "deflate": ""} {
			r := ask(t, h, http.MethodGet, path, map[string]string{"Accept-Encoding": accepted})
			assert.Equal(t, http.StatusOK, r.StatusCode)
			assert.Equal(t, coding, r.Header.Get("Content-Encoding"), accepted)
			assert.Equal(t, want[0], r.Header.Get("Content-Type"))
			assert.Equal(t, want[1], body(t, r))
			r = ask(t, h, http.MethodHead, path, map[string]string{"Accept-Encoding": accepted})
			assert.Equal(t, http.StatusOK, r.StatusCode)
			assert.Empty(t, mustRead(t, r))
		}
	}
}

func mustRead(t *testing.T, r *http.Response) []byte {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	return text
}

func TestWhatHasNotChangedIsNotSent(t *testing.T) {
	h := handler(t)
	for _, known := range []string{`"abc"`, `W/"abc"`, `"x", "abc"`, "*"} {
		r := ask(t, h, http.MethodGet, "/data", map[string]string{"If-None-Match": known})
		assert.Equal(t, http.StatusNotModified, r.StatusCode, known)
		assert.Equal(t, `"abc"`, r.Header.Get("ETag"))
		assert.Empty(t, mustRead(t, r))
	}
	r := ask(t, h, http.MethodGet, "/data", map[string]string{"If-None-Match": `"other"`})
	assert.Equal(t, http.StatusOK, r.StatusCode)
	require.NoError(t, r.Body.Close())
	r = ask(t, h, http.MethodGet, "/", map[string]string{"If-None-Match": `"abc"`})
	assert.Equal(t, http.StatusOK, r.StatusCode, "the page's tag is another")
	require.NoError(t, r.Body.Close())
}

func TestGetAndHeadOnly(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace, "QUERY"} {
		r := ask(t, handler(t), method, "/", nil)
		assert.Equal(t, http.StatusMethodNotAllowed, r.StatusCode, method)
		assert.Equal(t, "GET, HEAD", r.Header.Get("Allow"))
		require.NoError(t, r.Body.Close())
	}
}

func TestNothingElseIsServed(t *testing.T) {
	for _, path := range []string{"/index.html", "/data/", "/../data", "/debug/pprof/"} {
		r := ask(t, handler(t), http.MethodGet, path, nil)
		assert.Equal(t, http.StatusNotFound, r.StatusCode, path)
		require.NoError(t, r.Body.Close())
	}
}

func TestForeignHostsAreMisdirected(t *testing.T) {
	h := handler(t)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8700": 200, "LOCALHOST": 200, "127.0.0.1:8700": 200, "[::1]:8700": 200, "::1": 200, "192.0.2.7": 200,
		"report.example.org": 200, "Report.Example.org:8700": 200,
		"evil.example": 421, "evil.example:8700": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "": 421, "report.example.org.": 421,
	} {
		r := ask(t, h, http.MethodGet, "/data", map[string]string{"Host": host})
		assert.Equal(t, want, r.StatusCode, host)
		require.NoError(t, r.Body.Close())
	}
	h.AnyHost = true
	r := ask(t, h, http.MethodGet, "/data", map[string]string{"Host": "evil.example"})
	assert.Equal(t, http.StatusOK, r.StatusCode, "an authenticator checks who asks")
	require.NoError(t, r.Body.Close())
}

func TestEachAnswerHasTheSecurityHeaders(t *testing.T) {
	for path, header := range map[string]map[string]string{"/": nil, "/data": nil, "/none": nil, "/?": {"Host": "evil.example"}} {
		r := ask(t, handler(t), http.MethodGet, path, header)
		require.NoError(t, r.Body.Close())
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, no-cache",
			"Access-Control-Allow-Origin": "",
		} {
			assert.Equal(t, want, r.Header.Get(name), fmt.Sprint(path, " ", name))
		}
	}
}

func TestBeforeTheFirstReport(t *testing.T) {
	h := handler(t)
	h.Current = func() *Content { return nil }
	r := ask(t, h, http.MethodGet, "/data", nil)
	assert.Equal(t, http.StatusServiceUnavailable, r.StatusCode)
	require.NoError(t, r.Body.Close())
}
