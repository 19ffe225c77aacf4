package lines

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// slow reads at most step bytes at a time.
type slow struct {
	io.Reader
	step int
}

func (s slow) Read(p []byte) (int, error) { return s.Reader.Read(p[:min(len(p), s.step)]) }

// FuzzLines: any text, split with small limits and read in small steps, gives
// the lines that bytes.Split gives, and the same rest from the end of any chunk.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\r\nc"), uint16(2), uint16(1))
	f.Add([]byte("\n\r\n\r\r\n\r"), uint16(0), uint16(3))
	f.Add([]byte(strings.Repeat("x", 9000)+"\r\n"+strings.Repeat("y", 5000)), uint16(4500), uint16(700))
	f.Add([]byte(record+record), uint16(700), uint16(64))
	f.Fuzz(func(t *testing.T, data []byte, line, step uint16) {
		limits := Limits{Line: int(line), Object: 1 << 40}
		// The head decides whether it is text, which is not at stake here.
		object := record[:headSize] + string(data)
		src := &memory{data: []byte(object), wrap: func(r io.Reader) io.Reader { return slow{r, int(step) + 1} }}
		chunks, err := readAll(t, src, 0, limits)
		require.NoError(t, err)
		require.Equal(t, model(object, limits), split(chunks))
		end := int64(0)
		for i, c := range chunks {
			require.Equal(t, end, c.Offset)
			end = c.End
			switch whole := object[c.Offset:c.End]; {
			case c.Long != nil:
				require.Greater(t, c.Long.Size, int64(line))
				require.True(t, strings.HasPrefix(whole, c.Text))
				require.LessOrEqual(t, strings.Count(whole, "\n"), 1)
			default:
				require.Equal(t, whole, c.Text)
				require.True(t, len(whole) <= int(line)+1 || strings.Count(whole, "\n") <= 1)
			}
			if i == len(chunks)/2 {
				rest, err := readAll(t, src, c.End, limits)
				require.NoError(t, err)
				require.Equal(t, split(chunks[i+1:]), split(rest))
			}
		}
		require.Equal(t, int64(len(object)), end)
	})
}

// FuzzDecompress: any bytes as an object end in one of the errors, give no more
// than the limit, and take no more memory than the largest window allows.
func FuzzDecompress(f *testing.F) {
	const limit = 1 << 20
	for _, p := range packings {
		f.Add(p.pack([]byte(record + record)))
		f.Add(p.pack(bytes.Repeat([]byte("0123456\n"), 2*limit/8)))
	}
	f.Add(rawFrame(13, "a\n"))
	f.Add(append(rawFrame(17, "a\n"), rawFrame(18, "b\n")...))
	f.Add(singleSegment(100<<20, "a\n"))
	f.Add([]byte("\x5a\x2a\x4d\x18\xff\xff\xff\xff"))
	f.Add(append(gzipped([]byte("a\n")), 0, 0, 0, 1))
	f.Fuzz(func(t *testing.T, stored []byte) {
		src := &memory{data: stored}
		limits := Limits{Line: 1 << 16, Object: limit, Windows: NewWindows()}
		chunks, err := readAll(t, src, 0, limits)
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrNotText) {
			t.Fatalf("an error of no kind: %v", err)
		}
		require.LessOrEqual(t, len(text(chunks)), limit)
		if n := len(chunks); n > 0 {
			require.LessOrEqual(t, chunks[n-1].End, int64(limit))
			if middle := chunks[n/2].End; middle > 3 { // nearer lies the byte order mark
				rest, errRest := readAll(t, src, middle, limits)
				require.Equal(t, err, errRest)
				require.Equal(t, split(chunks[n/2+1:]), split(rest))
			}
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		require.Less(t, m.HeapInuse, uint64(1<<30))
		require.Empty(t, limits.Windows.units)
	})
}
