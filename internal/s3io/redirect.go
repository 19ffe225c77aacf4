package s3io

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const maxRedirects = 10

var errRedirects = errors.New("redirected more than 10 times")

// followTemporary follows temporary redirects within a host. Redirects to another host
// are not followed: a request is signed for one host, so the other would get it without
// credentials and deny access. S3 sends such redirects while the name of a new bucket
// propagates, and for buckets of other regions.
func followTemporary(req *http.Request, via []*http.Request) error {
	switch req.Response.StatusCode {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return http.ErrUseLastResponse
	}
	from := via[len(via)-1].URL
	if req.URL.Host != from.Host || from.Scheme == "https" && req.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	if len(via) >= maxRedirects {
		return errRedirects
	}
	return nil
}

// redirect is a redirect that was not followed.
type redirect struct {
	status   int
	from, to string // scheme and host
}

func (r redirect) String() string {
	return fmt.Sprintf("%d, a redirect from %q to %q, which is not followed: a request is signed for one host", r.status, r.from, r.to)
}

// redirection returns the redirect in err; ok is false if there is none.
func redirection(err error) (r redirect, ok bool) {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.Response == nil {
		return r, false
	}
	answer := response.Response.Response
	if answer == nil || answer.Request == nil || answer.StatusCode < 300 || answer.StatusCode > 399 || answer.Header.Get("Location") == "" {
		return r, false
	}
	from := answer.Request.URL
	to, err := from.Parse(answer.Header.Get("Location"))
	if err != nil {
		to = &url.URL{} // not a URL, and possibly secret
	}
	origin := func(u *url.URL) string { return brief(u.Scheme + "://" + u.Host) }
	return redirect{answer.StatusCode, origin(from), origin(to)}, true
}
