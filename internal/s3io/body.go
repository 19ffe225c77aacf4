package s3io

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
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

// errIsError means that the body is an error, which S3 may send after status 200.
var errIsError = errors.New("an error is in place of the answer")

// errUnread means that an answer did not pass checkBody.
var errUnread = &bodyError{"the answer was not looked at, which is a fault of this program"}

// parsed is an option of a call whose answer parse reads in the SDK's place. One that is
// an error is left to the SDK, which makes an error of it with code and message.
func parsed(read *bool, parse func(body []byte) error) func(*s3.Options) {
	return func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, checkBody(func(body []byte) (rest []byte, err error) {
			*read = true
			if err = parse(body); errors.Is(err, errIsError) {
				return body, nil
			}
			return nil, err
		}))
	}
}

// decodeXML decodes a body that is one complete element with a name. It returns what is
// wrong, for a message, "" for nothing; errIsError if it is an error.
func decodeXML(body []byte, name string, into any) (wrong string, err error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	root, err := nextElement(d)
	if err != nil {
		return kindOf(body), nil //nolint:nilerr // says more than the error of the decoder
	}
	switch {
	case root.Name.Local == name:
	case strings.EqualFold(root.Name.Local, "Error"):
		return "", errIsError
	case isHTML(bytes.TrimSpace(body)):
		return "HTML page", nil
	default:
		return fmt.Sprintf("XML with root %q", brief(root.Name.Local)), nil
	}
	if err := d.DecodeElement(into, &root); err != nil {
		return fmt.Sprintf("it is cut off or damaged (%s)", brief(err.Error())), nil
	}
	if _, err := nextElement(d); !errors.Is(err, io.EOF) {
		return "something is behind its end", nil
	}
	return "", nil
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
