package rollup

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/golden"
)

// Each case is the last of its emissions, as in testdata/CASE.want.yaml. Written
// anew by: go test ./internal/rollup -run TestGolden -update
func TestGolden(t *testing.T) {
	upload := with(func(r *accesslog.Record) {
		r.Operation, r.Method, r.BytesSent, r.TotalTime, r.RequestID = "REST.PUT.OBJECT", "PUT", accesslog.Absent, 310, "UPLOAD"
		r.Target = "/k?x-traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	})
	missing := with(func(r *accesslog.Record) {
		r.Status, r.ErrorCode, r.Time = 404, "NoSuchKey", epoch.Add(-time.Hour).Unix()
		r.TotalTime, r.TurnAroundTime = 0, accesslog.Absent
	})
	first := func(l *process) []pmetric.Metrics {
		l.add(get(), upload, missing)
		return l.emit(time.Minute)
	}
	second := func(l *process) []pmetric.Metrics {
		first(l)
		l.accept()
		l.add(get(), missing)
		return l.emit(time.Minute)
	}
	tests := map[string]struct {
		change func(*setup)
		emit   func(*process) []pmetric.Metrics
	}{
		"first":       {func(*setup) {}, first},
		"second":      {func(*setup) {}, second},
		"exponential": {func(s *setup) { s.Histogram = HistogramExponential }, first},
		"delta":       {func(s *setup) { s.Temporality = TemporalityDelta }, second},
		"event":       {func(s *setup) { s.Temporality, s.Timestamps = TemporalityDelta, TimestampsEvent }, second},
		"overflow":    {func(s *setup) { s.CardinalityLimit = 1 }, first},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := testSettings()
			s.InstanceID = "0d8ff8b2-6a3c-4ae4-9a1c-d5b3a8fbb1a0"
			test.change(&s)
			requests := test.emit(newProcess(t, s))
			require.Len(t, requests, 1)
			// The inspector of the other tests compares the order.
			golden.Metrics(t, filepath.Join("testdata", name+".want.yaml"), requests[0])
		})
	}
}
