// Package s3io reads from Amazon S3 and from servers that speak its protocol:
// lists of objects a page at a time, and objects as streams that survive broken
// connections. It is the only package that imports the AWS SDK; what it returns
// are plain types and the errors of package source. A Client is safe for
// concurrent use; a stream is for one goroutine and owned by whoever opened it.
package s3io

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Config says where S3 is and who asks. The zero value means the SDK's own
// chain: environment, shared files, the role of the container or the machine.
type Config struct {
	Region              string // "": the SDK's chain, else us-east-1
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
}

const (
	// defaultRegion is what servers without regions expect, and for S3 itself
	// the one whose error names the bucket's region.
	defaultRegion = "us-east-1"

	// A request is tried three times within a few seconds. The caller comes back
	// later anyway, so that giving up early only means reporting early.
	requestAttempts   = 3
	requestMaxBackoff = 2 * time.Second
)

// Validate tells what is wrong with the settings, by the names that a user
// knows them by.
func (c *Config) Validate() error {
	if c.Endpoint != "" {
		u, err := url.Parse(c.Endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("`endpoint` is %q: it must be a URL such as https://s3.example.com:9000", c.Endpoint)
		}
	}
	if c.ExternalID != "" && c.RoleARN == "" {
		return errors.New("`external_id` is set without `role_arn`: it is sent when a role is assumed")
	}
	return nil
}

// Client reads from S3.
type Client struct {
	api     *s3.Client
	http    *http.Client
	backoff func(n int) time.Duration
	owner   *string // nil: any
	region  string
	role    string
}

// New prepares a client. It reads the SDK's environment and shared files but
// does not use the network: wrong credentials show with the first call. An
// error means that a setting is wrong.
func New(ctx context.Context, cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Client{backoff: cfg.Backoff, role: cfg.RoleARN}
	if c.backoff == nil {
		c.backoff = defaultBackoff
	}
	if cfg.ExpectedBucketOwner != "" {
		c.owner = &cfg.ExpectedBucketOwner
	}
	sdk, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(cfg.Region),
		config.WithDefaultRegion(defaultRegion),
		config.WithSharedConfigProfile(cfg.Profile),
		// The SDK adds the certificates of AWS_CA_BUNDLE to a client of this kind only.
		config.WithHTTPClient(awshttp.NewBuildableClient()),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = requestAttempts, requestMaxBackoff
			})
		}),
		// Otherwise each object without a checksum, and each range, logs a warning.
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
		config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
	)
	if err != nil {
		return nil, fmt.Errorf("aws settings (aws.region, aws.profile, the AWS_ variables and ~/.aws): %s", brief(err.Error()))
	}
	c.http = newHTTPClient(cfg, sdk.HTTPClient)
	sdk.HTTPClient = c.http
	if cfg.RoleARN != "" {
		sdk.Credentials = aws.NewCredentialsCache(assumeRole(sdk, cfg.RoleARN, cfg.ExternalID))
	}
	if sdk.Credentials != nil {
		sdk.Credentials = tagged{sdk.Credentials}
	}
	c.region = sdk.Region
	c.api = s3.NewFromConfig(sdk, func(o *s3.Options) {
		o.UsePathStyle = cfg.ForcePathStyle
		if cfg.Endpoint != "" {
			o.BaseEndpoint = &cfg.Endpoint
		}
	})
	return c, nil
}

// Close closes the connections that no request uses. Streams stay usable.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func assumeRole(sdk aws.Config, role, externalID string) aws.CredentialsProvider {
	return stscreds.NewAssumeRoleProvider(sts.NewFromConfig(sdk), role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "otelcol-s3audit"
		if externalID != "" {
			o.ExternalID = &externalID
		}
	})
}

// tagged marks the errors of a credentials provider, which the SDK returns
// without a type of their own.
type tagged struct{ aws.CredentialsProvider }

func (t tagged) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := t.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return creds, &credentialsError{err}
	}
	return creds, nil
}

// IsCredentialsProvider lets the SDK see through the wrapper.
func (t tagged) IsCredentialsProvider(target aws.CredentialsProvider) bool {
	return aws.IsCredentialsProvider(t.CredentialsProvider, target)
}

type credentialsError struct{ error }

func (e *credentialsError) Unwrap() error { return e.error }
