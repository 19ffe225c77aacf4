package lines

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLinesOfAnObject(t *testing.T) {
	for _, c := range []struct {
		name, object string
		lines        []string
	}{
		{"an empty object", "", nil},
		{"one line", "a\n", []string{"a"}},
		{"a last line without newline", "a\nb", []string{"a", "b"}},
		{"carriage returns", "a\r\nb\r\n", []string{"a", "b"}},
		{"a last line that ends in a carriage return", "a\nb\r", []string{"a", "b\r"}},
		{"blank lines", "\n\r\n\na\n\n", []string{"", "", "", "a", ""}},
		{"a byte order mark", "\xef\xbb\xbfa\nb\n", []string{"a", "b"}},
		{"a byte order mark alone", "\xef\xbb\xbf", nil},
		{"a byte order mark further on", "a\n\xef\xbb\xbfb\n", []string{"a", "\xef\xbb\xbfb"}},
		{"JSON", `{"bucket_name":"b"}` + "\n", []string{`{"bucket_name":"b"}`}},
		{"a word that is also a signature", "BM of an image\n", []string{"BM of an image"}},
		{"control characters behind the head", record + "\x00\x01\x02\n", []string{strings.TrimSpace(record), "\x00\x01\x02"}},
		{"bytes that are not UTF-8", "caf\xe9 caf\xe9\n", []string{"caf\xe9 caf\xe9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range packings {
				chunks, err := readAll(t, &memory{data: p.pack([]byte(c.object))}, 0, generous)
				require.NoError(t, err, p.name)
				var lines []string
				for _, l := range split(chunks) {
					lines = append(lines, l.text)
				}
				assert.Equal(t, c.lines, lines, p.name)
				if n := len(chunks); n > 0 {
					assert.Equal(t, int64(len(c.object)), chunks[n-1].End, p.name)
				}
			}
		})
	}
}

func TestObjectsThatAreNotText(t *testing.T) {
	for _, c := range []struct{ name, object, want string }{
		{"image", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "object is not text: looks like image/png"},
		{"jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF", "object is not text: looks like image/jpeg"},
		{"zip", "PK\x03\x04\x14\x00", "object is not text: looks like application/zip"},
		{"parquet", "PAR1\x15\x04\x15", "object is not text: looks like Apache Parquet; let the log delivery write JSON"},
		{"UTF-16", "\xff\xfe7\x009\x00", "object is not text: looks like text/plain; charset=utf-16le"},
		{"binary behind a byte order mark", "\xef\xbb\xbf\x00\x01", "object is not text: looks like application/octet-stream"},
		{"gzip in itself", string(gzipped([]byte(record))), "object is not text: looks like application/x-gzip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range packings[1:] {
				for _, offset := range []int64{0, 5, 1 << 20} {
					_, err := readAll(t, &memory{data: p.pack([]byte(c.object))}, offset, generous)
					require.ErrorIs(t, err, ErrNotText, p.name)
					assert.EqualError(t, err, c.want, p.name)
				}
			}
			if c.name != "gzip in itself" {
				_, err := readAll(t, &memory{data: []byte(c.object)}, 0, generous)
				assert.EqualError(t, err, c.want)
			}
		})
	}
}

// Whatever the sizes of reads and limits: all lines, at their offsets, and the
// same rest when reading begins at the end of any chunk.
func TestChunksGiveTheWholeObject(t *testing.T) {
	readers := map[string]func(io.Reader) io.Reader{
		"as it is": nil, "half": iotest.HalfReader, "data with EOF": iotest.DataErrReader, "one byte": iotest.OneByteReader,
	}
	seeds := uint64(4) // of which each is 16 times as much
	if raceEnabled {
		seeds = 3
	}
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(seed, 0))
		data := randomLines(rnd, 1<<(8+4*seed))
		if seed%2 == 1 {
			data = bytes.TrimRight(data, "\r\n")
		}
		for _, p := range packings {
			stored := p.pack(data)
			for name, wrap := range readers {
				src := &memory{data: stored, wrap: wrap}
				chunks, err := readAll(t, src, 0, generous)
				require.NoError(t, err)
				require.Equal(t, string(data), text(chunks), "%s, %s", p.name, name)
				require.Equal(t, model(string(data), generous), split(chunks))
				if name == "one byte" {
					continue // too slow to begin at every chunk
				}
				for i, c := range chunks {
					rest, err := readAll(t, src, c.End, generous)
					require.NoError(t, err)
					require.Equal(t, text(chunks[i+1:]), text(rest), "%s, %s, from %d", p.name, name, c.End)
				}
			}
		}
	}
}

func TestChunksAreOfModerateSize(t *testing.T) {
	long := strings.Repeat("l", 3*chunkSize) + "\n"
	object := strings.Repeat(record, 1000) + long + strings.Repeat(record, 1000) + long + long
	chunks, err := readAll(t, &memory{data: []byte(object)}, 0, generous)
	require.NoError(t, err)
	require.Equal(t, object, text(chunks))
	alone := 0
	for _, c := range chunks {
		assert.True(t, strings.HasSuffix(c.Text, "\n"))
		if len(c.Text) > chunkSize {
			assert.Equal(t, long, c.Text, "only a line longer than a chunk makes a longer chunk, and is alone in it")
			alone++
		}
	}
	assert.Equal(t, 3, alone)
}

func TestResumeOpensPlainTextAtTheOffset(t *testing.T) {
	object := []byte(strings.Repeat(record, 1000))
	size := int64(len(object))
	for _, c := range []struct {
		offset int64
		opened []int64
	}{
		{0, []int64{0}},
		{640, []int64{0}}, // near: cheaper to read over
		{640 * 500, []int64{0, 640*500 - 1}},
		{size, []int64{0, size - 1}}, // a range from size on would be refused
	} {
		src := &memory{data: object}
		chunks, err := readAll(t, src, c.offset, generous)
		require.NoError(t, err)
		assert.Equal(t, string(object[c.offset:]), text(chunks))
		assert.Equal(t, c.opened, src.opened)
	}
}

func TestResumeBehindTheEnd(t *testing.T) {
	for _, p := range packings {
		chunks, err := readAll(t, &memory{data: p.pack([]byte("a\nb\n"))}, 1000, generous)
		require.NoError(t, err, p.name)
		assert.Empty(t, chunks, p.name)
	}
	_, err := readAll(t, &memory{data: []byte(strings.Repeat(record, 100))}, 1<<20, generous)
	assert.EqualError(t, err, "range is past the end", "the source's word, since it knows better")
}

func TestObjectLimit(t *testing.T) {
	object := strings.Repeat("0123456789abcde\n", 1<<14)
	size := int64(len(object))
	offsets := []int64{0, 16, 65536 + 16, size / 2, size - 16}
	if raceEnabled {
		offsets = []int64{65536 + 16}
	}
	for _, p := range packings {
		for _, c := range []struct {
			limit, whole int64
			err          error
		}{
			{size, size, nil},
			{size + 1, size, nil},
			{size - 1, size - 16, ErrTooLarge},
			{size/2 + 5, size / 2, ErrTooLarge},
			{16, 16, ErrTooLarge},
			{3, 0, ErrTooLarge},
			{0, 0, ErrTooLarge},
		} {
			for _, offset := range offsets {
				limits := Limits{Line: 100, Object: c.limit}
				chunks, err := readAll(t, &memory{data: p.pack([]byte(object))}, offset, limits)
				require.ErrorIs(t, err, c.err, "%s, limit %d, from %d", p.name, c.limit, offset)
				want := object[min(offset, c.whole):c.whole]
				require.Equal(t, want, text(chunks), "%s, limit %d, from %d", p.name, c.limit, offset)
			}
		}
	}
}

func TestTextOfAChunkStays(t *testing.T) {
	object := strings.Repeat(record, 5000)
	src := &memory{data: []byte(object)}
	r, err := Open(t.Context(), src, 0, generous)
	require.NoError(t, err)
	first, err := r.Next()
	require.NoError(t, err)
	for err == nil {
		_, err = r.Next()
	}
	require.NoError(t, r.Close())
	_, err = readAll(t, &memory{data: bytes.Repeat([]byte("other\n"), 1<<20)}, 0, generous)
	require.NoError(t, err)
	assert.Equal(t, object[:len(first.Text)], first.Text)
}

func TestCloseIsSafeAtAnyTime(t *testing.T) {
	for _, p := range packings {
		src := &memory{data: p.pack([]byte(strings.Repeat(record, 1000)))}
		r, err := Open(t.Context(), src, 0, generous)
		require.NoError(t, err)
		_, err = r.Next()
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.NoError(t, r.Close())
		assert.Zero(t, src.open)
		_, err = r.Next()
		require.Error(t, err)
		assert.False(t, errors.Is(err, io.EOF), "a closed reader has not come to the end")
	}
}
