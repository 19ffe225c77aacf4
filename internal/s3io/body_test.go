package s3io

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// flood is a body of 200 MB in an element that does not end.
type flood struct{ read *int64 }

const floodLen = 200 << 20

func (f flood) Read(p []byte) (int, error) {
	const head = "<Error><Message>"
	if *f.read >= floodLen {
		return 0, io.EOF
	}
	n := min(len(p), 64<<10)
	for i := range p[:n] {
		p[i] = 'x'
	}
	if *f.read == 0 {
		copy(p[:n], head)
	}
	*f.read += int64(n)
	return n, nil
}

func TestWhatIsNoObjectIsReadUpToALimit(t *testing.T) {
	for what, c := range map[string]struct {
		status int
		call   func(t *testing.T, transport http.RoundTripper) error
	}{
		"list":                {200, listOver},
		"list that is denied": {403, listOver},
		"object that is denied": {403, func(t *testing.T, transport http.RoundTripper) error {
			_, err := answered(t, transport).Open(t.Context(), source.Object{Bucket: "b", Key: "k", Size: -1}, 0)
			return err
		}},
		"messages":                 {200, receiveOver},
		"messages that are denied": {403, receiveOver},
		"role":                     {200, assumeOver},
		"role that is denied":      {403, assumeOver},
	} {
		if raceEnabled && what != "list" && what != "messages that are denied" {
			continue
		}
		t.Run(what, func(t *testing.T) {
			var read int64
			err := c.call(t, always(c.status, func() io.Reader { return flood{&read} }))
			require.ErrorIs(t, err, source.ErrUnreachable)
			assert.Contains(t, err.Error(), "longer than 16 MiB")
			assert.Positive(t, read)
			assert.LessOrEqual(t, read, int64(maxBody+1<<20))
			t.Log(err)
		})
	}
}

func listOver(t *testing.T, transport http.RoundTripper) error {
	_, err := answered(t, transport).List(t.Context(), ListInput{Bucket: "b"})
	return err
}

func receiveOver(t *testing.T, transport http.RoundTripper) error {
	_, err := answeredQueue(t, transport).Receive(t.Context(), Receive{Max: 1})
	return err
}

func assumeOver(t *testing.T, transport http.RoundTripper) error {
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	c, err := New(t.Context(), Config{RoleARN: "arn:aws:iam::111122223333:role/logs"}, Deps{})
	require.NoError(t, err)
	c.access.http.Transport = transport
	_, err = c.List(t.Context(), ListInput{Bucket: "b"})
	require.ErrorIs(t, err, ErrNoCredentials)
	return err
}

// The role of a pod is assumed by the SDK's own chain, with an HTTP client of
// its own.
func TestAnswersToTheChainEndToo(t *testing.T) {
	var sent atomic.Int64
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		var read int64
		n, _ := io.Copy(w, flood{&read})
		sent.Add(n)
	}))
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("token"), 0o600))
	for name, v := range map[string]string{
		"AWS_ENDPOINT_URL_STS": sts.URL, "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": token + "2", "AWS_SHARED_CREDENTIALS_FILE": token + "2",
	} {
		t.Setenv(name, v)
	}
	c, err := New(t.Context(), Config{}, Deps{})
	require.NoError(t, err)
	_, err = c.List(t.Context(), ListInput{Bucket: "b"})
	sts.Close()
	require.ErrorIs(t, err, ErrNoCredentials)
	assert.Contains(t, err.Error(), "longer than 16 MiB")
	assert.Less(t, sent.Load(), int64(floodLen/2), "with what the connection holds")
}

func TestObjectsHaveNoLimit(t *testing.T) {
	const size = maxBody + 1<<20
	c := answered(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		answer, err := always(http.StatusOK, func() io.Reader { return strings.NewReader(strings.Repeat("x", size)) })(r)
		answer.Header.Set("ETag", `"e"`)
		return answer, err
	}))
	r, err := c.Open(t.Context(), source.Object{Bucket: "b", Key: "k", ETag: "e", Size: size}, 0)
	require.NoError(t, err)
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	require.NoError(t, err)
	assert.EqualValues(t, size, n)
}

// The SDK takes each of these for an answer without messages, or without
// entries.
func TestOnlyAJSONObjectIsAnAnswerOfAQueue(t *testing.T) {
	for what, c := range map[string]struct{ body, says string }{
		"empty":  {"", "empty body"},
		"blank":  {"\n", "empty body"},
		"HTML":   {"<html><body>sign in</body></html>", "HTML page"},
		"XML":    {"<ReceiveMessageResponse/>", "XML"},
		"null":   {"null", "JSON"},
		"array":  {"[]", "JSON"},
		"string": {`"ok"`, "JSON"},
		"cut":    {`{"Messages":[`, "neither XML nor JSON"},
		"twice":  {`{}{}`, "neither XML nor JSON"},
		"text":   {"ok", "neither XML nor JSON"},
	} {
		t.Run(what, func(t *testing.T) {
			q := answeredQueue(t, always(http.StatusOK, func() io.Reader { return strings.NewReader(c.body) }))
			_, received := q.Receive(t.Context(), Receive{Max: 1})
			_, deleted := q.Delete(t.Context(), []string{"r"})
			_, set := q.SetVisibility(t.Context(), []Visibility{{Receipt: "r", For: time.Minute}})
			_, attributes := q.MaxReceives(t.Context())
			for _, err := range []error{received, deleted, set, attributes} {
				require.ErrorIs(t, err, source.ErrUnreachable)
				assert.Contains(t, err.Error(), "the answer is not a JSON object: "+c.says+"; check queue.url and proxies")
			}
			t.Log(received)
		})
	}
	for _, body := range []string{"{}", ` {"Messages":[]} `, `{"Messages":null}`} {
		q := answeredQueue(t, always(http.StatusOK, func() io.Reader { return strings.NewReader(body) }))
		messages, err := q.Receive(t.Context(), Receive{Max: 1})
		require.NoError(t, err)
		assert.Empty(t, messages)
	}
}
