package lines

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// again is an object that is opened without an allocation, so that those
// counted are the package's own.
type again struct {
	data []byte
	bytes.Reader
}

func (a *again) OpenAt(_ context.Context, offset int64) (io.ReadCloser, error) {
	a.Reset(a.data[offset:])
	return a, nil
}

func (a *again) Close() error { return nil }

// drain reads a whole object and returns the number of its decompressed bytes.
func drain(tb testing.TB, src Opener) int64 {
	tb.Helper()
	r, err := Open(context.Background(), src, 0, generous)
	require.NoError(tb, err)
	end := int64(0)
	for {
		c, err := r.Next()
		if err != nil {
			require.True(tb, errors.Is(err, io.EOF), "%v", err)
			require.NoError(tb, r.Close())
			return end
		}
		end = c.End
	}
}

// BenchmarkRead is stored bytes to chunks of whole lines. Its floor is the decompressor
// alone, into a buffer that is used again; of plain text, a copy. Bytes are those after
// decompression.
//
//	go test -run '^$' -bench Read -benchmem -count 6 ./internal/lines | tee new.txt
//	benchstat -col '/impl@(floor ours)' new.txt
func BenchmarkRead(b *testing.B) {
	src, floor := &again{}, newFloorOfRead()
	defer floor.zstd.Close()
	tiny := strings.Repeat(record, 3)
	big := strings.Repeat(varied(), 20)
	for _, size := range []struct{ name, object string }{{"2KB", tiny}, {"25MB", big}} {
		for _, p := range packings {
			if strings.Contains(p.name, "several") {
				continue
			}
			object := p.pack([]byte(size.object))
			measure := func(impl string, read func(*testing.B) int64) {
				b.Run(size.name+"/"+p.name+"/impl="+impl, func(b *testing.B) {
					b.SetBytes(int64(len(size.object)))
					b.ReportAllocs()
					for b.Loop() {
						if read(b) != int64(len(size.object)) {
							b.Fatal("not all was read")
						}
					}
				})
			}
			measure("ours", func(b *testing.B) int64 {
				b.Helper()
				src.data = object
				return drain(b, src)
			})
			measure("floor", func(b *testing.B) int64 {
				b.Helper()
				return floor.unpack(b, p.name, object)
			})
		}
	}
}

// floorOfRead keeps its decompressors and buffers.
type floorOfRead struct {
	buffer []byte
	packed *bufio.Reader
	gzip   gzip.Reader
	zstd   *zstd.Decoder
}

func newFloorOfRead() *floorOfRead {
	return &floorOfRead{buffer: make([]byte, chunkSize), packed: bufio.NewReaderSize(nil, storedBuffer), zstd: newDecoder(maxWindow)}
}

// unpack returns how many bytes an object unpacks to.
func (f *floorOfRead) unpack(b *testing.B, packing string, object []byte) int64 {
	b.Helper()
	f.packed.Reset(bytes.NewReader(object))
	var in io.Reader = struct{ io.Reader }{f.packed} // or CopyBuffer leaves the buffer out
	switch packing {
	case "gzip":
		require.NoError(b, f.gzip.Reset(f.packed))
		in = &f.gzip
	case "zstd":
		require.NoError(b, f.zstd.Reset(f.packed))
		in = struct{ io.Reader }{f.zstd}
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, in, f.buffer)
	require.NoError(b, err)
	return n
}

// varied is 2,000 records that differ in their ids, times and keys, which makes
// them pack about as well as real ones.
func varied() string {
	var b strings.Builder
	x := uint64(1)
	for range 2000 {
		l := []byte(record)
		for i := range l {
			digit := l[i] >= '0' && l[i] <= '9' || l[i] == 'x' && i%8 == 0
			if digit && i > 64 {
				x = x*6364136223846793005 + 1442695040888963407
				l[i] = '0' + byte(x>>33)%10
			}
		}
		b.Write(l)
	}
	return b.String()
}

// There may be fifty million tiny objects: each costs a Reader and its text,
// packed ones an adapter of the decompressor as well.
func TestAllocationsOfATinyObject(t *testing.T) {
	if raceEnabled {
		t.Skip("pools do not keep what they are given")
	}
	object := strings.Repeat(record, 3)
	for _, p := range packings {
		most, ok := map[string]float64{"plain": 2, "gzip": 3, "zstd": 3}[p.name]
		if !ok {
			continue
		}
		src := &again{data: p.pack([]byte(object))}
		got := testing.AllocsPerRun(200, func() { drain(t, src) })
		assert.LessOrEqual(t, got, most, p.name)
	}
}
