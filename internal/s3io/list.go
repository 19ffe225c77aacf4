package s3io

import (
	"context"
	"net/url"
	"strings"
	"time"

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

// Page is up to 1,000 objects and prefixes. It is the caller's.
type Page struct {
	Objects  []Object
	Prefixes []string // each ends in Delimiter
	Token    string   // for the next page; "" when this is the last
}

// Object is one entry of a list.
type Object struct {
	Key          string
	ETag         string // without quotes
	Size         int64  // bytes
	LastModified time.Time
}

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
	out, err := c.api.ListObjectsV2(ctx, req)
	if err != nil {
		return Page{}, c.explain(ctx, call{action: "s3:ListBucket", bucket: in.Bucket, key: in.Prefix, token: in.Token != ""}, err)
	}
	decode := func(s string) string { return s }
	if out.EncodingType == types.EncodingTypeUrl {
		decode = decodeKey
	}
	page := Page{Objects: make([]Object, 0, len(out.Contents))}
	for i := range out.Contents {
		o := &out.Contents[i]
		obj := Object{Key: decode(value(o.Key)), ETag: unquote(value(o.ETag)), Size: -1}
		if o.Size != nil {
			obj.Size = *o.Size
		}
		if o.LastModified != nil {
			obj.LastModified = *o.LastModified
		}
		page.Objects = append(page.Objects, obj)
	}
	for i := range out.CommonPrefixes {
		page.Prefixes = append(page.Prefixes, decode(value(out.CommonPrefixes[i].Prefix)))
	}
	if out.IsTruncated != nil && *out.IsTruncated {
		page.Token = value(out.NextContinuationToken)
	}
	return page, nil
}

// decodeKey undoes EncodingType url. What cannot be decoded stays as it is.
func decodeKey(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	if decoded, err := url.QueryUnescape(s); err == nil {
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

// unquote: ETags come with quotes from S3, without from some places.
func unquote(etag string) string { return strings.Trim(etag, `"`) }
