package s3io

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// A proxy that gives up in the middle may end its answer in due form: chunked,
// or with a Content-Length of its own. The size in the list is what
// tells that something is missing.
func TestAnswerThatEndsEarlyInDueFormIsResumed(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	object := strings.Repeat("0123456789", 1000)
	var gets atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := 0
		w.Header().Set("ETag", `"e"`)
		if n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); n == 1 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(object)-1, len(object)))
			w.WriteHeader(http.StatusPartialContent)
		}
		part := object[from:min(from+3000, len(object))]
		if gets.Add(1)%2 == 0 {
			w.Header().Set("Content-Length", fmt.Sprint(len(part)))
		}
		_, _ = io.WriteString(w, part)
		_ = http.NewResponseController(w).Flush() // chunked unless the length is set
	}))
	defer s.Close()
	c, err := New(t.Context(), Config{Endpoint: s.URL, ForcePathStyle: true}, Deps{Backoff: func(int) time.Duration { return 0 }})
	require.NoError(t, err)

	r, err := c.Open(t.Context(), source.Object{Bucket: "b", Key: "k", ETag: "e", Size: int64(len(object))}, 0)
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	assert.Equal(t, object, string(got))
	assert.EqualValues(t, 4, gets.Load())
}
