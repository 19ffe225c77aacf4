package s3io

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// ErrNoSuchQueue also is source.ErrUnreachable, like the other errors of settings.
var ErrNoSuchQueue = errors.New("no such queue")

// hintQueue is the hint for answers that SQS does not give.
const hintQueue = "if it lasts, check queue.url and what answers there"

// explain turns an error of the SDK into one that says what is wrong, where, and what
// to do. action is the IAM action that allows the call.
func (q *Queue) explain(ctx context.Context, action string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var noCreds *credentialsError
	if errors.As(err, &noCreds) {
		what, hint := q.access.missing(noCreds.error)
		return q.fail(what, hintOf(err, hint), ErrNoCredentials, source.ErrUnreachable)
	}
	if what, ok := wrongBody(err); ok {
		return q.fail(what, "check queue.url and proxies", source.ErrUnreachable)
	}
	a, ok := readAnswer(err)
	if !ok {
		return q.fail(brief(rootCause(err)), hintOf(err, "check the network and queue.url"), source.ErrUnreachable)
	}
	if r, ok := redirection(err); ok {
		return q.fail(r.String(), "check queue.url and proxies; "+q.regionHint(), source.ErrUnreachable)
	}
	hint, kind := q.judge(action, a)
	return q.fail(a.String(), hint, kind, source.ErrUnreachable)
}

// fail returns an error about the queue whose text begins with the first of kinds.
func (q *Queue) fail(what, hint string, kinds ...error) error {
	return failure(q.url, what, hint, kinds...)
}

// queueCode normalizes a code of SQS: it removes "AWS.SimpleQueueService." or
// "com.amazonaws.sqs#" before it, and "Exception" after it.
func queueCode(code string) string {
	return strings.TrimSuffix(code[strings.LastIndexAny(code, ".#")+1:], "Exception")
}

// judge returns what an answer means and what to do about it.
func (q *Queue) judge(action string, a answer) (hint string, kind error) {
	code := queueCode(a.code)
	switch code {
	case "", "UnknownError":
		return "what answered does not speak the JSON protocol of SQS: check queue.url and proxies", source.ErrUnreachable
	case "NonExistentQueue", "QueueDoesNotExist":
		return "check the region, the account and the name in queue.url (" + q.access.region() + " was asked)", ErrNoSuchQueue
	case "InvalidAddress":
		return "check queue.url", ErrNoSuchQueue
	case "InvalidClientTokenId", "UnrecognizedClient", "ExpiredToken", "InvalidAccessKeyId", "MissingAuthenticationToken",
		"IncompleteSignature", "SignatureDoesNotMatch", "InvalidSignature":
		if strings.Contains(a.message, "valid region") { // "Credential should be scoped to a valid region."
			return q.regionHint(), ErrWrongRegion
		}
		if strings.Contains(a.message, "ignature expired") || strings.Contains(a.message, "not yet current") {
			return "the clock of this machine is wrong: set it", ErrWrongCredentials
		}
		return q.access.credentialsHint(), ErrWrongCredentials
	case "RequestThrottled", "Throttling", "ThrottledException", "ServiceUnavailable", "InternalError", "InternalFailure", "OverLimit":
		return hintTransient, source.ErrUnreachable
	}
	switch {
	case strings.HasSuffix(code, "Throttled"): // by KMS
		return hintTransient, source.ErrUnreachable
	case ofKMS(a):
		return kmsHint(a, "the queue"), source.ErrDenied
	case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized || code == "AccessDenied":
		return "allow " + action + " on " + q.arn, source.ErrDenied
	default:
		return hintQueue, source.ErrUnreachable
	}
}

// regionHint returns what to do about a signature for another region than the queue's.
func (q *Queue) regionHint() string {
	if q.region == "" || q.region == q.access.region() {
		return "set aws.region to the queue's region (now " + q.access.region() + ")"
	}
	return fmt.Sprintf("set aws.region to %s, the region in queue.url, or leave it out (now %s)", q.region, q.access.region())
}
