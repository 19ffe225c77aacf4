package s3io

import (
	"context"
	"net/url"
	"strings"
	"unicode/utf8"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
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

// List lists one page. Errors wrap those of packages source and s3io; ErrToken means
// that the list has to be restarted.
func (c *Client) List(ctx context.Context, in ListInput) (Page, error) {
	req := &s3.ListObjectsV2Input{
		Bucket:            &in.Bucket,
		Prefix:            optional(in.Prefix),
		StartAfter:        optional(in.StartAfter),
		Delimiter:         optional(in.Delimiter),
		ContinuationToken: optional(in.Token),
		// A key may have characters that XML cannot: without this, one such key would make
		// its page, and so the rest of the list, unreadable.
		EncodingType:        types.EncodingTypeUrl,
		ExpectedBucketOwner: c.owner,
		// Archived objects that are restored can be read.
		OptionalObjectAttributes: []types.OptionalObjectAttributes{types.OptionalObjectAttributesRestoreStatus},
	}
	if in.Token != "" {
		req.StartAfter = nil // the token replaces it
	}
	var page Page
	read := false
	check := parsed(&read, func(body []byte) (err error) {
		page, err = ReadPage(body, in)
		return err
	})
	var answer *s3.ListObjectsV2Output
	err := c.inRegion("s3.list", in.Bucket, func(set func(*s3.Options)) (err error) {
		answer, err = c.api.ListObjectsV2(ctx, req, c.identify, set, check)
		return err
	})
	if err == nil && !read {
		err = errUnread
	}
	if err != nil {
		return Page{}, c.explain(ctx, call{action: "s3:ListBucket", bucket: in.Bucket, key: in.Prefix, token: in.Token != ""}, err)
	}
	page.Date, _ = awsmiddleware.GetServerTime(answer.ResultMetadata)
	return page, nil
}

// decodeKey decodes EncodingType url. What cannot be decoded is returned unchanged.
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

// unquote normalizes an ETag: S3 quotes it, some servers do not, and some proxies make
// it weak.
func unquote(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }
