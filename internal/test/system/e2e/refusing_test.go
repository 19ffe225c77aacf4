package e2e

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
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
	"google.golang.org/grpc/status"
)

// refusal is an answer that the exporters take for permanent, in one protocol.
type refusal struct {
	http int        // a status; 0: gRPC
	grpc codes.Code // OK: HTTP
}

// refusals are those of point 4 in the order of how often one meets them.
var refusals = map[string]refusal{
	"http-400":                {http: http.StatusBadRequest},
	"http-401":                {http: http.StatusUnauthorized},
	"http-403":                {http: http.StatusForbidden},
	"http-404":                {http: http.StatusNotFound},
	"http-413":                {http: http.StatusRequestEntityTooLarge},
	"grpc-Unauthenticated":    {grpc: codes.Unauthenticated},
	"grpc-PermissionDenied":   {grpc: codes.PermissionDenied},
	"grpc-InvalidArgument":    {grpc: codes.InvalidArgument},
	"grpc-ResourceExhausted":  {grpc: codes.ResourceExhausted},
	"grpc-FailedPrecondition": {grpc: codes.FailedPrecondition},
}

// refusing stands before a back end. What it does not refuse counts there. All
// methods may be called at any time.
type refusing struct {
	plogotlp.UnimplementedGRPCServer
	back   *back
	answer refusal
	addr   string

	mu      sync.Mutex // guards everything below
	logs    func(logs plog.Logs, size int) bool
	metrics func(metrics pmetric.Metrics, size int) bool
	tally   map[string]*tally // by signal
}

// tally is what became of the requests of a signal.
type tally struct {
	refused     int
	first, last time.Time // refusals
}

const (
	logsSignal    = "logs"
	metricsSignal = "metrics"
)

// newRefusing starts a server that refuses nothing yet. It stops with the test.
func newRefusing(t testing.TB, back *back, answer refusal) *refusing {
	t.Helper()
	r := &refusing{
		back: back, answer: answer,
		logs:    func(plog.Logs, int) bool { return false },
		metrics: func(pmetric.Metrics, int) bool { return false },
		tally:   map[string]*tally{logsSignal: {}, metricsSignal: {}},
	}
	if answer.http != 0 {
		server := httptest.NewServer(r)
		t.Cleanup(server.Close)
		r.addr = server.URL
		return r
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.WaitForHandlers(true))
	plogotlp.RegisterGRPCServer(server, r)
	pmetricotlp.RegisterGRPCServer(server, &refusingMetrics{refusing: r})
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // it ends by Stop
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	r.addr = listener.Addr().String()
	return r
}

// exporter is the YAML of an exporter to it that leaves the retries to the receiver.
func (r *refusing) exporter() string {
	if r.answer.http == 0 {
		return otlpExporter(r.addr)
	}
	return "otlp_http: {endpoint: " + r.addr + ", sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}"
}

// set changes what is refused from now on.
func (r *refusing) set(change func(*refusing)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

// figures returns what became of the requests of a signal.
func (r *refusing) figures(signal string) tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *r.tally[signal]
}

// takeLogs reports whether logs are refused; if not, they are counted.
func (r *refusing) takeLogs(in plogotlp.ExportRequest) (refused bool) {
	size := (&plog.ProtoMarshaler{}).LogsSize(in.Logs())
	r.mu.Lock()
	refused = r.logs(in.Logs(), size)
	r.note(logsSignal, refused)
	r.mu.Unlock()
	if !refused {
		n, then := r.back.count(in)
		then(n)
	}
	return refused
}

// takeMetrics reports whether metrics are refused; if not, they are counted.
func (r *refusing) takeMetrics(in pmetricotlp.ExportRequest) (refused bool) {
	size := (&pmetric.ProtoMarshaler{}).MetricsSize(in.Metrics())
	r.mu.Lock()
	refused = r.metrics(in.Metrics(), size)
	r.note(metricsSignal, refused)
	r.mu.Unlock()
	if !refused {
		r.back.metrics.take(in.Metrics())
	}
	return refused
}

// note counts a request. mu is held.
func (r *refusing) note(signal string, refused bool) {
	if !refused {
		return
	}
	n := r.tally[signal]
	n.last = time.Now()
	if n.refused == 0 {
		n.first = n.last
	}
	n.refused++
}

// Export implements plogotlp.GRPCServer.
func (r *refusing) Export(_ context.Context, in plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	if r.takeLogs(in) {
		return plogotlp.NewExportResponse(), status.Error(r.answer.grpc, "no, on purpose")
	}
	return plogotlp.NewExportResponse(), nil
}

// refusingMetrics is a refusing's service of metrics.
type refusingMetrics struct {
	pmetricotlp.UnimplementedGRPCServer
	*refusing
}

// Export implements pmetricotlp.GRPCServer.
func (r *refusingMetrics) Export(_ context.Context, in pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	if r.takeMetrics(in) {
		return pmetricotlp.NewExportResponse(), status.Error(r.answer.grpc, "no, on purpose")
	}
	return pmetricotlp.NewExportResponse(), nil
}

// ServeHTTP implements OTLP/HTTP.
func (r *refusing) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := unpacked(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	var refused bool
	if req.URL.Path == "/v1/logs" {
		in := plogotlp.NewExportRequest()
		if err = in.UnmarshalProto(body); err == nil {
			refused = r.takeLogs(in)
		}
	} else {
		in := pmetricotlp.NewExportRequest()
		if err = in.UnmarshalProto(body); err == nil {
			refused = r.takeMetrics(in)
		}
	}
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusTeapot)
	case refused:
		http.Error(w, "no, on purpose", r.answer.http)
	default:
		w.Header().Set("Content-Type", "application/x-protobuf")
	}
}
