package s3io

import (
	"context"
	"errors"
	"net/http"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// current is what is under a key now.
type current struct {
	there bool
	version
}

// recheck asks for a key a second time, when an answer leaves doubt. A list is
// asked first: it is checked to be one, and nothing on the way makes one up. HEAD,
// which needs no permission that GET does not need, is asked where listing is not
// allowed, and where the list tells no ETag. Errors never say that the object is
// gone or changed.
func (c *Client) recheck(ctx context.Context, o *source.Object) (current, error) {
	begin := time.Now()
	page, err := c.List(ctx, ListInput{Bucket: o.Bucket, Prefix: o.Key})
	c.beside("s3.list", begin, err)
	switch {
	case errors.Is(err, source.ErrDenied):
		return c.head(ctx, o)
	case err != nil:
		return current{}, err
	}
	for i := range page.Objects {
		if page.Objects[i].Key != o.Key {
			continue
		}
		listed := current{true, version{unquote(page.Objects[i].ETag), page.Objects[i].Size}}
		if listed.etag != "" {
			return listed, nil
		}
		head, err := c.head(ctx, o)
		listed.etag = head.etag
		return listed, err
	}
	if page.Token != "" { // in S3's order a key is before all that it is a prefix of
		return current{}, failure(o.URI(), "the list of keys that begin with it goes on without it", "if it lasts, check aws.endpoint", source.ErrUnreachable)
	}
	return current{}, nil
}

// head asks for an object's head. Whatever answers without S3's header could be
// anyone: there is no body that tells.
func (c *Client) head(ctx context.Context, o *source.Object) (current, error) {
	begin := time.Now()
	out, err := c.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &o.Bucket, Key: &o.Key, ExpectedBucketOwner: c.owner})
	if a, ok := readAnswer(err); ok && a.status == http.StatusNotFound && a.requestID != "" {
		c.beside("s3.head", begin, source.ErrGone)
		return current{}, nil
	}
	if err != nil {
		err = c.explain(ctx, call{action: actionGet, bucket: o.Bucket, key: o.Key, recheck: true}, err)
		c.beside("s3.head", begin, err)
		return current{}, err
	}
	if id, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata); id == "" {
		err = failure(o.URI(), "the answer to HEAD has no x-amz-request-id", hintNotS3, source.ErrUnreachable)
		c.beside("s3.head", begin, err)
		return current{}, err
	}
	c.beside("s3.head", begin, nil)
	size := int64(-1)
	if out.ContentLength != nil {
		size = *out.ContentLength
	}
	return current{true, version{unquote(value(out.ETag)), size}}, nil
}
