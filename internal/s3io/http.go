package s3io

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	defaultConnections = 64
	defaultIdle        = 45 * time.Second
	dialTimeout        = 10 * time.Second
)

// newHTTPClient is base, the SDK's HTTP client, with what a reader of many
// objects needs. It is built here, since the SDK's own hides the transport,
// whose idle connections have to be closed at shutdown.
func newHTTPClient(deps *Deps, base aws.HTTPClient) *http.Client {
	idle := deps.IdleTimeout
	if idle <= 0 {
		idle = defaultIdle
	}
	connections := deps.MaxConnections
	if connections <= 0 {
		connections = defaultConnections
	}
	buildable, ok := base.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	tr := buildable.GetTransport() // a copy, with proxy and certificates as the SDK has them
	// With fewer kept than used at a time, each further request is a new
	// connection and a TLS handshake. The additional ones are for lists and STS.
	tr.MaxIdleConnsPerHost = connections + 4
	tr.MaxIdleConns = 2 * tr.MaxIdleConnsPerHost
	// Offsets count stored bytes: nothing may be unpacked on the way.
	tr.DisableCompression = true
	// A pending read keeps the deadline it began with while a connection is
	// idle. Reusing it in the first half leaves the other half for an answer.
	tr.IdleConnTimeout = idle / 2
	dialer := &net.Dialer{Timeout: dialTimeout}
	tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &idleConn{conn, idle}, nil
	}
	return &http.Client{Transport: plainBodies{tr}, CheckRedirect: followTemporary}
}

// plainBodies hides the WriteTo of a request's body. Once the SDK has the head of an
// answer it closes the body, whose WriteTo then returns io.EOF as an error (smithy-go
// v1.28.8, safeWriteToReadCloser). net/http asks for more than Content-Length last: when
// the answer was faster than that, it would break the connection and the answer with
// it, and what a ReceiveMessage gave would be hidden with nobody to read it.
type plainBodies struct{ *http.Transport }

func (t plainBodies) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, ok := req.Body.(io.WriterTo); ok {
		plain := *req
		plain.Body = struct{ io.ReadCloser }{req.Body}
		req = &plain
	}
	return t.Transport.RoundTrip(req)
}

// ownConnections lets the SDK's own providers of credentials ask over client. The
// SDK gives each of them a client of its own: it would send a web identity's token
// on to any host, and its connections would outlive their user.
type ownConnections struct{ client *http.Client }

// use is an option of every client of the SDK.
func (o *ownConnections) use(stack *middleware.Stack) error {
	// The machine's metadata is asked as the SDK does it: what it does next depends on
	// the time limits of its client.
	_, metadata := stack.Initialize.Get("OperationTimeout")
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("OwnConnections",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			req, ok := in.Request.(*smithyhttp.Request)
			if !ok || o.client == nil {
				return next.HandleDeserialize(ctx, in)
			}
			if metadata {
				req.Close = true
				return next.HandleDeserialize(ctx, in)
			}
			answer, of, err := smithyhttp.NewClientHandlerWithOptions(o.client).Handle(ctx, req)
			return middleware.DeserializeOutput{RawResponse: answer}, of, err
		}), middleware.After)
}

// idleConn ends a Read that gets no byte for the given time. It counts only
// while someone reads: over HTTP/1.1 a download that waits for its consumer is
// not broken; over HTTP/2, where the connection is always read, it is resumed.
type idleConn struct {
	net.Conn
	idle time.Duration
}

func (c *idleConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.idle)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}
