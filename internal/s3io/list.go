package s3io

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// ListInput names what to list. Everything but Bucket may be empty.
type ListInput struct {
	Bucket     string
	Prefix     string
	StartAfter string // only keys behind this one, in the order of their UTF-8 bytes
	Delimiter  string // keys that hold it behind Prefix are rolled up into Prefixes
	Token      string // Page.Token of the page before; the rest must be as it was then
}

// errUnread: an answer came by another way than through checkBody.
var errUnread = &bodyError{"the answer was not looked at, which is a fault of this program"}

// List lists one page. Errors wrap those of packages source and s3io; ErrToken
// says that the list has to begin anew.
func (c *Client) List(ctx context.Context, in ListInput) (Page, error) {
	req := &s3.ListObjectsV2Input{
		Bucket:            &in.Bucket,
		Prefix:            optional(in.Prefix),
		StartAfter:        optional(in.StartAfter),
		Delimiter:         optional(in.Delimiter),
		ContinuationToken: optional(in.Token),
		// A key may hold characters that XML cannot: without this, one such key
		// makes its page, and so everything behind it, unreadable.
		EncodingType:        types.EncodingTypeUrl,
		ExpectedBucketOwner: c.owner,
	}
	if in.Token != "" {
		req.StartAfter = nil // the token knows
	}
	var page Page
	read := false
	_, err := c.api.ListObjectsV2(ctx, req, func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, checkBody(func(body []byte) (rest []byte, err error) {
			read = true
			page, err = ReadPage(body, in)
			if errors.Is(err, errIsError) {
				return body, nil // the SDK makes it an error with code and message
			}
			return nil, err
		}))
	})
	if err == nil && !read { // no page is no empty page
		err = errUnread
	}
	if err != nil {
		return Page{}, c.explain(ctx, call{action: "s3:ListBucket", bucket: in.Bucket, key: in.Prefix, token: in.Token != ""}, err)
	}
	return page, nil
}

// decodeKey undoes EncodingType url. What cannot be decoded stays as it is.
func decodeKey(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	if decoded, err := url.QueryUnescape(s); err == nil && utf8.ValidString(decoded) {
		return decoded
	}
	return s
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// unquote returns an ETag as it is compared. ETags come with quotes from S3,
// without from some places, and as weak ones through some proxies.
func unquote(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }
