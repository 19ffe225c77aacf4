package e2e

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// exampleSink is a generic OTLP back end, over gRPC and over HTTPS, that takes
// logs and metrics. With a token it insists on it, and on TLS over gRPC too.
type exampleSink struct {
	grpc   string // host:port
	http   string // https://host:port
	caFile string // its certificate

	mu        sync.Mutex // guards everything below
	away      bool       // HTTP answers 503
	denied    int        // requests without the token
	uids      uids
	instances map[string]bool
	headers   map[string]http.Header // of the last request over HTTP, by path
	logs      []plog.Logs
	series    map[string]int64 // aws.s3.server.requests by instance and attributes
	seen      int              // points of aws.s3.server.requests
	outside   int              // of them, those that are not of one minute of the past
}

// newExampleSink starts a back end. It ends with the test.
func newExampleSink(t testing.TB, token string) *exampleSink {
	t.Helper()
	s := &exampleSink{uids: uids{}, instances: map[string]bool{}, headers: map[string]http.Header{}, series: map[string]int64{}}
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, token) }))
	web.StartTLS()
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
	})
	s.http = web.URL
	s.caFile = filepath.Join(t.TempDir(), "ca.pem")
	pemText := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	require.NoError(t, os.WriteFile(s.caFile, pemText, 0o600))
	options := []grpc.ServerOption{grpc.WaitForHandlers(true), grpc.UnaryInterceptor(s.intercept(token))}
	if token != "" {
		options = append(options, grpc.Creds(credentials.NewTLS(&tls.Config{
			Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"},
		})))
	}
	s.listen(t, grpc.NewServer(options...))
	return s
}

func (s *exampleSink) listen(t testing.TB, server *grpc.Server) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.grpc = listener.Addr().String()
	plogotlp.RegisterGRPCServer(server, &sinkLogs{s: s})
	pmetricotlp.RegisterGRPCServer(server, &sinkMetrics{s: s})
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // it ends by Stop
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
}

// intercept lets nobody in without the token.
func (s *exampleSink) intercept(token string) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		headers, _ := metadata.FromIncomingContext(ctx)
		if !s.admits(token, strings.Join(headers.Get("authorization"), ",")) {
			return nil, status.Error(codes.Unauthenticated, "no token")
		}
		return next(ctx, request)
	}
}

func (s *exampleSink) admits(token, authorization string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == "" || authorization == "Bearer "+token {
		return true
	}
	s.denied++
	return false
}

// serve takes OTLP/HTTP.
func (s *exampleSink) serve(w http.ResponseWriter, r *http.Request, token string) {
	if s.isAway() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if !s.admits(token, r.Header.Get("Authorization")) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := unpacked(r)
	if err == nil {
		s.note(r)
		err = s.takeBody(r.URL.Path, body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (s *exampleSink) note(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.headers[r.URL.Path] = r.Header
}

func unpacked(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	text, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(text)
}

func (s *exampleSink) takeBody(path string, body []byte) error {
	if strings.HasSuffix(path, "/v1/metrics") {
		in := pmetricotlp.NewExportRequest()
		if err := in.UnmarshalProto(body); err != nil {
			return err
		}
		s.takeMetrics(in.Metrics())
		return nil
	}
	in := plogotlp.NewExportRequest()
	if err := in.UnmarshalProto(body); err != nil {
		return err
	}
	s.takeLogs(in.Logs())
	return nil
}

type sinkLogs struct {
	plogotlp.UnimplementedGRPCServer
	s *exampleSink
}

func (l *sinkLogs) Export(_ context.Context, in plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	l.s.takeLogs(in.Logs())
	return plogotlp.NewExportResponse(), nil
}

type sinkMetrics struct {
	pmetricotlp.UnimplementedGRPCServer
	s *exampleSink
}

func (m *sinkMetrics) Export(_ context.Context, in pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	m.s.takeMetrics(in.Metrics())
	return pmetricotlp.NewExportResponse(), nil
}

func (s *exampleSink) takeLogs(logs plog.Logs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs = append(s.logs, logs)
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				uid, _ := record.Attributes().Get("log.record.uid")
				s.uids[uid.Str()]++
			}
		}
	}
}

func (s *exampleSink) takeMetrics(metrics pmetric.Metrics) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rm := range metrics.ResourceMetrics().All() {
		instance, _ := rm.Resource().Attributes().Get("service.instance.id")
		s.instances[instance.Str()] = true
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				if m.Name() == "aws.s3.server.requests" {
					s.takeSum(instance.Str(), m.Sum())
				}
			}
		}
	}
}

// takeSum keeps a cumulative series' last value, and adds up deltas.
func (s *exampleSink) takeSum(instance string, of pmetric.Sum) {
	for _, point := range of.DataPoints().All() {
		key := instance + fmt.Sprint(point.Attributes().AsRaw())
		if of.AggregationTemporality() == pmetric.AggregationTemporalityDelta {
			s.series[key] += point.IntValue()
		} else {
			s.series[key] = point.IntValue()
		}
		s.seen++
		start, end := point.StartTimestamp().AsTime(), point.Timestamp().AsTime()
		if end.Sub(start) != time.Minute || start.Second() != 0 || time.Since(end) < time.Hour {
			s.outside++
		}
	}
}

func (s *exampleSink) isAway() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

func (s *exampleSink) setAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func (s *exampleSink) unauthorized() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.denied
}

// distinct is how many different records there are.
func (s *exampleSink) distinct() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uids)
}

// requests is the sum over all series.
func (s *exampleSink) requests() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, value := range s.series {
		n += value
	}
	return n
}

// points is how many points there were, and how many of them were not of one
// minute of the past.
func (s *exampleSink) points() (seen, outside int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen, s.outside
}

// assertRecords compares what was taken, each record once, with what there is.
func (s *exampleSink) assertRecords(t *testing.T, want uids) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	assertSame(t, want, s.uids)
}
