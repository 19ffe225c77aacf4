// Package server answers requests for a report's page and its data, and nothing else: GET
// and HEAD, no other origin, and, unless somebody else checks who asks, no host name that
// is not the endpoint's.
package server

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

// Content is what is served. It does not change.
type Content struct {
	ETag string                        // of the data, without quotes
	Data []byte                        // JSON, compressed with gzip
	Page func(w io.Writer) (err error) // writes the page

	once       sync.Once
	compressed []byte
}

// page returns the page, compressed.
func (c *Content) page() []byte {
	c.once.Do(func() {
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		if err == nil && c.Page(w) == nil && w.Close() == nil {
			c.compressed = b.Bytes()
		}
	})
	return c.compressed
}

// Handler answers requests.
type Handler struct {
	Policy  string          // Content-Security-Policy
	Current func() *Content // safe for concurrent use; nil: none yet
	AnyHost bool            // somebody else checks who asks
	Host    string          // of the endpoint
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	for name, value := range map[string]string{
		"Content-Security-Policy":      h.Policy,
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "private, no-cache",
	} {
		header.Set(name, value)
	}
	switch {
	case !h.AnyHost && !h.knows(r.Host):
		http.Error(w, "this report is served by another name", http.StatusMisdirectedRequest)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "GET and HEAD only", http.StatusMethodNotAllowed)
	case r.URL.Path == "/":
		h.answer(w, r, "text/html; charset=utf-8", "p", (*Content).page)
	case r.URL.Path == "/data":
		h.answer(w, r, "application/json", "", func(c *Content) []byte { return c.Data })
	default:
		http.Error(w, "not found", http.StatusNotFound)
	}
}

// knows reports whether a Host is the endpoint's, localhost or an address: a name that an
// attacker lets resolve to this machine is none of them.
func (h *Handler) knows(hostport string) bool {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(host), "["), "]")
	if host == "localhost" || host != "" && host == strings.ToLower(h.Host) {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, kind, mark string, of func(*Content) []byte) {
	c := h.Current()
	if c == nil {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "there is no report yet", http.StatusServiceUnavailable)
		return
	}
	header := w.Header()
	etag := `"` + mark + c.ETag + `"`
	header.Set("ETag", etag)
	header.Set("Vary", "Accept-Encoding")
	if matches(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", kind)
	body := of(c)
	if accepts(r.Header.Get("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
		if r.Method == http.MethodGet {
			_, _ = w.Write(body) // the client may be gone
		}
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	if plain, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
		_, _ = io.Copy(w, plain) //nolint:gosec // what this process compressed
	}
}

func matches(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == etag || one == "*" {
			return true
		}
	}
	return false
}

// accepts reports whether a client takes gzip.
func accepts(header string) bool {
	for one := range strings.SplitSeq(header, ",") {
		coding, parameters, _ := strings.Cut(strings.TrimSpace(one), ";")
		if c := strings.TrimSpace(coding); c != "gzip" && c != "*" {
			continue
		}
		q := strings.ReplaceAll(parameters, " ", "")
		return q != "q=0" && !strings.HasPrefix(q, "q=0.0")
	}
	return false
}
