package e2e

import (
	"context"
	"maps"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // what the exporter sends
	"google.golang.org/grpc/status"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// back is the back end of a test: an OTLP/gRPC server of this process that
// counts every record it accepts by its uid, and that stays when collectors die.
// It takes metrics too.
// All methods may be called at any time.
type back struct {
	plogotlp.UnimplementedGRPCServer
	addr    string
	metrics *ledger

	mu       sync.Mutex // guards everything below
	got      uids
	total    int           // records accepted, with those that came before
	requests int           // that were accepted
	slow     time.Duration // a request takes up to twice as long
	refuse   float64       // the share of the requests that is refused, to be tried again
	refused  int           // requests
	accepted func(n int)   // is called when request n is counted and not yet answered
	see      func(resource pcommon.Map, uid string)
}

// newBack starts a back end that accepts everything. It stops with the test.
func newBack(t testing.TB) *back {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &back{addr: listener.Addr().String(), metrics: newLedger(), got: uids{}, accepted: func(int) {}, see: func(pcommon.Map, string) {}}
	server := grpc.NewServer(grpc.WaitForHandlers(true))
	plogotlp.RegisterGRPCServer(server, b)
	pmetricotlp.RegisterGRPCServer(server, b.metrics)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // it ends by Stop
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return b
}

// set changes how requests are answered from now on.
func (b *back) set(change func(*back)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// slowDown lets every request take up to twice as long.
func (b *back) slowDown(slow time.Duration) {
	b.set(func(b *back) { b.slow = slow })
	b.metrics.set(func(l *ledger) { l.slow = slow })
}

// Export implements plogotlp.GRPCServer. Half of the time it takes is before the
// records count and half is behind, so that a kill finds batches in both states.
func (b *back) Export(ctx context.Context, in plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	b.mu.Lock()
	slow, refuse := b.slow, rand.Float64() < b.refuse
	if refuse {
		b.refused++
	}
	b.mu.Unlock()
	linger(ctx, slow)
	if refuse {
		return plogotlp.NewExportResponse(), status.Error(codes.Unavailable, "come again")
	}
	n, then := b.count(in)
	then(n)
	linger(ctx, slow)
	return plogotlp.NewExportResponse(), nil
}

func (b *back) count(in plogotlp.ExportRequest) (request int, then func(int)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, rl := range in.Logs().ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				uid, _ := record.Attributes().Get("log.record.uid")
				b.got[uid.Str()]++
				b.total++
				b.see(rl.Resource().Attributes(), uid.Str())
			}
		}
	}
	b.requests++
	return b.requests, b.accepted
}

// linger waits for a random time, most if the client does not go away before.
func linger(ctx context.Context, most time.Duration) {
	if most > 0 {
		_ = source.Sleep(ctx, rand.N(most))
	}
}

// distinct is how many different records there are.
func (b *back) distinct() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.got)
}

// figures returns what was accepted so far, and how many records of it were
// there before.
func (b *back) figures() (got uids, twice int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.got), b.total - len(b.got)
}

// reached waits until there are n different records. It looks often, since what
// is killed then should still be at work.
func (b *back) reached(t testing.TB, within time.Duration, n int) {
	t.Helper()
	for deadline := time.Now().Add(limit(within)); b.distinct() < n; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "after %v there are %d of %d records", limit(within), b.distinct(), n)
	}
}

// assertAll compares what was accepted, each record once, with what there is,
// and returns how many records came again.
func (b *back) assertAll(t *testing.T, want uids) (twice int) {
	t.Helper()
	got, twice := b.figures()
	for id := range got {
		got[id] = 1
	}
	assertSame(t, want, got)
	return twice
}
