package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// truncating answers the first GET of each object with half of its body, as a
// proxy does that gives up and does not say so: the answer ends well, and only
// who knows the object's size can tell.
func truncating() func(http.ResponseWriter, *http.Request, http.Handler) {
	var mu sync.Mutex
	seen := map[string]bool{}
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		first := !seen[r.URL.Path] && strings.HasPrefix(r.URL.Path, "/logs/access/")
		seen[r.URL.Path] = true
		mu.Unlock()
		if !first {
			next.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
	}
}

func TestTruncatedBodies(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(89, 50, 6, 500)
	for _, kind := range []string{"bucket", "queue"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := newFollowing(t, feeds[kind](t, c))
			f.source = strings.Replace(f.source, f.server.Endpoint, newDoor(t, f.server.Endpoint, truncating()).URL, 1)
			collector := f.start(t)
			collector.settled(t, 30*time.Second, "ok", len(c.objects))
			collector.stop(t, 15*time.Second)
			assert.Zero(t, f.back.assertAll(t, c.want), "records came twice")
			f.back.metrics.assertAll(t, c.sums, 1)
		})
	}
}
