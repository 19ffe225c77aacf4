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

// Open opens an object's stored bytes from offset on. With an ETag, only that version:
// if there is another, Open or a later Read returns a *source.OverwrittenError. The
// stream resumes an interrupted Read, or one that ends before the object's known size,
// at the same byte of the same version. An offset at the object's end gives an empty
// stream. ctx governs the stream until it is closed. Errors wrap those of packages
// source and s3io.
//
// An answer that does not match what is known of the object, or says that it is gone
// or changed, is verified by a second look at the key. What that does not confirm is
// source.ErrUnreachable.
func (c *Client) Open(ctx context.Context, o source.Object, offset int64) (io.ReadCloser, error) {
	d := &download{
		ctx: ctx, client: c, object: o, pos: offset,
		want: version{unquote(o.ETag), o.Size}, size: o.Size,
	}
	if o.Size == 0 { // as some servers notify multipart uploads of any size
		d.want.size = -1
	}
	if err := d.connect(); err != nil {
		return nil, err
	}
	return d, nil
}

// download is a stream over as many connections as it takes.
type download struct {
	ctx    context.Context // of Open: it governs every connection
	client *Client
	object source.Object
	want   version       // what is being read; the first answer sets an unknown ETag
	pos    int64         // stored bytes before the next one
	size   int64         // of the whole object, at least; -1 when unknown
	exact  bool          // without an ETag: size alone identifies the object
	body   io.ReadCloser // nil while disconnected
	tries  int           // since the last byte
	cause  error         // why it was disconnected
	err    error         // what every further Read returns
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
		if left := d.size - d.pos; d.exact && int64(n) > left {
			n = int(max(left, 0))
			err = d.unreachable(fmt.Sprintf("the answer is longer than the %d bytes of the object", d.size), hintNotS3)
			d.err = err
		}
		d.pos += int64(n)
		if n > 0 {
			d.tries = 0
		}
		switch {
		case d.err != nil:
		case err == nil:
			return n, nil
		case errors.Is(err, io.EOF) && d.pos >= d.size:
			d.err = io.EOF
		case errors.Is(err, io.EOF): // the answer was truncated, but ended properly
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

// breakOff closes a broken connection. The next Read resumes, unless the ETag is unknown
// and so the version could have changed.
func (d *download) breakOff(cause error) {
	_ = d.body.Close()
	d.body = nil
	d.cause = d.client.explain(d.ctx, d.call(), cause)
	if d.ctx.Err() != nil || d.want.etag == "" {
		d.err = d.cause
	}
}

// resume connects again at pos. It retries temporary failures.
func (d *download) resume() error {
	for d.tries < resumeTries {
		d.tries++
		if err := source.Sleep(d.ctx, d.client.backoff(d.tries)); err != nil {
			return err
		}
		begin := time.Now()
		err := d.connect()
		d.client.extraRequest("s3.get", begin, err)
		if err == nil || !errors.Is(err, source.ErrUnreachable) {
			return err
		}
		d.cause = err
	}
	return fmt.Errorf("%w; gave up at byte %d after %d tries", d.cause, d.pos, d.tries)
}

// connect sends the GET from pos on.
func (d *download) connect() error {
	in := &s3.GetObjectInput{
		Bucket: &d.object.Bucket, Key: &d.object.Key, ExpectedBucketOwner: d.client.owner,
	}
	if d.want.etag != "" {
		in.IfMatch = optional(`"` + d.want.etag + `"`)
	}
	if d.pos > 0 {
		in.Range = optional("bytes=" + strconv.FormatInt(d.pos, 10) + "-")
	}
	var out *s3.GetObjectOutput
	err := d.client.inRegion("s3.get", d.object.Bucket, func(set func(*s3.Options)) (err error) {
		out, err = d.client.api.GetObject(d.ctx, in, d.client.identify, set)
		return err
	})
	if err != nil {
		if d.pos > 0 && beyondEnd(err) {
			return d.atEnd()
		}
		claim := d.client.explain(d.ctx, d.call(), err)
		if !errors.Is(claim, source.ErrGone) && !errors.Is(claim, source.ErrChanged) {
			return claim
		}
		a, _ := readAnswer(err)
		return d.confirm(claim, a.String())
	}
	r := readReply(out)
	if err := d.accept(&r); err != nil {
		_ = out.Body.Close()
		return err
	}
	d.body = out.Body
	return nil
}

// accept checks that an answer is what was requested. The server may not support
// If-Match or ranges, and it may not be S3.
func (d *download) accept(r *reply) error {
	if r.contentEncoding != "" {
		return d.unreachable(fmt.Sprintf("the answer was packed on the way (Content-Encoding %.80q)", r.contentEncoding),
			"let no proxy compress what comes from aws.endpoint")
	}
	if why := d.want.mismatch(r); why != "" {
		if err := d.doubt(r, "the answer has "+why); err != nil {
			return err
		}
	}
	switch {
	case r.ranged == "" && d.pos > 0:
		return d.unreachable(fmt.Sprintf("was asked for bytes from %d on and answered all", d.pos),
			"the server at aws.endpoint does not support ranges")
	case r.ranged != "" && r.offset != d.pos:
		return d.unreachable(fmt.Sprintf("was asked for bytes from %d on and answered Content-Range %.80q", d.pos, r.ranged), hintNotS3)
	}
	d.exact = d.exact || d.want.etag == "" && d.want.size >= 0
	if d.want.etag == "" {
		d.want.etag = r.etag
	}
	if r.size < 0 && r.length >= 0 {
		r.size = d.pos + r.length
	}
	d.size = max(d.size, r.size)
	return nil
}

// doubt decides by a second look whether an answer that does not match, as says
// describes, is about the object; then it returns nil.
func (d *download) doubt(r *reply, says string) error {
	now, err := d.client.recheck(d.ctx, &d.object)
	switch {
	case err != nil:
		return err
	case !now.there:
		return d.unreachable(says+", and S3 does not list the object", hintNotS3)
	case d.differs(&now) && now.etag != "":
		return d.overwritten(&now)
	case d.want.etag != "" && (now.etag != "" || r.etag != "") || now.mismatch(r) != "":
		return d.unreachable(says+", which S3 does not confirm", hintNotS3)
	}
	// Either this server has no ETags, or less was known before.
	d.want, d.size = now.version, now.size
	return nil
}

// confirm verifies by a second look an answer's claim that the object is gone or
// changed.
func (d *download) confirm(claim error, says string) error {
	now, err := d.client.recheck(d.ctx, &d.object)
	switch {
	case err != nil:
		return err
	case now.there && (d.differs(&now) || errors.Is(claim, source.ErrChanged) && now.etag != d.want.etag):
		return d.overwritten(&now)
	case now.there:
		return d.unreachable(says+", but S3 still has the object as it was", hintNotS3)
	case errors.Is(claim, source.ErrGone):
		return claim
	}
	return d.unreachable(says+", and S3 does not list the object", hintTransient)
}

// atEnd handles the answer that there is nothing from pos on: at the object's size it
// was read completely, past it something is wrong.
func (d *download) atEnd() error {
	now, err := d.client.head(d.ctx, &d.object)
	if err == nil && !d.endsAt(&now) {
		now, err = d.client.recheck(d.ctx, &d.object)
	}
	says := fmt.Sprintf("was asked for bytes from %d on and answered that there are none", d.pos)
	switch {
	case err != nil:
		return err
	case d.endsAt(&now):
		d.body, d.size = io.NopCloser(strings.NewReader("")), d.pos
		return nil
	case !now.there:
		return d.unreachable(says+", and S3 does not list the object", hintTransient)
	case d.differs(&now):
		return d.overwritten(&now)
	case now.size < 0 || now.size > d.pos:
		return d.unreachable(says+", but S3 still has the object as it was", hintNotS3)
	}
	return fmt.Errorf("%w: %s ends before byte %d, where reading was to go on", source.ErrChanged, d.object.URI(), d.pos)
}

// endsAt reports whether now is the version being read, and ends at pos.
func (d *download) endsAt(now *current) bool {
	return now.there && !d.differs(now) && now.size == d.pos
}

// differs reports whether the current version is another than wanted, by the ETags.
func (d *download) differs(now *current) bool {
	return d.want.etag != "" && now.etag != "" && now.etag != d.want.etag
}

// overwritten returns the error that there is another version now.
func (d *download) overwritten(now *current) error {
	o := d.object
	o.ETag, o.Size = now.etag, now.size
	return &source.OverwrittenError{Now: o, Was: d.want.etag}
}

func (d *download) unreachable(what, hint string) error {
	return failure(d.object.URI(), what, hint, source.ErrUnreachable)
}

func (d *download) call() call {
	return call{action: actionGet, bucket: d.object.Bucket, key: d.object.Key}
}

// defaultBackoff is Deps.Backoff's default.
func defaultBackoff(n int) time.Duration {
	d := min(200*time.Millisecond<<min(n-1, 10), 5*time.Second)
	return d/2 + rand.N(d/2+1)
}
