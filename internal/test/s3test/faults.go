package s3test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy passes requests on to a server and breaks those that its faults say.
// Requests keep their Host, so that signatures stay right.
type Proxy struct {
	URL string

	target string
	client *http.Client
	conns  atomic.Int64
	gets   atomic.Int64
	lists  atomic.Int64

	mu     sync.Mutex // guards everything below
	faults []Fault
	ranges []string
}

// Fault breaks one request. It is used up by it.
type Fault struct {
	Cut    int64  // the connection breaks after so many bytes of the body; 0: it does not
	Stall  bool   // after Cut bytes nothing comes any more, instead of a break
	Status int    // is answered without asking the server; 0: the server is asked
	Body   string // of Status; "": S3's SlowDown
}

const slowDown = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code>` +
	`<Message>Please reduce your request rate.</Message><RequestId>PROXY0000</RequestId></Error>`

// NewProxy starts a proxy in front of target, a URL. It stops with the test.
func NewProxy(t testing.TB, target string) *Proxy {
	p := &Proxy{target: target, client: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 64, DisableCompression: true,
	}}}
	srv := httptest.NewUnstartedServer(p)
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			p.conns.Add(1)
		}
	}
	srv.Start()
	p.URL = srv.URL
	t.Cleanup(func() {
		srv.CloseClientConnections() // ends what Stall holds
		srv.Close()
		p.client.CloseIdleConnections()
	})
	return p
}

// Inject adds faults. Each of the next requests for an object or a list meets one.
func (p *Proxy) Inject(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, faults...)
}

// Heal takes the faults back that no request met.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

// Conns is the number of connections that were made to the proxy.
func (p *Proxy) Conns() int { return int(p.conns.Load()) }

// Gets is the number of GETs of objects so far.
func (p *Proxy) Gets() int { return int(p.gets.Load()) }

// Lists is the number of list requests so far.
func (p *Proxy) Lists() int { return int(p.lists.Load()) }

// Ranges are the Range headers of the GETs of objects so far, "" for none.
func (p *Proxy) Ranges() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.ranges...)
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := p.take(r)
	if fault.Status != 0 {
		body := fault.Body
		if body == "" {
			body = slowDown
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(fault.Status)
		_, _ = io.WriteString(w, body)
		return
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, p.target+r.URL.RequestURI(), r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	out.Header, out.Host, out.ContentLength = r.Header.Clone(), r.Host, r.ContentLength
	resp, err := p.client.Do(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	if fault.Cut <= 0 {
		_, _ = io.Copy(w, resp.Body)
		return
	}
	_, _ = io.CopyN(w, resp.Body, fault.Cut)
	_ = http.NewResponseController(w).Flush()
	if fault.Stall {
		<-r.Context().Done()
	}
	panic(http.ErrAbortHandler) // breaks the connection
}

// take counts the request and returns the fault it meets.
func (p *Proxy) take(r *http.Request) Fault {
	list := r.URL.Query().Has("list-type")
	object := !list && r.Method == http.MethodGet && strings.Count(r.URL.Path, "/") > 1
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case list:
		p.lists.Add(1)
	case object:
		p.gets.Add(1)
		p.ranges = append(p.ranges, r.Header.Get("Range"))
	}
	if !list && !object || len(p.faults) == 0 {
		return Fault{}
	}
	fault := p.faults[0]
	p.faults = p.faults[1:]
	return fault
}
