package lines

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Lines around every size at which the code takes another path.
func TestLinesAroundTheLimits(t *testing.T) {
	all := []int{0, 1, 100, KeptOfLongLine - 1, KeptOfLongLine, chunkSize - 2, chunkSize - 1, chunkSize, chunkSize + 1, 1 << 20}
	if raceEnabled {
		all = []int{KeptOfLongLine, chunkSize + 1}
	}
	for _, limit := range all {
		limits := Limits{Line: limit, Object: 1 << 40}
		for _, size := range []int{limit - 2, limit - 1, limit, limit + 1, limit + 2, 2 * limit, KeptOfLongLine + 1, 3 * chunkSize} {
			if size < 0 {
				continue
			}
			for _, ending := range []string{"\n", "\r\n", "\r\r\n", "", "\r"} {
				for _, before := range []string{"", "first\n"} {
					object := before + strings.Repeat("x", size) + ending
					if strings.HasSuffix(ending, "\n") {
						object += "last\n"
					}
					chunks, err := readAll(t, &memory{data: []byte(object)}, 0, limits)
					require.NoError(t, err)
					msg := fmt.Sprintf("limit %d, size %d, ending %q, before %q", limit, size, ending, before)
					require.Equal(t, model(object, limits), split(chunks), msg)
					for _, c := range chunks {
						if c.Long != nil {
							require.Greater(t, c.Long.Size, int64(limit), msg)
						} else {
							l, rest := Cut(c.Text)
							require.True(t, len(l) <= limit, msg)
							require.True(t, rest == "" || len(c.Text) <= chunkSize, msg)
						}
					}
				}
			}
		}
	}
}

func TestReadingGoesOnBehindALongLine(t *testing.T) {
	limits := Limits{Line: 1000, Object: 1 << 40}
	object := record + strings.Repeat("y", 10_000) + "\r\n" + record
	for _, p := range packings {
		src := &memory{data: p.pack([]byte(object)), wrap: iotest.HalfReader}
		chunks, err := readAll(t, src, 0, limits)
		require.NoError(t, err)
		require.Len(t, chunks, 3)
		assert.Equal(t, record, chunks[0].Text)
		assert.Equal(t, strings.Repeat("y", KeptOfLongLine), chunks[1].Text)
		assert.Equal(t, &Long{Size: 10_000, ID: Identify(strings.Repeat("y", 10_000))}, chunks[1].Long)
		assert.Equal(t, record, chunks[2].Text)
		rest, err := readAll(t, src, chunks[1].End, limits)
		require.NoError(t, err)
		assert.Equal(t, record, text(rest))
	}
}

func TestALongLineTakesNoMemory(t *testing.T) {
	const size = 256 << 20
	src := &memory{data: []byte("0"), wrap: func(io.Reader) io.Reader {
		return io.LimitReader(repeat("0123456789abcdef"), size)
	}}
	r, err := Open(t.Context(), src, 0, generous)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	before := allocated()
	c, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, int64(size), c.Long.Size)
	assert.Less(t, allocated()-before, uint64(4<<20), "bytes allocated for a line of 256 MiB")
}

// repeat reads its text over and over, whole each time.
type repeat string

func (s repeat) Read(p []byte) (int, error) {
	n := copy(p, s)
	for n < len(p) {
		n += copy(p[n:], p[:n])
	}
	return n / len(s) * len(s), nil
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
