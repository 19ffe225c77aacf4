package s3io

import (
	"fmt"
	"strconv"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// version identifies one state of an object.
type version struct {
	etag string // without quotes; "" when unknown, or when the server has none
	size int64  // of the whole object; -1 when unknown
}

// reply is the head of an answer to a GET.
type reply struct {
	version
	offset          int64  // of the body's first byte in the object; -1 when unreadable
	length          int64  // of the body; -1 when unknown
	ranged          string // Content-Range; "" for the whole object
	requestID       string // of S3; "" when the answer has none
	contentEncoding string // Content-Encoding that a proxy added, or ""
}

func readReply(out *s3.GetObjectOutput) reply {
	r := reply{version: version{unquote(value(out.ETag)), -1}, length: -1, ranged: value(out.ContentRange)}
	r.requestID, _ = awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	if out.ContentLength != nil {
		r.length = *out.ContentLength
	}
	if r.ranged == "" {
		r.size = r.length
	} else {
		r.offset, r.size = parseContentRange(r.ranged)
	}
	// A stored encoding leaves the ETag strong. One that a proxy adds makes it weak,
	// since the bytes differ; then offsets are meaningless.
	if encoding := value(out.ContentEncoding); encoding != "identity" && strings.HasPrefix(value(out.ETag), "W/") {
		r.contentEncoding = encoding
	}
	return r
}

// mismatch returns why an answer cannot be about v, "" if it can. The ETag decides;
// without one, the object's size; without either, whether S3 answered.
func (v version) mismatch(r *reply) string {
	switch {
	case v.etag != "" && r.etag != v.etag:
		return fmt.Sprintf("ETag %.80q instead of %.80q", r.etag, v.etag)
	case v.etag != "":
		return ""
	case v.size >= 0 && r.size >= 0 && r.size != v.size:
		return fmt.Sprintf("%d bytes instead of %d", r.size, v.size)
	case v.size >= 0 && r.size >= 0:
		return ""
	case r.requestID == "":
		return "no x-amz-request-id, and nothing else that tells whose it is"
	case v.size < 0 && r.etag == "":
		return "no ETag, and nothing else is known of the object"
	}
	return "" // of known size: the bytes are counted
}

// parseContentRange parses "bytes 5-9/100" as 5 and 100. Unknown numbers are -1, and
// both are for an invalid text.
func parseContentRange(text string) (offset, total int64) {
	span, rest, cut := strings.Cut(strings.TrimPrefix(text, "bytes "), "/")
	first, last, dash := strings.Cut(span, "-")
	offset, end := decimal(first), decimal(last)
	total = decimal(rest)
	if !cut || !dash || !strings.HasPrefix(text, "bytes ") || offset < 0 || end < offset ||
		rest != "*" && total <= end {
		return -1, -1
	}
	return offset, total
}

// decimal parses a number without a sign; it returns -1 for anything else.
func decimal(text string) int64 {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return -1
	}
	return int64(n)
}
