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

// current is the current version of a key, if it exists.
type current struct {
	there bool
	version
}

// recheck takes a second look at a key, when an answer is in doubt. It lists the key
// first, since a list is verified and no proxy makes one up. It sends a HEAD, which
// needs only the permission of GET, where listing is not allowed or the list has no
// ETag. Its errors never say that the object is gone or changed.
func (c *Client) recheck(ctx context.Context, o *source.Object) (current, error) {
	begin := time.Now()
	page, err := c.List(ctx, ListInput{Bucket: o.Bucket, Prefix: o.Key})
	c.extraRequest("s3.list", begin, err)
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
	if page.Token != "" { // a key sorts before all keys that it is a prefix of
		return current{}, failure(o.URI(), "the list of keys that begin with it goes on without it", "if it lasts, check aws.endpoint", source.ErrUnreachable)
	}
	return current{}, nil
}

// head sends a HEAD for an object. An answer must have S3's request id, since there is
// no body to verify.
func (c *Client) head(ctx context.Context, o *source.Object) (current, error) {
	begin := time.Now()
	var out *s3.HeadObjectOutput
	err := c.inRegion("s3.head", o.Bucket, func(set func(*s3.Options)) (err error) {
		out, err = c.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &o.Bucket, Key: &o.Key, ExpectedBucketOwner: c.owner}, c.identify, set)
		return err
	})
	if a, ok := readAnswer(err); ok && a.status == http.StatusNotFound && a.requestID != "" {
		c.extraRequest("s3.head", begin, source.ErrGone)
		return current{}, nil
	}
	if err != nil {
		err = c.explain(ctx, call{action: actionGet, bucket: o.Bucket, key: o.Key, recheck: true}, err)
		c.extraRequest("s3.head", begin, err)
		return current{}, err
	}
	if id, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata); id == "" {
		err = failure(o.URI(), "the answer to HEAD has no x-amz-request-id", hintNotS3, source.ErrUnreachable)
		c.extraRequest("s3.head", begin, err)
		return current{}, err
	}
	c.extraRequest("s3.head", begin, nil)
	size := int64(-1)
	if out.ContentLength != nil {
		size = *out.ContentLength
	}
	return current{true, version{unquote(value(out.ETag)), size}}, nil
}
