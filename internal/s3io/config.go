package s3io

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
)

// Config has the endpoint and credentials of S3. Empty settings come from the SDK's own
// chain, as with the AWS CLI: environment, shared files, the role of the container or
// the machine.
type Config struct {
	Region         string              `mapstructure:"region"`           // "" means the SDK's chain, else Deps.DefaultRegion
	Profile        string              `mapstructure:"profile"`          // of the shared files
	RoleARN        string              `mapstructure:"role_arn"`         // assumed with the credentials of the chain
	ExternalID     configopaque.String `mapstructure:"external_id"`      // for RoleARN
	Endpoint       string              `mapstructure:"endpoint"`         // "" means Amazon S3
	ForcePathStyle bool                `mapstructure:"force_path_style"` // endpoint/bucket/key instead of bucket.endpoint/key
	Roles          []Role              `mapstructure:"roles"`            // for buckets of other accounts, see Clients
}

// Validate reports an endpoint that is no URL, or has credentials in it, and an
// external id without a role.
func (c *Config) Validate(path string) error {
	var errs []error
	if c.Endpoint != "" {
		u, err := url.Parse(c.Endpoint)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			errs = append(errs, fmt.Errorf("`%s::endpoint` is not a URL such as https://s3.example.com:9000", path))
		case !withoutCredentials(u):
			errs = append(errs, fmt.Errorf("`%s::endpoint` is a URL with a user, a password or a query: credentials do not belong there, since it is shown and logged; "+
				"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws.profile", path))
		}
	}
	if c.ExternalID != "" && c.RoleARN == "" {
		errs = append(errs, fmt.Errorf("`%s::external_id` is set without `role_arn`: it is sent when a role is assumed", path))
	}
	for i := range c.Roles {
		errs = append(errs, c.Roles[i].check(fmt.Sprintf("%s::roles::%d", path, i)))
	}
	return errors.Join(errs...)
}

// withoutCredentials reports whether no part of a URL could be a credential.
func withoutCredentials(u *url.URL) bool {
	return u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// Deps are what a Client needs besides its settings. The zero value is valid.
type Deps struct {
	DefaultRegion       string // "" means us-east-1
	ExpectedBucketOwner string // an account id, sent with every call; "" means any
	MaxConnections      int    // how many are kept open between requests; 0 means 64

	// IdleTimeout closes a connection on which no byte arrived for this long. A download
	// then continues over a new one. 0 means 45 s.
	IdleTimeout time.Duration
	// Backoff is the wait before the n-th attempt in a row, from 1, to resume a
	// download. nil means 0.2 s, doubling up to 5 s, with jitter.
	Backoff func(n int) time.Duration
	// ExtraRequest is called for each request that Open and its stream make besides the
	// first GET: second looks, as "s3.list" and "s3.head", and each GET that resumes the
	// stream, as "s3.get". It is called by several goroutines. nil disables it.
	ExtraRequest func(api string, begin time.Time, err error)
}
