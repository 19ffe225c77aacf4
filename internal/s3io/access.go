package s3io

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/middleware"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/partition"
)

const (
	// defaultRegion is what servers without regions expect, and for S3 itself
	// the one whose error names the bucket's region.
	defaultRegion = "us-east-1"

	// A request is tried three times within a few seconds. The caller retries later
	// anyway, so giving up early only means reporting early.
	requestAttempts   = 3
	requestMaxBackoff = 2 * time.Second
)

// access is what the clients of all services share: credentials, region, connections.
type access struct {
	sdk  aws.Config
	http *http.Client
	role string // assumed; "": none
	// ofList means that role is one of Config.Roles.
	ofList bool
	base   aws.CredentialsProvider // by which roles are assumed
	// called is called for each request to STS.
	called func(api string, begin time.Time, err error)
}

// newAccess reads the SDK's environment and shared files. It does not use the
// network.
func newAccess(ctx context.Context, cfg *Config, deps *Deps) (access, error) {
	if err := cfg.Validate("aws"); err != nil {
		return access{}, err
	}
	connections := &ownConnections{}
	sdk, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(cfg.Region),
		config.WithDefaultRegion(cmp.Or(deps.DefaultRegion, defaultRegion)),
		config.WithSharedConfigProfile(cfg.Profile),
		// The SDK adds the certificates of AWS_CA_BUNDLE to a client of this kind only.
		config.WithHTTPClient(awshttp.NewBuildableClient()),
		config.WithAPIOptions([]func(*middleware.Stack) error{boundBodies, requireCredentials, connections.use}),
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
		return access{}, fmt.Errorf("aws settings (aws.region, aws.profile, the AWS_ variables and ~/.aws): %s", brief(err.Error()))
	}
	a := access{http: newHTTPClient(deps, sdk.HTTPClient), sdk: sdk, base: sdk.Credentials, called: deps.ExtraRequest}
	if a.called == nil {
		a.called = func(string, time.Time, error) {}
	}
	a.sdk.HTTPClient, connections.client = a.http, a.http
	if cfg.RoleARN != "" {
		return a.assuming(cfg.RoleARN, string(cfg.ExternalID), false), nil
	}
	if sdk.Credentials != nil {
		a.sdk.Credentials = checkedCredentials{sdk.Credentials}
	}
	return a, nil
}

// as returns the access of a role, which the collector itself assumes.
func (a *access) as(r *Role) access { return a.assuming(r.RoleARN, string(r.ExternalID), true) }

func (a *access) assuming(role, externalID string, ofList bool) access {
	by := a.sdk
	by.Credentials = a.base
	as := *a
	as.role, as.ofList = role, ofList
	as.sdk.Credentials = checkedCredentials{aws.NewCredentialsCache(observedCredentials{assumeRole(by, role, externalID), a.called})}
	return as
}

func (a *access) region() string { return a.sdk.Region }

// close closes the connections that no request uses.
func (a *access) close() { a.http.CloseIdleConnections() }

// partition returns the partition in ARNs; aws for a Region that is not known.
func (a *access) partition() string {
	// The SDK takes pseudo Regions such as us-gov-west-1-fips, too.
	region := strings.TrimSuffix(strings.TrimPrefix(a.region(), "fips-"), "-fips")
	if p := partition.Of(region); p != nil {
		return p.ID
	}
	return "aws"
}
