package s3io

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// closedBody is a request's body as the SDK closes it when the head of the answer is
// there: all of it was read, and WriteTo fails.
type closedBody struct{ *bytes.Reader }

func (closedBody) WriteTo(io.Writer) (int64, error) { return 0, io.EOF }
func (closedBody) Close() error                     { return nil }

func TestAnAnswerThatIsFasterThanTheRequestIsRead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	defer server.Close()
	client := newHTTPClient(&Deps{}, nil)
	defer client.CloseIdleConnections()
	sent := bytes.Repeat([]byte("x"), 100)
	req, err := http.NewRequest(http.MethodPost, server.URL, closedBody{bytes.NewReader(sent)})
	require.NoError(t, err)
	req.ContentLength = int64(len(sent))
	answer, err := client.Do(req)
	require.NoError(t, err)
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.Equal(t, sent, got)
}
