package s3io_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// startTLS starts a server with a certificate for the name that ends at this
// time, and returns its URL and the certificate as a PEM file.
func startTLS(t *testing.T, name string, end time.Time) (url, bundle string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.Add(-time.Hour), NotAfter: end, DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail, as they are to
	server.StartTLS()
	t.Cleanup(server.Close)
	bundle = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return "https://localhost" + server.URL[len("https://127.0.0.1"):], bundle
}

// Whichever service has a certificate that is not trusted, the message names the
// variable that helps.
func TestErrorsOfCertificatesNameTheBundle(t *testing.T) {
	const plain = "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		cert   string
		end    time.Time
		bundle bool
		says   string
	}{
		"unknown authority": {"localhost", time.Now().Add(time.Hour), false, "x509: certificate signed by unknown authority"},
		"expired":           {"localhost", time.Now().Add(-time.Minute), true, "x509: certificate has expired"},
		"another name":      {"example.com", time.Now().Add(time.Hour), true, "x509: certificate is valid for example.com, not localhost"},
	} {
		t.Run(name, func(t *testing.T) {
			server, bundle := startTLS(t, c.cert, c.end)
			t.Setenv("AWS_CA_BUNDLE", "")
			if c.bundle {
				t.Setenv("AWS_CA_BUNDLE", bundle)
			}
			t.Setenv("AWS_ENDPOINT_URL_STS", server)
			ctx := context.Background()
			list := func(cfg s3io.Config) error {
				client, err := s3io.New(ctx, cfg, s3io.Deps{})
				require.NoError(t, err)
				defer client.Close()
				_, err = client.List(ctx, s3io.ListInput{Bucket: "logs"})
				return err
			}
			receive := func(url string, cfg s3io.Config) error {
				q, err := s3io.NewQueue(ctx, url+"/1/q", cfg)
				require.NoError(t, err)
				defer q.Close()
				_, err = q.Receive(ctx, s3io.Receive{Max: 1, Visibility: time.Minute})
				return err
			}
			t.Setenv("AWS_ACCESS_KEY_ID", "any")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
			t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			role := s3io.Config{RoleARN: "arn:aws:iam::111122223333:role/r", Endpoint: plain}
			var calls sync.WaitGroup
			for service, call := range map[string]func() error{
				"S3":           func() error { return list(s3io.Config{Endpoint: server, ForcePathStyle: true}) },
				"SQS":          func() error { return receive(server, s3io.Config{}) },
				"STS, for S3":  func() error { return list(role) },
				"STS, for SQS": func() error { return receive(plain, role) },
			} {
				if c.bundle && service != "S3" {
					continue // the retries of all take their time
				}
				calls.Go(func() {
					err := call()
					assert.ErrorIs(t, err, source.ErrUnreachable, service)
					assert.ErrorContains(t, err, c.says, service)
					assert.ErrorContains(t, err, "; if the server, or a proxy before it, has a certificate authority of its own, set AWS_CA_BUNDLE to a PEM file of it", service)
					assert.NotContains(t, err.Error(), "AWS_ACCESS_KEY_ID", service)
				})
			}
			calls.Wait()
		})
	}
}
