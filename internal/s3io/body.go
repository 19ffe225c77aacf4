package s3io

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxBody bounds the body of every answer except objects. The longest that S3 and SQS
// send, 1,000 long keys or ten messages, are a few MiB.
const maxBody = 16 << 20

// bodyError says what is wrong with the body of an answer: it is not from S3 or SQS, or
// incomplete.
type bodyError struct{ what string }

func (e *bodyError) Error() string { return e.what }

// wrongBody returns what is wrong with a body; ok is false if err is not about one.
func wrongBody(err error) (what string, ok bool) {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return fmt.Sprintf("the answer is longer than %d MiB", long.Limit>>20), true
	}
	var wrong *bodyError
	if errors.As(err, &wrong) {
		return wrong.what, true
	}
	return "", false
}

const boundID = "BoundBody"

// boundBodies limits every body except an object's to maxBody: the SDK reads them into
// memory whole, error pages included.
func boundBodies(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc(boundID, func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if answer, ok := out.RawResponse.(*smithyhttp.Response); ok && answer.Body != nil {
			if middleware.GetOperationName(ctx) != "GetObject" || !succeeded(answer) {
				answer.Body = http.MaxBytesReader(nil, answer.Body, maxBody)
			}
		}
		return out, metadata, err
	}), middleware.After)
}

func succeeded(answer *smithyhttp.Response) bool { return answer.StatusCode/100 == 2 }

// checkBody passes the whole body of each successful answer to check before the SDK
// sees it. The SDK then reads rest.
func checkBody(check func(body []byte) (rest []byte, err error)) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Insert(middleware.DeserializeMiddlewareFunc("CheckBody", func(
			ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			answer, ok := out.RawResponse.(*smithyhttp.Response)
			if err != nil || !ok || !succeeded(answer) {
				return out, metadata, err
			}
			body, err := io.ReadAll(answer.Body)
			if err != nil {
				return out, metadata, err
			}
			_ = answer.Body.Close()
			body, err = check(body)
			answer.Body = io.NopCloser(bytes.NewReader(body))
			return out, metadata, err
		}), boundID, middleware.Before)
	}
}

// jsonObject rejects a body that is not one JSON object: the SDK would take an empty
// one as an answer without messages.
func jsonObject(body []byte) (rest []byte, err error) {
	if !json.Valid(body) || bytes.TrimSpace(body)[0] != '{' {
		return nil, &bodyError{"the answer is not a JSON object: " + kindOf(body)}
	}
	return body, nil
}

// kindOf describes an unexpected body.
func kindOf(body []byte) string {
	text := bytes.TrimSpace(body)
	switch {
	case len(text) == 0:
		return "empty body"
	case isHTML(text):
		return "HTML page"
	case json.Valid(text):
		return "JSON"
	case text[0] == '<':
		return "XML"
	default:
		return "neither XML nor JSON"
	}
}

func isHTML(text []byte) bool {
	for _, begin := range []string{"<!doctype html", "<html"} {
		if len(text) >= len(begin) && bytes.EqualFold(text[:len(begin)], []byte(begin)) {
			return true
		}
	}
	return false
}
