package s3io

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func redirecting(t *testing.T, to func(r *http.Request) string) (endpoint string, requests *atomic.Int64) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	t.Setenv("AWS_SESSION_TOKEN", "session-token")
	requests = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.Redirect(w, r, to(r), http.StatusTemporaryRedirect)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func TestSessionTokenStaysWithItsHost(t *testing.T) {
	var header atomic.Value
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header.Store(r.Header)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer other.Close()
	endpoint, _ := redirecting(t, func(r *http.Request) string {
		return strings.Replace(other.URL, "127.0.0.1", "localhost", 1) + r.URL.RequestURI()
	})
	c, err := New(t.Context(), Config{Endpoint: endpoint, ForcePathStyle: true})
	require.NoError(t, err)
	_, err = c.List(t.Context(), ListInput{Bucket: "b"})
	require.Error(t, err)
	got, reached := header.Load().(http.Header)
	require.True(t, reached)
	assert.Empty(t, got.Values("X-Amz-Security-Token"))
	assert.Empty(t, got.Values("Authorization"))
}

func TestRedirectsAreBounded(t *testing.T) {
	endpoint, requests := redirecting(t, func(r *http.Request) string { return r.URL.RequestURI() })
	c, err := New(t.Context(), Config{Endpoint: endpoint, ForcePathStyle: true})
	require.NoError(t, err)
	_, err = c.List(t.Context(), ListInput{Bucket: "b"})
	require.ErrorIs(t, err, source.ErrUnreachable)
	assert.LessOrEqual(t, requests.Load(), int64(requestAttempts*(maxRedirects+1)))
}
