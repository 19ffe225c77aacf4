package lines

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

var generous = Limits{Line: 1 << 20, Object: 1 << 40}

// memory is an object in memory.
type memory struct {
	data []byte
	wrap func(io.Reader) io.Reader // nil: as it is

	opened []int64 // the offsets asked for
	open   int     // readers that are not closed
}

func (m *memory) OpenAt(_ context.Context, offset int64) (io.ReadCloser, error) {
	m.opened = append(m.opened, offset)
	if offset > 0 && offset >= int64(len(m.data)) {
		return nil, errors.New("range is past the end") // as S3 does
	}
	m.open++
	var r io.Reader = bytes.NewReader(m.data[offset:])
	if m.wrap != nil {
		r = m.wrap(r)
	}
	return &body{Reader: r, of: m}, nil
}

type body struct {
	io.Reader
	of *memory
}

func (b *body) Close() error {
	b.of.open--
	return nil
}

// readAll reads src to its end or first error and checks what holds for every
// reading: contiguous offsets, sticky errors, nothing left open.
func readAll(tb testing.TB, src *memory, offset int64, limits Limits) ([]Chunk, error) {
	tb.Helper()
	r, err := Open(tb.Context(), src, offset, limits)
	if err != nil {
		require.Nil(tb, r)
		require.Zero(tb, src.open, "a failed Open leaves nothing open")
		return nil, err
	}
	var chunks []Chunk
	for {
		c, err := r.Next()
		if err != nil {
			require.Zero(tb, c)
			_, again := r.Next()
			require.Equal(tb, err, again, "an error is returned again")
			require.NoError(tb, r.Close())
			require.Zero(tb, src.open)
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return chunks, err
		}
		if n := len(chunks); n > 0 {
			require.Equal(tb, chunks[n-1].End, c.Offset, "chunks are contiguous")
		}
		if c.Long == nil {
			require.Equal(tb, int64(len(c.Text)), c.End-c.Offset)
		}
		require.Less(tb, c.Offset, c.End)
		chunks = append(chunks, c)
	}
}

// text concatenates chunks.
func text(chunks []Chunk) string {
	var b strings.Builder
	for _, c := range chunks {
		b.WriteString(c.Text)
	}
	return b.String()
}

// line is one line of an object, as a caller gets to know it.
type line struct {
	text string
	size int64
	id   ID
}

// split cuts chunks into lines.
func split(chunks []Chunk) []line {
	var all []line
	for _, c := range chunks {
		if c.Long != nil {
			all = append(all, line{c.Text, c.Long.Size, c.Long.ID})
			continue
		}
		for rest := c.Text; rest != ""; {
			var l string
			l, rest = Cut(rest)
			all = append(all, line{l, int64(len(l)), Identify(l)})
		}
	}
	return all
}

// model is what split should give, by the simplest means.
func model(data string, limits Limits) []line {
	var all []line
	parts := strings.Split(data, "\n")
	for i, l := range parts {
		if i == len(parts)-1 {
			if l == "" {
				break
			}
		} else {
			l = strings.TrimSuffix(l, "\r")
		}
		kept := l
		if len(l) > limits.Line && len(l) > KeptOfLongLine {
			kept = l[:KeptOfLongLine]
		}
		all = append(all, line{kept, int64(len(l)), Identify(l)})
	}
	return all
}

// packings are the ways in which an object may be stored.
var packings = []struct {
	name string
	pack func([]byte) []byte
}{
	{"plain", func(b []byte) []byte { return b }},
	{"gzip", gzipped},
	{"gzip of several members", inParts(gzipped)},
	{"zstd", zstded},
	{"zstd of several frames", inParts(zstded)},
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.DefaultCompression)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func zstded(b []byte) []byte {
	w, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	return w.EncodeAll(b, nil)
}

func inParts(pack func([]byte) []byte) func([]byte) []byte {
	return func(b []byte) []byte {
		n := len(b) / 3
		return bytes.Join([][]byte{pack(b[:n]), pack(b[n : 2*n]), pack(nil), pack(b[2*n:])}, nil)
	}
}

// rawFrame is a zstd frame of one stored block. Its window is 1 KiB << log.
func rawFrame(log byte, content string) []byte {
	header := uint32(len(content))<<3 | 1 // last block, raw
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, log << 3, byte(header), byte(header >> 8), byte(header >> 16)}
	return append(frame, content...)
}

// randomLines makes about size bytes of lines of all kinds of lengths.
func randomLines(rnd *rand.Rand, size int) []byte {
	var b []byte
	for len(b) < size {
		for range rnd.IntN(1 << rnd.IntN(16)) {
			b = append(b, byte('!'+rnd.IntN(90)))
		}
		b = append(b, [...]string{"\n", "\n", "\n", "\r\n", "\r\r\n"}[rnd.IntN(5)]...)
	}
	return b
}

// record is a line as S3 writes it, of 640 bytes with its newline.
var record = func() string {
	head := "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be amzn-s3-demo-bucket1 " +
		"[06/Feb/2019:00:00:38 +0000] 192.0.2.3 arn:aws:sts::111122223333:assumed-role/reader/session 3E57427F3EXAMPLE " +
		"REST.GET.OBJECT photos/2019/02/06/cat.jpg \"GET /photos/2019/02/06/cat.jpg HTTP/1.1\" 200 - 113 2662992 70 10 \"-\" \"agent "
	tail := "\" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 " +
		"AuthHeader amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com TLSV1.2 - - us-east-1\n"
	return head + strings.Repeat("x", 640-len(head)-len(tail)) + tail
}()
