package s3io

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	defaultConnections = 64
	defaultIdle        = 45 * time.Second
	dialTimeout        = 10 * time.Second
)

// newHTTPClient is base, the SDK's HTTP client, with what a reader of many
// objects needs. It is built here, since the SDK's own hides the transport,
// whose idle connections have to be closed at shutdown.
func newHTTPClient(cfg *Config, base aws.HTTPClient) *http.Client {
	idle := cfg.IdleTimeout
	if idle <= 0 {
		idle = defaultIdle
	}
	keep := cfg.MaxConnections
	if keep <= 0 {
		keep = defaultConnections
	}
	buildable, ok := base.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	tr := buildable.GetTransport() // a copy, with proxy and certificates as the SDK has them
	// With fewer kept than used at a time, each further request is a new
	// connection and a TLS handshake. The additional ones are for lists and STS.
	tr.MaxIdleConnsPerHost = keep + 4
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
	return &http.Client{Transport: tr, CheckRedirect: followTemporary}
}

const maxRedirects = 10

var errRedirects = errors.New("redirected more than 10 times")

// followTemporary follows what S3 sends while a new bucket's name spreads. A
// permanent redirect means a wrong region and is reported.
func followTemporary(req *http.Request, via []*http.Request) error {
	switch req.Response.StatusCode {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return http.ErrUseLastResponse
	}
	if len(via) >= maxRedirects {
		return errRedirects
	}
	if req.URL.Host != via[len(via)-1].URL.Host {
		// net/http keeps Authorization from other hosts, but does not know this one.
		req.Header.Del("X-Amz-Security-Token")
	}
	return nil
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
