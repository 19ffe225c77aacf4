package e2e

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
)

// discard is a back end that takes any OTLP/gRPC request, undoes its compression
// and throws it away undecoded, so that what is measured is the collector.
type discard struct {
	addr     string
	requests atomic.Int64
	bytes    atomic.Int64 // of the requests, uncompressed
	wire     atomic.Int64 // bytes that came in
}

// newDiscard starts a back end. It stops with the test.
func newDiscard(t testing.TB) *discard {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	d := &discard{addr: listener.Addr().String()}
	server := grpc.NewServer(
		grpc.ForceServerCodec(undecoded{}),
		grpc.UnknownServiceHandler(d.export),
		grpc.WaitForHandlers(true),
	)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(counted{listener, &d.wire}) }) // it ends by Stop
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return d
}

// export answers a call of any service. An empty message is a response that
// says that all was accepted.
func (d *discard) export(_ any, stream grpc.ServerStream) error {
	var size int
	if err := stream.RecvMsg(&size); err != nil {
		return err
	}
	d.requests.Add(1)
	d.bytes.Add(int64(size))
	return stream.SendMsg(&size)
}

// undecoded is a codec that keeps of a message how long it is.
type undecoded struct{}

func (undecoded) Marshal(any) ([]byte, error) { return nil, nil }

func (undecoded) Unmarshal(data []byte, v any) error {
	*v.(*int) = len(data)
	return nil
}

func (undecoded) Name() string { return "undecoded" }

// gRPC for Go comes with gzip only.
func init() { encoding.RegisterCompressor(zstdMessages{}) }

// zstdMessages unpacks requests, and packs what is empty.
type zstdMessages struct{}

func (zstdMessages) Name() string { return "zstd" }

func (zstdMessages) Compress(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }

func (zstdMessages) Decompress(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) // no goroutines, so nothing has to be closed
}
