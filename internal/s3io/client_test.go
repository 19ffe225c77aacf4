package s3io_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The tests of this file need no server of their own process.

func setCredentials(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

// Some servers ignore If-Match: the client compares the ETags itself.
func TestAnotherVersionIsToldAlsoByAServerThatIgnoresIfMatch(t *testing.T) {
	setCredentials(t)
	c := client(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("list-type") {
			listed(entry("p/a", "this", 4))(w)
			return
		}
		r.Header.Del("If-Match")
		w.Header().Set("ETag", `"this"`)
		w.Header().Set("X-Amz-Request-Id", "REQ1")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("aabb"))
	})))
	assert.Equal(t, "aabb", string(readAll(t, c, "p/a", "this", 0)))
	assert.Equal(t, "bb", string(readAll(t, c, "p/a", "", 2)))

	_, err := c.Open(context.Background(), source.Object{Bucket: "logs", Key: "p/a", ETag: "another", Size: -1}, 0)
	require.ErrorIs(t, err, source.ErrChanged)
}

func TestEveryCallNamesTheExpectedOwner(t *testing.T) {
	setCredentials(t)
	var owners []string
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		owners = append(owners, r.Method+" "+r.Header.Get("X-Amz-Expected-Bucket-Owner"))
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
	}))
	c := client(t, url, func(_ *s3io.Config, deps *s3io.Deps) { deps.ExpectedBucketOwner = "111122223333" })
	_, err := c.List(context.Background(), s3io.ListInput{Bucket: "b"})
	require.Error(t, err)
	_, err = c.Open(context.Background(), source.Object{Bucket: "b", Key: "k", ETag: "", Size: -1}, 1)
	require.Error(t, err)
	assert.Equal(t, []string{"GET 111122223333", "GET 111122223333", "HEAD 111122223333"}, owners)
}

func TestAnswersAreExplained(t *testing.T) {
	setCredentials(t)
	xml := func(code, message string) string {
		return "<Error><Code>" + code + "</Code><Message>" + message + "</Message><RequestId>REQ1</RequestId></Error>"
	}
	for name, c := range map[string]struct {
		status int
		body   string
		region string // header
		kinds  []error
		parts  []string // of the message
	}{
		"access denied": {
			403, xml("AccessDenied", "User: arn:aws:iam::1:user/x is not authorized"), "",
			[]error{source.ErrDenied},
			[]string{"is not authorized", "s3:GetObject on arn:aws:s3:::b/*", "kms:Decrypt", "s3:ListBucket on arn:aws:s3:::b is not allowed", "expected_bucket_owner", "request REQ1"},
		},
		"archived": {403, xml("InvalidObjectState", "x"), "", []error{source.ErrArchived}, []string{"restore"}},
		"clock":    {403, xml("RequestTimeTooSkewed", "x"), "", []error{s3io.ErrWrongCredentials, source.ErrUnreachable}, []string{"clock"}},
		"expired":  {400, xml("ExpiredToken", "x"), "", []error{s3io.ErrWrongCredentials, source.ErrUnreachable}, []string{"aws.profile"}},
		"region in a header": {
			301, xml("PermanentRedirect", "x"), "eu-central-1",
			[]error{s3io.ErrWrongRegion, source.ErrUnreachable},
			[]string{"set aws.region to eu-central-1 (now us-east-1)"},
		},
		"region in a message": {
			400, xml("AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'"), "",
			[]error{s3io.ErrWrongRegion},
			[]string{"set aws.region to eu-west-1"},
		},
		"region not told": {301, "", "", []error{source.ErrUnreachable}, nil},
		"a proxy's 404":   {404, "<html>not here</html>", "", []error{source.ErrUnreachable}, []string{"does not speak S3", "aws.endpoint"}},
		"a proxy's 403":   {403, "go away", "", []error{source.ErrUnreachable}, []string{"does not speak S3"}},
		"no such key":     {404, xml("NoSuchKey", "x"), "", []error{source.ErrGone}, []string{"s3://b/k"}},
		"customer's key":  {400, xml("InvalidRequest", "encrypted"), "", []error{source.ErrDenied}, []string{"encrypted"}},
		"throttled":       {400, xml("ThrottlingException", "Rate exceeded"), "", []error{source.ErrUnreachable}, []string{"passes by itself"}},
		"key denied": {
			403, xml("AccessDenied", "User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:1:key/2"), "",
			[]error{source.ErrDenied},
			[]string{"allow kms:Decrypt on the KMS key that encrypts the object", "arn:aws:kms:us-east-1:1:key/2"},
		},
		"key disabled": {400, xml("KMS.DisabledException", "x"), "", []error{source.ErrDenied}, []string{"KMS.DisabledException", "make it usable"}},
		"too fast":     {429, xml("TooManyRequests", "x"), "", []error{source.ErrUnreachable}, nil},
		"long text":    {403, xml("AccessDenied", strings.Repeat("many words\n", 1000)), "", []error{source.ErrDenied}, []string{"..."}},
		"changed":      {412, xml("PreconditionFailed", "x"), "", []error{source.ErrChanged}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("list-type") { // the second look at what is gone or changed
					if c.status == http.StatusPreconditionFailed {
						listed(entry("k", "another", 1))(w)
					} else {
						listed()(w)
					}
					return
				}
				if c.region != "" {
					w.Header().Set("X-Amz-Bucket-Region", c.region)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			cl := client(t, url, func(_ *s3io.Config, deps *s3io.Deps) { deps.ExpectedBucketOwner = "111122223333" })
			_, err := cl.Open(context.Background(), source.Object{Bucket: "b", Key: "k", ETag: "", Size: -1}, 0)
			for _, kind := range c.kinds {
				require.ErrorIs(t, err, kind)
			}
			for _, part := range c.parts {
				assert.Contains(t, err.Error(), part)
			}
			assert.Contains(t, err.Error(), "s3://b/k")
			assert.NotContains(t, err.Error(), "\n")
			assert.Less(t, len(err.Error()), 900)
			t.Log(err)
		})
	}
}

// Only what comes of the token itself begins a list anew.
func TestRefusedTokenIsTold(t *testing.T) {
	setCredentials(t)
	for code, refused := range map[string]bool{"InvalidArgument": true, "InvalidRequest": true, "ExpiredToken": false, "AuthorizationHeaderMalformed": false} {
		url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>The continuation token provided is incorrect</Message></Error>")
		}))
		cl := client(t, url)
		_, err := cl.List(context.Background(), s3io.ListInput{Bucket: "b", Prefix: "p/", Token: "stale"})
		require.ErrorIs(t, err, source.ErrUnreachable, code)
		assert.Equal(t, refused, errors.Is(err, s3io.ErrToken), code)
		_, err = cl.List(context.Background(), s3io.ListInput{Bucket: "b", Prefix: "p/"})
		assert.NotErrorIs(t, err, s3io.ErrToken, code)
	}
}

func TestServerWithoutRanges(t *testing.T) {
	setCredentials(t)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "whole") }))
	_, err := client(t, url).Open(context.Background(), source.Object{Bucket: "b", Key: "k", ETag: "", Size: 5}, 2)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "does not support ranges")
}

func TestWithoutAVersionNothingIsResumed(t *testing.T) {
	setCredentials(t)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "part")
	}))
	r, err := client(t, url).Open(context.Background(), source.Object{Bucket: "b", Key: "k", ETag: "", Size: 100}, 0)
	require.NoError(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	require.ErrorIs(t, err, source.ErrUnreachable)
	assert.Equal(t, "part", string(got))
}

func TestCancelledCallsSaySo(t *testing.T) {
	setCredentials(t)
	url := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := client(t, url).List(ctx, s3io.ListInput{Bucket: "b"})
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotErrorIs(t, err, source.ErrUnreachable)
}

func TestEveryWrongSettingIsReported(t *testing.T) {
	c := s3io.Config{Endpoint: "localhost:9000", ExternalID: "x"}
	err := c.Validate("aws")
	for _, key := range []string{"endpoint", "external_id"} {
		assert.ErrorContains(t, err, "`aws::"+key+"` ")
	}
}

func TestWrongSettings(t *testing.T) {
	setCredentials(t)
	for _, endpoint := range []string{
		"localhost:9000", "ftp://x", "http://", "://", "https://planted@s3.example.com", "https://user:planted@s3.example.com",
		"https://user:planted@s3.example.com:port", "https://s3.example.com/?token=planted", "https://s3.example.com?", "https://s3.example.com/#planted",
	} {
		_, err := s3io.New(context.Background(), s3io.Config{Endpoint: endpoint}, s3io.Deps{})
		require.Error(t, err, endpoint)
		assert.Contains(t, err.Error(), "`aws::endpoint`")
		assert.NotContains(t, err.Error(), "planted")
	}
	_, err := s3io.New(context.Background(), s3io.Config{ExternalID: "x"}, s3io.Deps{})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "`role_arn`")
	_, err = s3io.New(context.Background(), s3io.Config{Profile: "nobody"}, s3io.Deps{})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "aws.profile")
	assert.Contains(t, err.Error(), "nobody")
}

func TestRoleThatCannotBeAssumed(t *testing.T) {
	setCredentials(t)
	var asked string
	t.Setenv("AWS_ENDPOINT_URL_STS", serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = string(body)
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>`)
	})))
	c := client(t, "http://127.0.0.1:1", func(cfg *s3io.Config, _ *s3io.Deps) {
		cfg.RoleARN, cfg.ExternalID = "arn:aws:iam::111122223333:role/logs", "secret-id"
	})
	_, err := c.List(context.Background(), s3io.ListInput{Bucket: "b"})
	require.ErrorIs(t, err, s3io.ErrNoCredentials)
	require.ErrorIs(t, err, source.ErrUnreachable)
	assert.Contains(t, err.Error(), "role/logs")
	assert.Contains(t, err.Error(), "AccessDenied")
	assert.Contains(t, err.Error(), "aws.external_id")
	assert.Contains(t, asked, "ExternalId=secret-id")
	t.Log(err)
}

func TestEndedReaderGivesItsConnectionBack(t *testing.T) {
	setCredentials(t)
	conns := map[string]bool{}
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conns[r.RemoteAddr] = true
		w.Header().Set("ETag", `"e"`)
		_, _ = io.WriteString(w, "body")
	}))
	c := client(t, url)
	for range 20 {
		readAll(t, c, "k", "e", 0)
		time.Sleep(20 * time.Millisecond) // it goes back behind the reader's back
	}
	assert.LessOrEqual(t, len(conns), 3)
}
