package s3io

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// errNotCredentials means that an answer of status 200 has no credentials.
var errNotCredentials = errors.New("the answer holds no credentials")

// credentialsHint says what to do about credentials that are not accepted.
func (a *access) credentialsHint() string {
	hint := "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws.profile, or give the machine or container a role"
	if a.role != "" {
		hint += "; with these, " + a.role + " is assumed: see " + a.settings()
	}
	return hint
}

// settings names those of the role.
func (a *access) settings() string {
	if a.ofList {
		return "its role_arn and external_id in aws.roles"
	}
	return "aws.role_arn and aws.external_id"
}

// who names the access for messages.
func (a *access) who() string {
	if a.role == "" {
		return "the account of the collector"
	}
	return a.role
}

// missing returns why err left the client without credentials, and what to do.
func (a *access) missing(err error) (what, hint string) {
	const notSTS = "what answered is not STS: check proxies and AWS_ENDPOINT_URL_STS"
	if r, ok := redirection(err); ok {
		return r.String(), fmt.Sprintf("check proxies, AWS_ENDPOINT_URL_STS and aws.region (now %s)", a.region())
	}
	if wrong, ok := wrongBody(err); ok {
		return wrong, notSTS
	}
	what = brief(rootCause(err))
	// Of all sources of credentials, only STS returns this type.
	var response *awshttp.ResponseError
	ofSTS := errors.As(err, &response)
	answer, refusal := readAnswer(err)
	var operation *smithy.OperationError
	switch {
	case errors.Is(err, errNotCredentials) && errors.As(err, &operation) && operation.Service() == sts.ServiceID, ofSTS && response.HTTPStatusCode() == http.StatusOK:
		return what, notSTS
	case ofSTS && refusal && (answer.code == "" || answer.code == "UnknownError"):
		return answer.String(), notSTS
	case a.role != "" && ofSTS:
		return what, fmt.Sprintf("allow sts:AssumeRole on %s, also in the trust policy of that role, and check %s", a.role, a.settings())
	case strings.Contains(err.Error(), "EC2 IMDS"): // the last in the chain
		what = "none in the environment or the shared files, and none from the machine (" + what + ")"
	}
	return what, a.credentialsHint()
}

func assumeRole(sdk aws.Config, role, externalID string) aws.CredentialsProvider {
	return stscreds.NewAssumeRoleProvider(sts.NewFromConfig(sdk), role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "otelcol-s3audit"
		if externalID != "" {
			o.ExternalID = &externalID
		}
	})
}

// observedCredentials counts the requests to STS.
type observedCredentials struct {
	aws.CredentialsProvider
	called func(api string, begin time.Time, err error)
}

func (o observedCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	begin := time.Now()
	creds, err := o.CredentialsProvider.Retrieve(ctx)
	o.called("sts.assume_role", begin, err)
	return creds, err
}

// account returns the account of the credentials; "" when it is not known. Another
// server's is not asked for.
func (a *access) account(ctx context.Context, atEndpoint bool) string {
	if a.sdk.Credentials == nil {
		return ""
	}
	creds, err := a.sdk.Credentials.Retrieve(ctx)
	switch {
	case err != nil:
		return ""
	case source.IsAccount(creds.AccountID):
		return creds.AccountID
	case atEndpoint:
		return ""
	}
	out, err := sts.NewFromConfig(a.sdk).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || !source.IsAccount(value(out.Account)) {
		return ""
	}
	return *out.Account
}

// requireCredentials makes an answer without credentials an error, in every client of
// the SDK. The SDK accepts an empty 200: its providers then panic, or sign with empty
// keys.
func requireCredentials(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("RequireCredentials",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			if err == nil && !givesCredentials(out.Result) {
				err = errNotCredentials
			}
			return out, metadata, err
		}), middleware.Before)
}

// givesCredentials reports whether the result of a call has the credentials it was
// made for; true for other calls.
func givesCredentials(result any) bool {
	whole := func(c *types.Credentials) bool {
		return c != nil && value(c.AccessKeyId) != "" && value(c.SecretAccessKey) != "" && value(c.SessionToken) != "" && c.Expiration != nil
	}
	switch r := result.(type) {
	case *sts.AssumeRoleOutput:
		return whole(r.Credentials)
	case *sts.AssumeRoleWithWebIdentityOutput:
		return whole(r.Credentials)
	case *sso.GetRoleCredentialsOutput:
		return r.RoleCredentials != nil
	}
	return true
}

// checkedCredentials wraps the errors of a credentials provider, which the SDK returns
// without a type of their own, and rejects credentials without keys, since the SDK does
// not check the answers of a container's and a machine's endpoint.
type checkedCredentials struct{ aws.CredentialsProvider }

func (t checkedCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := t.CredentialsProvider.Retrieve(ctx)
	if err == nil && !creds.HasKeys() {
		err = errNotCredentials
	}
	if err != nil {
		return aws.Credentials{}, &credentialsError{err}
	}
	return creds, nil
}

// IsCredentialsProvider lets the SDK see through the wrapper.
func (t checkedCredentials) IsCredentialsProvider(target aws.CredentialsProvider) bool {
	return aws.IsCredentialsProvider(t.CredentialsProvider, target)
}

type credentialsError struct{ error }

func (e *credentialsError) Unwrap() error { return e.error }
