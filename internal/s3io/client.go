// Package s3io reads from Amazon S3 and from servers that speak its protocol:
// lists of objects a page at a time, and objects as streams that survive broken
// connections. It is the only package that imports the AWS SDK; what it returns
// are plain types and the errors of package source. A Client is safe for concurrent
// use; a stream is not, and belongs to the caller of Open.
package s3io

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Client reads from S3.
type Client struct {
	api          *s3.Client
	access       access
	atEndpoint   bool // aws.endpoint is set
	backoff      func(n int) time.Duration
	owner        *string // nil means any
	regions      *regions
	extraRequest func(api string, begin time.Time, err error)
}

// New prepares a client. It reads the SDK's environment and shared files but
// does not use the network: wrong credentials show with the first call. An
// error means that a setting is wrong.
func New(ctx context.Context, cfg Config, deps Deps) (*Client, error) {
	access, err := newAccess(ctx, &cfg, &deps)
	if err != nil {
		return nil, err
	}
	c := &Client{access: access, atEndpoint: cfg.Endpoint != "", backoff: deps.Backoff, regions: newRegions(), extraRequest: deps.ExtraRequest}
	if c.extraRequest == nil {
		c.extraRequest = func(string, time.Time, error) {}
	}
	if c.backoff == nil {
		c.backoff = defaultBackoff
	}
	c.owner = expected(deps.ExpectedBucketOwner)
	c.access.called = c.extraRequest
	c.api = s3.NewFromConfig(access.sdk, func(o *s3.Options) {
		o.UsePathStyle = cfg.ForcePathStyle
		o.UseARNRegion = true // of an access point
		if cfg.Endpoint != "" {
			o.BaseEndpoint = &cfg.Endpoint
		}
	})
	return c, nil
}

// expected returns an expected owner as a request has it.
func expected(owner string) *string {
	if owner == "" || owner == AnyOwner {
		return nil
	}
	return &owner
}

// as returns a client that shares the connections of c, and reads with a role. owner is
// the expected owner for roles without one of their own; "" means their accounts.
func (c *Client) as(r *Role, owner string) *Client {
	role := *c
	role.access = c.access.as(r)
	role.owner = expected(cmp.Or(r.ExpectedBucketOwner, owner, r.owner()))
	return &role
}

// identify sets the credentials of a call.
func (c *Client) identify(o *s3.Options) { o.Credentials = c.access.sdk.Credentials }

// Close closes the connections that no request uses. Streams stay usable.
func (c *Client) Close() { c.access.close() }
