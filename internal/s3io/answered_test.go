package s3io

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// roundTrip answers requests without a server.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// always answers every request with this status and what body returns.
func always(status int, body func() io.Reader) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(body()),
		}, nil
	}
}

// answered is a client that gets all its answers from transport.
func answered(tb testing.TB, transport http.RoundTripper) *Client {
	tb.Helper()
	tb.Setenv("AWS_ACCESS_KEY_ID", "any")
	tb.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	c, err := New(tb.Context(), Config{Endpoint: "http://s3.example.com", ForcePathStyle: true}, Deps{})
	require.NoError(tb, err)
	c.access.http.Transport = transport
	return c
}

// answeredQueue is a queue that gets all its answers from transport.
func answeredQueue(tb testing.TB, transport http.RoundTripper) *Queue {
	tb.Helper()
	tb.Setenv("AWS_ACCESS_KEY_ID", "any")
	tb.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	q, err := NewQueue(tb.Context(), "https://sqs.us-east-1.amazonaws.com/111122223333/access-logs", Config{})
	require.NoError(tb, err)
	q.access.http.Transport = transport
	return q
}
