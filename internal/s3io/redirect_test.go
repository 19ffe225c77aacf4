package s3io

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// redirecting starts a server that answers every request with a redirect.
func redirecting(t *testing.T, status int, to func(r *http.Request) string) (endpoint string, requests *atomic.Int64) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	t.Setenv("AWS_SESSION_TOKEN", "session-token")
	requests = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.Redirect(w, r, to(r), status)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

// never starts a server that must not be asked, and returns its host.
func never(t *testing.T) (host string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s asked with %v", r.URL, r.Header)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(s.Close)
	return strings.Replace(strings.TrimPrefix(s.URL, "http://"), "127.0.0.1", "localhost", 1)
}

// calls are a request to each of the services.
var calls = map[string]struct {
	do   func(t *testing.T, endpoint string) error
	says []string // beside both hosts
}{
	"S3": {func(t *testing.T, endpoint string) error {
		c, err := New(t.Context(), Config{Endpoint: endpoint, ForcePathStyle: true}, Deps{})
		require.NoError(t, err)
		defer c.Close()
		_, err = c.List(t.Context(), ListInput{Bucket: "b"})
		return err
	}, []string{"aws.region", "aws.endpoint"}},
	"SQS": {func(t *testing.T, endpoint string) error {
		q, err := NewQueue(t.Context(), endpoint+"/111122223333/q", Config{})
		require.NoError(t, err)
		defer q.Close()
		_, err = q.Receive(t.Context(), Receive{Max: 1})
		return err
	}, []string{"aws.region", "queue.url"}},
	"STS": {func(t *testing.T, endpoint string) error {
		t.Setenv("AWS_ENDPOINT_URL_STS", endpoint)
		return listAssuming(t)
	}, []string{"aws.region", "AWS_ENDPOINT_URL_STS"}},
	"STS of the SDK's chain": {func(t *testing.T, endpoint string) error {
		t.Setenv("AWS_ENDPOINT_URL_STS", endpoint)
		return listByWebIdentity(t)
	}, []string{"aws.region", "AWS_ENDPOINT_URL_STS"}},
}

func TestNothingIsSentOnToAnotherHost(t *testing.T) {
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		for name, c := range calls {
			t.Run(name+" "+http.StatusText(status), func(t *testing.T) {
				other := never(t)
				endpoint, requests := redirecting(t, status, func(r *http.Request) string {
					return "http://" + other + r.URL.RequestURI()
				})
				err := c.do(t, endpoint)
				require.ErrorIs(t, err, source.ErrUnreachable)
				for _, part := range append(c.says, "a redirect from \"http://", "which is not followed", strings.TrimPrefix(endpoint, "http://"), other) {
					assert.ErrorContains(t, err, part)
				}
				assert.NotContains(t, err.Error(), "\n")
				assert.Equal(t, int64(1), requests.Load(), "it is not tried again at once")
			})
		}
	}
}

// A redirect from https to http is not followed, though the host is the same.
func TestRedirectsDoNotLeaveTLS(t *testing.T) {
	follows := func(from, to string, status int) error {
		request := func(address string) *http.Request {
			u, err := url.Parse(address)
			require.NoError(t, err)
			return &http.Request{URL: u, Header: http.Header{}, Response: &http.Response{StatusCode: status}}
		}
		return followTemporary(request(to), []*http.Request{request(from)})
	}
	for _, status := range []int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		require.ErrorIs(t, follows("https://h/a", "http://h/a", status), http.ErrUseLastResponse)
		require.ErrorIs(t, follows("https://h/a", "https://other/a", status), http.ErrUseLastResponse)
		require.ErrorIs(t, follows("https://h/a", "https://h:8443/a", status), http.ErrUseLastResponse)
		require.NoError(t, follows("https://h/a", "https://h/b", status))
		require.NoError(t, follows("http://h/a", "https://h/a", status))
	}
	require.ErrorIs(t, follows("https://h/a", "https://h/b", http.StatusFound), http.ErrUseLastResponse)
}

// What S3 says of a bucket in another region is reported, not the redirect.
func TestRegionOfARedirectIsTold(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	t.Setenv("AWS_REGION", "us-east-1")
	other := never(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://"+other+r.URL.RequestURI())
		w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	err := calls["S3"].do(t, s.URL)
	require.ErrorIs(t, err, source.ErrUnreachable)
	for _, part := range []string{other, "set aws.region to eu-west-1 (now us-east-1)"} {
		assert.ErrorContains(t, err, part)
	}
}

func TestRedirectsAreBounded(t *testing.T) {
	endpoint, requests := redirecting(t, http.StatusTemporaryRedirect, func(r *http.Request) string { return r.URL.RequestURI() })
	c, err := New(context.Background(), Config{Endpoint: endpoint, ForcePathStyle: true}, Deps{})
	require.NoError(t, err)
	_, err = c.List(t.Context(), ListInput{Bucket: "b"})
	require.ErrorIs(t, err, source.ErrUnreachable)
	assert.LessOrEqual(t, requests.Load(), int64(requestAttempts*(maxRedirects+1)))
}
