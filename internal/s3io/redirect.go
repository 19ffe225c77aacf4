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

// followTemporary follows temporary redirects within a host. To another host they
// are not: a request is signed for one, so that the other would be asked without
// credentials, and answer that access is denied. S3 sends such redirects while the
// name of a new bucket spreads, and for buckets of other regions.
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

// redirect is an answer that sends to another address, which is not asked.
type redirect struct {
	status   int
	from, to string // scheme and host
}

func (r redirect) String() string {
	return fmt.Sprintf("%d, a redirect from %q to %q, which is not followed: a request is signed for one host", r.status, r.from, r.to)
}

// redirection is ok when err holds the answer of a redirect that was not followed.
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
		to = &url.URL{} // it is none, and what it is must not be repeated
	}
	origin := func(u *url.URL) string { return brief(u.Scheme + "://" + u.Host) }
	return redirect{answer.StatusCode, origin(from), origin(to)}, true
}
