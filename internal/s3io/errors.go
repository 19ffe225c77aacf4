package s3io

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/partition"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Errors of the settings, not of an object. Each also is source.ErrUnreachable: no
// object is given up for it, and it can recover.
var (
	ErrNoSuchBucket     = errors.New("no such bucket")
	ErrWrongRegion      = errors.New("wrong region")
	ErrNoCredentials    = errors.New("no AWS credentials")
	ErrWrongCredentials = errors.New("AWS credentials are not accepted")
)

// ErrToken also is source.ErrUnreachable: a list cannot be continued with the token of
// the page before. It can be restarted.
var ErrToken = errors.New("list cannot be continued")

// call describes a request, for messages.
type call struct {
	action      string // the IAM action that allows it
	bucket, key string // key is the prefix of a list
	token       bool   // of a list: it continues from the page before
	recheck     bool   // a second look, which cannot end an object
}

const actionGet = "s3:GetObject"

func (c call) lists() bool { return c.action == "s3:ListBucket" || c.action == actionListBuckets }

// ends reports whether the answer may end an object.
func (c call) ends() bool { return !c.lists() && !c.recheck }

// explained is an error with a readable text of one line.
type explained struct {
	kinds []error
	text  string
}

func (e *explained) Error() string   { return e.text }
func (e *explained) Unwrap() []error { return e.kinds }

// failure returns an error that says what is wrong, where, and what to do. Its text
// begins with the first of kinds.
func failure(where, what, hint string, kinds ...error) error {
	return &explained{kinds, fmt.Sprintf("%v: %s: %s; %s", kinds[0], where, what, hint)}
}

// answer is an error response of S3 or SQS.
type answer struct {
	status    int
	code      string
	message   string
	requestID string
	region    string // the bucket's, when S3 tells
}

// Hints for temporary failures, and for answers that are not from S3.
const (
	hintTransient = "this passes by itself: it is tried again"
	hintNotS3     = "what answered does not speak S3: check aws.endpoint and proxies"
)

// explain turns an error of the SDK into one that says what is wrong, where, and what
// to do. The SDK's own text has many lines and says none of it.
func (c *Client) explain(ctx context.Context, on call, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	where := "s3://" + on.bucket + "/" + on.key
	if on.action == actionListBuckets {
		where = "the list of buckets of " + c.access.who()
	}
	var noCreds *credentialsError
	if errors.As(err, &noCreds) {
		what, hint := c.access.missing(noCreds.error)
		return failure(where, what, hintOf(err, hint), ErrNoCredentials, source.ErrUnreachable)
	}
	if what, ok := wrongBody(err); ok {
		return failure(where, what, "check aws.endpoint and proxies", source.ErrUnreachable)
	}
	a, ok := readAnswer(err)
	if !ok {
		return failure(where, brief(rootCause(err)), hintOf(err, "check the network, aws.endpoint and aws.region"), source.ErrUnreachable)
	}
	if r, ok := redirection(err); ok {
		kinds := []error{source.ErrUnreachable}
		if a.region != "" || a.code == "PermanentRedirect" {
			kinds = []error{ErrWrongRegion, source.ErrUnreachable}
		}
		return failure(where, r.String(), c.regionHint(a)+", or aws.endpoint to the server that has the bucket", kinds...)
	}
	kinds, hint := c.judge(on, a)
	return failure(where, a.String(), hint, kinds...)
}

// judge returns what an answer means and what to do about it.
func (c *Client) judge(on call, a answer) (kinds []error, hint string) {
	broken := func(kind error) []error { return []error{kind, source.ErrUnreachable} }
	switch a.code {
	case "", "UnknownError":
		// Not S3 but something in between, such as a proxy with its own page: its 404
		// must not count as an object that is gone.
		if a.status >= http.StatusInternalServerError { // or a load balancer without a server behind it, for now
			return []error{source.ErrUnreachable}, "the server, or what stands before it, is in trouble: it is tried again; if it lasts, check aws.endpoint and proxies"
		}
		return []error{source.ErrUnreachable}, hintNotS3
	case "NoSuchKey", "NoSuchVersion":
		if on.ends() {
			return []error{source.ErrGone}, "it was deleted, or a lifecycle rule expired it, before it was read"
		}
	case "NoSuchBucket", "InvalidBucketName":
		if !on.lists() {
			return broken(ErrNoSuchBucket), "it was deleted, or it is not on the server at aws.endpoint"
		}
		return broken(ErrNoSuchBucket), "check bucket.name (and aws.endpoint, when the bucket is not on Amazon S3)"
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return broken(ErrWrongRegion), c.regionHint(a)
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "TokenRefreshRequired",
		"XAdminUserNotFound": // versitygw's InvalidAccessKeyId
		return broken(ErrWrongCredentials), c.access.credentialsHint()
	case "RequestTimeTooSkewed":
		return broken(ErrWrongCredentials), "the clock of this machine is wrong: set it"
	case "InvalidObjectState":
		return []error{source.ErrArchived}, "restore it to read it"
	case "SlowDown", "RequestTimeout", "InternalError":
		return []error{source.ErrUnreachable}, hintTransient
	}
	switch {
	case strings.Contains(a.code, "Throttling"): // S3's own, or that of KMS
		return []error{source.ErrUnreachable}, hintTransient
	case ofKMS(a):
		return []error{source.ErrDenied}, kmsHint(a, "the object")
	case a.status == http.StatusMovedPermanently:
		return broken(ErrWrongRegion), c.regionHint(a)
	case a.status == http.StatusPreconditionFailed && on.ends():
		return []error{source.ErrChanged}, "it was overwritten; log objects never are by S3 itself"
	case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized:
		return []error{source.ErrDenied}, c.permissionHint(on)
	case a.status == http.StatusBadRequest && on.token:
		return broken(ErrToken), "it begins anew; if it lasts, the server at aws.endpoint does not know its own tokens"
	case a.status >= 500 || a.status == http.StatusTooManyRequests || a.status == http.StatusNotFound || !on.ends():
		return []error{source.ErrUnreachable}, "if it lasts, check aws.endpoint and what answers there"
	default:
		return []error{source.ErrDenied}, "S3 refuses to hand out this object: what its answer says has to change"
	}
}

func (c *Client) regionHint(a answer) string {
	if c.isRegion(a.region) {
		return fmt.Sprintf("set aws.region to %s (now %s)", a.region, c.access.region())
	}
	return fmt.Sprintf("set aws.region to the bucket's region (now %s)", c.access.region())
}

// isRegion reports whether what an answer calls the bucket's region may be used: it is
// known in the client's partition, or a word, when the server at aws.endpoint has
// names of its own. It then is a part of no host.
func (c *Client) isRegion(name string) bool {
	if !c.atEndpoint {
		p := partition.Of(name)
		return p != nil && p.ID == c.access.partition()
	}
	notWord := func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	}
	return name != "" && len(name) <= 63 && strings.IndexFunc(name, notWord) < 0
}

func (c *Client) permissionHint(on call) string {
	if on.action == actionListBuckets {
		return "allow s3:ListAllMyBuckets on *, or name each bucket in bucket.names"
	}
	arn := on.bucket
	if !strings.HasPrefix(arn, "arn:") { // an access point is named by its ARN
		arn = "arn:" + c.access.partition() + ":s3:::" + on.bucket
	}
	hint := "a bucket of another account answers the same: check bucket.name, or allow s3:ListBucket on " + arn
	if !on.lists() {
		// Without the key, so that the same problem has the same text.
		hint = fmt.Sprintf("an object that does not exist answers the same where s3:ListBucket on %s is not allowed"+
			"; allow s3:GetObject on %s/*, and kms:Decrypt where a KMS key encrypts it", arn, arn)
	}
	if c.owner != nil {
		hint = "expected_bucket_owner is " + *c.owner + ", which must be the account of the bucket; " + hint
	}
	return hint
}

func (a answer) String() string {
	s := strconv.Itoa(a.status)
	if a.code != "" && a.code != "UnknownError" {
		s += " " + a.code
	}
	// SQS and STS repeat the headers they were sent, with the session's token.
	message, _, _ := strings.Cut(a.message, "The Canonical String")
	if message != "" && message != a.code {
		s += ": " + brief(message)
	}
	if a.requestID != "" {
		s += " (request " + a.requestID + ")"
	}
	return s
}

// readAnswer returns the server's answer in err; ok is false if there is none.
func readAnswer(err error) (a answer, ok bool) {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.Response == nil {
		return a, false
	}
	a.status, a.requestID = response.HTTPStatusCode(), response.RequestID
	a.region = response.Response.Header.Get("X-Amz-Bucket-Region")
	var api smithy.APIError
	if errors.As(err, &api) {
		a.code, a.message = api.ErrorCode(), api.ErrorMessage()
	}
	if a.requestID == "" && a.code == strings.ReplaceAll(http.StatusText(a.status), " ", "") {
		a.code = "" // the SDK derived it from the status, since the body has none
	}
	if a.region == "" {
		// "the region 'us-east-1' is wrong; expecting 'eu-west-1'"
		if _, rest, ok := strings.Cut(a.message, "expecting "); ok {
			a.region = strings.Trim(rest, `'".`)
		}
	}
	// Below 300 it is an incomplete answer, or a page of a proxy.
	return a, a.status >= 300
}

// beyondEnd reports whether err says that a range begins at or after the end of the
// object.
func beyondEnd(err error) bool {
	var response *awshttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() == http.StatusRequestedRangeNotSatisfiable
}

// rootCause returns the text of the innermost error: the SDK's wrappers add nothing
// about S3.
func rootCause(err error) string {
	if what, ok := wrongBody(err); ok {
		return what
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return strings.TrimPrefix(api.ErrorCode()+": "+api.ErrorMessage(), ": ")
	}
	var send *url.Error
	if errors.As(err, &send) {
		return send.Err.Error()
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

const briefLen = 300

// brief shortens a foreign text for a message to one line of briefLen bytes.
func brief(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > briefLen {
		text = strings.ToValidUTF8(text[:briefLen], "") + "..."
	}
	return text
}
