package listing

import (
	"context"
	"encoding/xml"
	"io"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// wire is a bucket whose answers go over the wire, where they can become others.
type wire struct {
	bucket Bucket
	mu     sync.Mutex // a page ahead is listed by a goroutine of its own
	lists  int
	// change returns what arrives in place of the answer to the n-th list, from 0.
	// nil: the answer.
	change func(n int, in s3io.ListInput, body string) string
}

func (w *wire) List(ctx context.Context, in s3io.ListInput) (s3io.Page, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	page, err := w.bucket.List(ctx, in)
	if err != nil {
		return page, err
	}
	body := bodyOf(&page)
	if w.change != nil {
		body = w.change(w.lists, in, body)
	}
	w.lists++
	return s3io.ReadPage([]byte(body), in)
}

func (w *wire) Open(ctx context.Context, o source.Object, offset int64) (io.ReadCloser, error) {
	return w.bucket.Open(ctx, o, offset)
}

// bodyOf writes a page as S3 does.
func bodyOf(page *s3io.Page) string {
	type object struct{ Key, ETag, LastModified string }
	type folder struct{ Prefix string }
	body := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name, EncodingType    string
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []object
		CommonPrefixes        []folder
	}{Name: "b", EncodingType: "url", IsTruncated: page.Token != "", NextContinuationToken: page.Token}
	for _, o := range page.Objects {
		at := ""
		if !o.LastModified.IsZero() {
			at = o.LastModified.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		body.Contents = append(body.Contents, object{url.QueryEscape(o.Key), o.ETag, at})
	}
	for _, p := range page.Prefixes {
		body.CommonPrefixes = append(body.CommonPrefixes, folder{url.QueryEscape(p)})
	}
	text, err := xml.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// over makes the source list bucket, over a wire.
func (r *rig) over(t *testing.T, bucket Bucket) *wire {
	t.Helper()
	w := &wire{bucket: bucket}
	require.NoError(t, r.src.Close())
	var err error
	deps := r.set.Deps
	deps.Bucket = w
	r.src, err = New(r.set.Config, deps)
	require.NoError(t, err)
	return w
}

// patiently reads and commits what comes within d, past errors as the engine
// does.
func (r *rig) patiently(t *testing.T, d time.Duration) (keys []string, errs []error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for {
		w, err := r.src.Next(ctx)
		switch {
		case ctx.Err() != nil:
			r.commit(t)
			synctest.Wait() // for a page ahead
			return keys, errs
		case err != nil:
			errs = append(errs, err)
			r.commit(t)
			time.Sleep(backoff)
		default:
			keys = append(keys, w.Object.Key)
			r.commit(t, w)
		}
	}
}

// backoff is how long patiently waits after an error.
const backoff = 10 * time.Second
