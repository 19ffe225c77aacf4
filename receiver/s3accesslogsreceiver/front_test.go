package s3accesslogsreceiver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// refusal is an answer of S3's that refuses.
type refusal struct {
	status        int
	code, message string
	region        string // of the bucket, in a header; "": it is not sent
}

// front stands before an S3 server and refuses what it is told to.
type front struct {
	URL string

	mu        sync.Mutex // guards everything below
	list, get refusal    // the zero value: the server answers
}

func newFront(t *testing.T, server string) *front {
	t.Helper()
	f := &front{}
	f.URL = interpose(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if no := f.refusal(r); no.status != 0 {
			no.answer(w)
			return
		}
		pass.ServeHTTP(w, r)
	})
	return f
}

// interpose starts a server in front of another one, which pass asks, and returns
// its URL.
func interpose(t *testing.T, server string, serve func(w http.ResponseWriter, r *http.Request, pass http.Handler)) string {
	t.Helper()
	target, err := url.Parse(server)
	require.NoError(t, err)
	transport := &http.Transport{}
	pass := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		},
		// A shutdown ends requests; nobody has to read of that.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, pass) }))
	t.Cleanup(func() {
		front.Close()
		transport.CloseIdleConnections()
	})
	return front.URL
}

// refuse sets what lists and downloads are answered from now on.
func (f *front) refuse(list, get refusal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.get = list, get
}

func (f *front) refusal(r *http.Request) refusal {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Query().Has("list-type") {
		return f.list
	}
	return f.get
}

func (no refusal) answer(w http.ResponseWriter) {
	if no.region != "" {
		w.Header().Set("X-Amz-Bucket-Region", no.region)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(no.status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message><RequestId>FRONT</RequestId></Error>", no.code, no.message)
}
