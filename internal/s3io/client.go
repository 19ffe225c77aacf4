// Package s3io reads from Amazon S3 and from servers that speak its protocol:
// lists of objects a page at a time, and objects as streams that survive broken
// connections. It is the only package that imports the AWS SDK; what it returns
// are plain types and the errors of package source. A Client is safe for
// concurrent use; a stream is for one goroutine and owned by whoever opened it.
package s3io

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Config says where S3 is and who asks. The zero value means the SDK's own
// chain: environment, shared files, the role of the container or the machine.
type Config struct {
	Region              string // "": the SDK's chain, else DefaultRegion
	DefaultRegion       string // "": us-east-1
	Profile             string // of the shared files
	RoleARN             string // assumed with the credentials of the chain
	ExternalID          string // for RoleARN
	Endpoint            string // "": Amazon S3
	ForcePathStyle      bool   // endpoint/bucket/key instead of bucket.endpoint/key
	ExpectedBucketOwner string // an account id, sent with every call; "": any
	MaxConnections      int    // how many are kept open between requests; 0: 64

	// IdleTimeout breaks a connection that was waited on for so long without a
	// byte. A download then goes on over a new one. 0: 45 s.
	IdleTimeout time.Duration
	// Backoff is the wait before the n-th try in a row, from 1, to resume a
	// download. nil: 0.2 s, doubling up to 5 s, with jitter.
	Backoff func(n int) time.Duration
	// Beside is told of each request that Open makes besides its GET: second looks,
	// as "s3.list" and "s3.head". It is called by several goroutines. nil disables it.
	Beside func(api string, begin time.Time, err error)
}

// Validate tells what is wrong with the settings, by the names that a user
// knows them by.
func (c *Config) Validate() error {
	if c.Endpoint != "" {
		u, err := url.Parse(c.Endpoint)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return errors.New("`endpoint` is not a URL such as https://s3.example.com:9000")
		case !bare(u):
			return errors.New("`endpoint` is a URL with a user, a password or a query: credentials do not belong there, since it is shown and logged; " +
				"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws.profile")
		}
	}
	if c.ExternalID != "" && c.RoleARN == "" {
		return errors.New("`external_id` is set without `role_arn`: it is sent when a role is assumed")
	}
	return nil
}

// bare reports whether an address holds nothing that could be a credential.
func bare(u *url.URL) bool {
	return u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// Client reads from S3.
type Client struct {
	api     *s3.Client
	access  access
	backoff func(n int) time.Duration
	owner   *string // nil: any
	beside  func(api string, begin time.Time, err error)
}

// New prepares a client. It reads the SDK's environment and shared files but
// does not use the network: wrong credentials show with the first call. An
// error means that a setting is wrong.
func New(ctx context.Context, cfg Config) (*Client, error) {
	access, err := newAccess(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{access: access, backoff: cfg.Backoff, beside: cfg.Beside}
	if c.beside == nil {
		c.beside = func(string, time.Time, error) {}
	}
	if c.backoff == nil {
		c.backoff = defaultBackoff
	}
	if cfg.ExpectedBucketOwner != "" {
		c.owner = &cfg.ExpectedBucketOwner
	}
	c.api = s3.NewFromConfig(access.sdk, func(o *s3.Options) {
		o.UsePathStyle = cfg.ForcePathStyle
		if cfg.Endpoint != "" {
			o.BaseEndpoint = &cfg.Endpoint
		}
	})
	return c, nil
}

// Close closes the connections that no request uses. Streams stay usable.
func (c *Client) Close() { c.access.close() }
