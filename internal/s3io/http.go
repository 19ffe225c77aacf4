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

// newHTTPClient returns a client with the settings of base, the SDK's HTTP client, and
// those for reading many objects. The SDK's own client hides its transport, whose idle
// connections have to be closed at shutdown.
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
	// If fewer connections were kept than are used at a time, further requests would
	// each need a new one and a TLS handshake. The extra ones are for lists and STS.
	tr.MaxIdleConnsPerHost = connections + 4
	tr.MaxIdleConns = 2 * tr.MaxIdleConnsPerHost
	// Offsets count stored bytes: the transport must not decompress.
	tr.DisableCompression = true
	// While a connection is idle, a pending read keeps the deadline it began with. A
	// connection that is reused in the first half has the other half for the answer.
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
// v1.28.8, safeWriteToReadCloser). net/http last reads past Content-Length: if the
// answer was faster than that, it would close the connection and lose the answer, and
// the messages of a ReceiveMessage would stay invisible without a reader.
type plainBodies struct{ *http.Transport }

func (t plainBodies) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, ok := req.Body.(io.WriterTo); ok {
		plain := *req
		plain.Body = struct{ io.ReadCloser }{req.Body}
		req = &plain
	}
	return t.Transport.RoundTrip(req)
}

// ownConnections makes the SDK's credentials providers use client. The SDK gives each a
// client of its own, which would follow redirects with a web identity's token to any
// host, and whose connections would never be closed.
type ownConnections struct{ client *http.Client }

// use is an option of every client of the SDK.
func (o *ownConnections) use(stack *middleware.Stack) error {
	// The machine's metadata service keeps the SDK's client, on whose timeouts the SDK's
	// fallbacks depend.
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

// idleConn fails a Read that gets no byte for the given time. Only pending reads count:
// over HTTP/1.1 a download that waits for its consumer does not fail; over HTTP/2, where
// the connection is always read, it is resumed.
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
