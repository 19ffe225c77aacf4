package threat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Errors of reaching a feed.
var (
	ErrTooLarge  = errors.New("larger than max_feed_size")
	ErrDenied    = errors.New("the server does not accept the credentials")
	errUnchanged = errors.New("not changed")
	errBroken    = errors.New("broke off")
)

// userAgent is what is sent unless the client says otherwise.
const userAgent = "otelcol-s3audit"

// origin is where a feed comes from.
type origin interface {
	// open returns the content and its version; errUnchanged means that the version
	// is still the known one. The caller closes the reader.
	open(ctx context.Context, known version) (io.ReadCloser, version, error)
}

// version identifies the content of an origin. It is stored beside the copy.
type version struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"` // Last-Modified, or a file's time and size

	// Of a TAXII collection: where the next check begins, and when all of it was
	// read, in unix seconds.
	AddedAfter string `json:"added_after,omitempty"`
	Whole      int64  `json:"whole,omitempty"`
}

// limitedReader ends with ErrTooLarge instead of io.EOF when there is more, and
// with the context.
type limitedReader struct {
	ctx    context.Context // nil disables it
	r      io.Reader
	left   int64
	broken error // why r could not be read to its end
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.ctx != nil && l.ctx.Err() != nil {
		l.broken = l.ctx.Err()
		return 0, l.broken
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, ErrTooLarge
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.broken = err
	}
	return n, err
}

type fileOrigin struct{ path string }

func (o fileOrigin) open(_ context.Context, known version) (io.ReadCloser, version, error) {
	f, err := os.Open(o.path)
	if err != nil {
		return nil, version{}, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder", o.path)
	}
	if err != nil {
		return nil, version{}, errors.Join(err, f.Close())
	}
	v := version{Modified: info.ModTime().UTC().Format(time.RFC3339Nano) + " " + strconv.FormatInt(info.Size(), 10)}
	if v == known {
		return nil, v, errors.Join(errUnchanged, f.Close())
	}
	return f, v, nil
}

type httpOrigin struct {
	client   *http.Client
	endpoint string
}

func (o httpOrigin) open(ctx context.Context, known version) (io.ReadCloser, version, error) {
	header := http.Header{}
	if known.ETag != "" {
		header.Set("If-None-Match", known.ETag)
	}
	if known.Modified != "" {
		header.Set("If-Modified-Since", known.Modified)
	}
	res, err := get(ctx, o.client, o.endpoint, header)
	if err != nil {
		return nil, version{}, err
	}
	return res.Body, version{ETag: res.Header.Get("ETag"), Modified: res.Header.Get("Last-Modified")}, nil
}

// get returns an answer with status 200, whose body the caller closes.
// errUnchanged stands for 304.
func get(ctx context.Context, client *http.Client, address string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, withoutURL(err)
	}
	req.Header = header
	header.Set("User-Agent", userAgent)
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL.Host, withoutURL(err))
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	_ = res.Body.Close() // what a refusal says is not needed
	answer := strings.TrimSpace(strconv.Itoa(res.StatusCode) + " " + http.StatusText(res.StatusCode))
	switch res.StatusCode {
	case http.StatusNotModified:
		return nil, errUnchanged
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fmt.Errorf("%s: %w: %s", req.URL.Host, ErrDenied, answer)
	}
	return nil, fmt.Errorf("%s: answered %s", req.URL.Host, answer)
}

// withoutURL returns why a request failed without the URL, which may have a key in its
// query, and truncated, since it may have a server's text.
func withoutURL(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		err = withURL.Err
	}
	text := err.Error()
	switch {
	case strings.HasPrefix(text, "failed to parse Location"):
		return errors.New("redirected to what is no address")
	case len(text) > maxReason:
		return errors.New(cut(text, maxReason) + "...")
	}
	return err
}

const (
	maxRedirects = 10
	maxReason    = 300 // bytes of an error's text
)

// limitRedirects returns a client that never follows redirects from https to http, and
// with stayOnHost none to another host. It sends no Referer.
func limitRedirects(client *http.Client, stayOnHost bool) *http.Client {
	if client == nil {
		client = http.DefaultClient
	}
	copied := *client
	copied.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		switch {
		case len(via) >= maxRedirects:
			return errors.New("more than 10 redirects")
		case via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https":
			return errors.New("redirected from https to http")
		case stayOnHost && req.URL.Host != via[0].URL.Host:
			return fmt.Errorf("redirected to another host, %q, which must not get the feed's credentials: set its address", req.URL.Host)
		}
		req.Header.Del("Referer")
		return nil
	}
	return &copied
}

// hasCredentials reports whether a URL may have credentials.
func hasCredentials(address string) bool {
	u, err := url.Parse(address)
	return err != nil || u.User != nil || u.RawQuery != ""
}
