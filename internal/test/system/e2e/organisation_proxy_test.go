package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tunnels is a proxy for HTTPS that ends every tunnel itself: whatever host is asked for,
// it answers with a certificate of its own authority. It stops with the test.
type tunnels struct {
	url    string // for HTTPS_PROXY
	bundle string // for AWS_CA_BUNDLE
	// enter is asked before a tunnel to a host with its port is made. It may wait; false
	// refuses it.
	enter func(r *http.Request) bool

	issuer  *authority
	inside  chan net.Conn
	closing chan struct{}
	address net.Addr
}

// newTunnels starts a proxy whose requests inner serves.
func newTunnels(t testing.TB, inner http.Handler, enter func(r *http.Request) bool) *tunnels {
	t.Helper()
	p := &tunnels{
		bundle: filepath.Join(t.TempDir(), "ca.pem"), enter: enter,
		issuer: newAuthority(t), inside: make(chan net.Conn), closing: make(chan struct{}),
	}
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.issuer.own.Raw})
	require.NoError(t, os.WriteFile(p.bundle, bundle, 0o600))
	door := httptest.NewServer(p)
	p.url, p.address = door.URL, door.Listener.Addr()
	quiet := log.New(io.Discard, "", 0) // connections break on purpose
	served := &http.Server{Handler: inner, ErrorLog: quiet, ReadHeaderTimeout: time.Minute}
	var serving sync.WaitGroup
	serving.Go(func() { _ = served.Serve(p) }) // it ends by Close
	t.Cleanup(func() {
		close(p.closing)
		_ = served.Close()
		serving.Wait()
		door.CloseClientConnections()
		door.Close()
	})
	return p
}

// ServeHTTP implements http.Handler: it makes a tunnel.
func (p *tunnels) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect || !p.enter(r) {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		conn.Close()
		return
	}
	tunnel := tls.Server(conn, &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return p.issuer.certificate(hello.ServerName)
		},
	})
	select {
	case p.inside <- tunnel:
	case <-p.closing:
		tunnel.Close()
	}
}

// Accept implements net.Listener.
func (p *tunnels) Accept() (net.Conn, error) {
	select {
	case conn := <-p.inside:
		return conn, nil
	case <-p.closing:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. The proxy closes with the test.
func (p *tunnels) Close() error { return nil }

// Addr implements net.Listener.
func (p *tunnels) Addr() net.Addr { return p.address }

// authority issues certificates for any host.
type authority struct {
	own *x509.Certificate
	key *ecdsa.PrivateKey

	mu     sync.Mutex // guards everything below
	issued map[string]*tls.Certificate
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "simulated organisation"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	require.NoError(t, err)
	own, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	return &authority{own: own, key: key, issued: map[string]*tls.Certificate{}}
}

// certificate returns that of a host.
func (a *authority) certificate(host string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.issued[host]; c != nil {
		return c, nil
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(a.issued)) + 2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: a.own.NotBefore, NotAfter: a.own.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, a.own, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	a.issued[host] = &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: a.key}
	return a.issued[host], nil
}

// waitFor waits until a condition holds, and reports whether it did before ctx ended.
func waitFor(ctx context.Context, condition func() bool) bool {
	for !condition() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return true
}
