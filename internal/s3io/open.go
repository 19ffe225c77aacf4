package s3io

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// resumeTries is how often in a row a download is resumed without a byte of
// progress before its error reaches the reader.
const resumeTries = 5

// Open opens an object's stored bytes from offset on. With an ETag, only that
// version: when there is another, Open or a later Read returns
// source.ErrChanged. A Read that breaks off, or ends before the object's size
// where that is known, is resumed inside, at the same byte of the same version.
// An offset at the object's end gives an empty stream. ctx governs the stream
// until it is closed. Errors wrap those of packages source and s3io.
func (c *Client) Open(ctx context.Context, o source.Object, offset int64) (io.ReadCloser, error) {
	d := &download{
		ctx: ctx, client: c, bucket: o.Bucket, key: o.Key,
		etag: unquote(o.ETag), pos: offset, size: o.Size,
	}
	if err := d.connect(); err != nil {
		return nil, err
	}
	return d, nil
}

// download is a stream over as many connections as it takes.
type download struct {
	ctx         context.Context // of Open: it governs every connection
	client      *Client
	bucket, key string
	etag        string        // of the version that is being read; "" when the server gives none
	pos         int64         // stored bytes before the next one
	size        int64         // of the whole object, at least; -1 when unknown
	body        io.ReadCloser // nil while disconnected
	tries       int           // since the last byte
	cause       error         // why it was disconnected
	err         error         // what every further Read returns
}

// Read implements io.Reader.
func (d *download) Read(p []byte) (int, error) {
	for d.err == nil {
		if d.body == nil {
			if d.err = d.resume(); d.err != nil {
				break
			}
		}
		n, err := d.body.Read(p)
		d.pos += int64(n)
		if n > 0 {
			d.tries = 0
		}
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, io.EOF) && d.pos >= d.size:
			d.err = io.EOF
		case errors.Is(err, io.EOF): // something on the way ended the answer early, in due form
			d.breakOff(io.ErrUnexpectedEOF)
		default:
			d.breakOff(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, d.err
}

// Close implements io.Closer.
func (d *download) Close() error {
	d.err = errClosed
	if d.body == nil {
		return nil
	}
	body := d.body
	d.body = nil
	return body.Close()
}

var errClosed = errors.New("stream is closed")

// breakOff leaves a broken connection. The next Read resumes, unless nothing
// would tell whether it is still the same version.
func (d *download) breakOff(cause error) {
	_ = d.body.Close()
	d.body = nil
	d.cause = d.client.explain(d.ctx, d.call(), cause)
	if d.ctx.Err() != nil || d.etag == "" {
		d.err = d.cause
	}
}

// resume connects again at pos. What waiting may heal is waited for.
func (d *download) resume() error {
	for d.tries < resumeTries {
		d.tries++
		if err := source.Sleep(d.ctx, d.client.backoff(d.tries)); err != nil {
			return err
		}
		err := d.connect()
		if err == nil || !errors.Is(err, source.ErrUnreachable) {
			return err
		}
		d.cause = err
	}
	return fmt.Errorf("%w; gave up at byte %d after %d tries", d.cause, d.pos, d.tries)
}

// connect sends the GET for everything from pos on.
func (d *download) connect() error {
	in := &s3.GetObjectInput{
		Bucket: &d.bucket, Key: &d.key, IfMatch: d.ifMatch(), ExpectedBucketOwner: d.client.owner,
	}
	if d.pos > 0 {
		in.Range = optional("bytes=" + strconv.FormatInt(d.pos, 10) + "-")
	}
	out, err := d.client.api.GetObject(d.ctx, in)
	if err != nil {
		if d.pos > 0 && beyondEnd(err) {
			return d.atEnd()
		}
		return d.client.explain(d.ctx, d.call(), err)
	}
	if err := d.accept(out); err != nil {
		_ = out.Body.Close()
		return err
	}
	d.body = out.Body
	return nil
}

// accept checks that an answer is what was asked for. A server may not know
// If-Match, or ranges.
func (d *download) accept(out *s3.GetObjectOutput) error {
	etag := unquote(value(out.ETag))
	if d.etag != "" && etag != "" && etag != d.etag {
		return fmt.Errorf("%w: %s has ETag %s instead of %s", source.ErrChanged, d.uri(), etag, d.etag)
	}
	if d.etag == "" {
		d.etag = etag
	}
	if d.pos > 0 {
		want := "bytes " + strconv.FormatInt(d.pos, 10) + "-"
		if got := value(out.ContentRange); !strings.HasPrefix(got, want) {
			return fmt.Errorf("%s: was asked for bytes from %d on and answered Content-Range %q: the server at aws.endpoint does not support ranges",
				d.uri(), d.pos, got)
		}
	}
	if out.ContentLength != nil && *out.ContentLength >= 0 {
		d.size = max(d.size, d.pos+*out.ContentLength)
	}
	return nil
}

// atEnd takes the answer that there is nothing from pos on, and asks for the
// size: at the end the object was read, behind it something is wrong.
func (d *download) atEnd() error {
	head, err := d.client.api.HeadObject(d.ctx, &s3.HeadObjectInput{
		Bucket: &d.bucket, Key: &d.key, IfMatch: d.ifMatch(), ExpectedBucketOwner: d.client.owner,
	})
	if err != nil {
		return d.client.explain(d.ctx, d.call(), err)
	}
	if head.ContentLength == nil || *head.ContentLength != d.pos {
		return fmt.Errorf("%w: %s ends before byte %d, where reading was to go on", source.ErrChanged, d.uri(), d.pos)
	}
	d.body, d.size = io.NopCloser(strings.NewReader("")), d.pos
	return nil
}

func (d *download) ifMatch() *string {
	if d.etag == "" {
		return nil
	}
	quoted := `"` + d.etag + `"`
	return &quoted
}

func (d *download) call() call { return call{action: "s3:GetObject", bucket: d.bucket, key: d.key} }

func (d *download) uri() string { return "s3://" + d.bucket + "/" + d.key }

// defaultBackoff is Config.Backoff's default.
func defaultBackoff(n int) time.Duration {
	d := min(200*time.Millisecond<<min(n-1, 10), 5*time.Second)
	return d/2 + rand.N(d/2+1)
}
