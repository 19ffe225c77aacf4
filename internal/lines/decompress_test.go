package lines

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatMayStandBehindAMember(t *testing.T) {
	member, frame := gzipped([]byte("a\n")), zstded([]byte("a\n"))
	skippable := []byte("\x5a\x2a\x4d\x18\x03\x00\x00\x00abc")
	zeros := make([]byte, 1000)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for _, c := range []struct {
		name   string
		stored []byte
		text   string
		err    error
	}{
		{"gzip, zeros", join(member, zeros), "a\n", nil},
		{"gzip, zeros, gzip", join(member, zeros, member), "a\na\n", nil},
		{"gzip, garbage", join(member, []byte("garbage that is long enough")), "a\n", ErrCorrupt},
		{"gzip, a short piece of garbage", join(member, []byte("x")), "a\n", ErrCorrupt},
		{"gzip, zeros, garbage", join(member, zeros, []byte("x")), "a\n", ErrCorrupt},
		{"gzip, zstd", join(member, frame), "a\n", ErrCorrupt},
		{"gzip, the beginning of a header", join(member, member[:5]), "a\n", ErrCorrupt},
		{"zstd, skippable", join(frame, skippable, frame, skippable), "a\na\n", nil},
		{"skippable, zstd", join(skippable, skippable, frame), "a\n", nil},
		{"skippable alone", skippable, "", nil},
		{"a broken skippable", join(frame, skippable[:9]), "a\n", ErrCorrupt},
		{"zstd, garbage", join(frame, []byte("garbage")), "a\n", ErrCorrupt},
		{"zstd, a short piece of garbage", join(frame, []byte("xy")), "a\n", ErrCorrupt},
		{"zstd, gzip", join(frame, member), "a\n", ErrCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			chunks, err := readAll(t, &memory{data: c.stored}, 0, generous)
			require.ErrorIs(t, err, c.err)
			assert.Equal(t, c.text, text(chunks))
		})
	}
}

func TestGzipHeaders(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name, w.Comment, w.Extra = "caf\u00e9.log", "a comment", []byte("extra")
	_, err := w.Write([]byte("a\n"))
	require.NoError(t, err)
	require.NoError(t, w.Close())

	chunks, err := readAll(t, &memory{data: b.Bytes()}, 0, generous)
	require.NoError(t, err)
	assert.Equal(t, "a\n", text(chunks))
	for n := 2; n < b.Len(); n++ {
		_, err := readAll(t, &memory{data: b.Bytes()[:n]}, 0, generous)
		require.ErrorIs(t, err, ErrCorrupt, "cut at %d", n)
	}
}

func TestCausesOfCorruption(t *testing.T) {
	broken := gzipped([]byte("a\n"))
	broken[len(broken)-5] ^= 1
	_, err := readAll(t, &memory{data: broken}, 0, generous)
	require.ErrorIs(t, err, gzip.ErrChecksum)
	assert.EqualError(t, err, "compressed data is corrupt: gzip: invalid checksum")

	_, err = readAll(t, &memory{data: gzipped([]byte(record))[:100]}, 0, generous)
	assert.EqualError(t, err, "compressed data is corrupt: unexpected EOF")

	_, err = readAll(t, &memory{data: append(zstded([]byte("a\n")), "garbage"...)}, 0, generous)
	require.ErrorIs(t, err, zstd.ErrMagicMismatch)
}

func TestZstdWindows(t *testing.T) {
	const small, common, large, tooLarge = 10, 13, 17, 18 // 1, 8, 128, 256 MiB
	const over = "compressed data is corrupt: zstd window over 128 MiB: it takes --long=27 or less to pack it"
	for _, c := range []struct {
		name   string
		stored [][]byte
		text   string
		opened int
		err    string
	}{
		{"small", [][]byte{rawFrame(small, "a\n")}, "a\n", 1, ""},
		{"common", [][]byte{rawFrame(common, "a\n")}, "a\n", 1, ""},
		{"large", [][]byte{rawFrame(large, "a\n")}, "a\n", 1, ""},
		{"common behind small", [][]byte{rawFrame(small, "a\nb"), rawFrame(common, "c\n"), rawFrame(small, "d\n")}, "a\nbc\nd\n", 2, ""},
		{"large behind common", [][]byte{rawFrame(common, "a\nb"), rawFrame(large, "c\n"), rawFrame(common, "d\n"), rawFrame(large, "e\n")}, "a\nbc\nd\ne\n", 2, ""},
		{"each larger", [][]byte{rawFrame(small, "a\n"), rawFrame(small+2, "b\n"), rawFrame(common, "c\n"), rawFrame(large, "d\n")}, "a\nb\nc\nd\n", 3, ""},
		{"large behind what is skipped", [][]byte{skippable("note"), rawFrame(large, "a\n")}, "a\n", 3, ""},
		{"too large", [][]byte{rawFrame(tooLarge, "a\n")}, "", 1, over},
		{"too large behind others", [][]byte{rawFrame(common, "a\n"), rawFrame(large, "b\n"), rawFrame(tooLarge, "c\n")}, "a\nb\n", 2, over},
		{"content that is its own window", [][]byte{singleSegment(16<<20, "a\n")}, "a\n", 1, "compressed data is corrupt: unexpected EOF"},
		{"content that is too large a window", [][]byte{singleSegment(1<<40, "a\n")}, "", 1, over},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := &memory{data: bytes.Join(c.stored, nil)}
			limits := generous
			limits.Windows = NewWindows()
			chunks, err := readAll(t, src, 0, limits)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrCorrupt)
				require.EqualError(t, err, c.err)
			}
			assert.Equal(t, c.text, text(chunks))
			assert.Len(t, src.opened, c.opened)
			assert.Empty(t, limits.Windows.units, "what was taken is given back")
			assert.Empty(t, limits.Windows.turn)
		})
	}
}

// skippable is a zstd frame of something else, as pzstd writes.
func skippable(content string) []byte {
	frame := []byte{0x50, 0x2a, 0x4d, 0x18, byte(len(content)), 0, 0, 0}
	return append(frame, content...)
}

// singleSegment is a zstd frame that says it has size bytes, and then ends
// early. Its window is its size.
func singleSegment(size uint64, content string) []byte {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0}
	for range 8 {
		frame = append(frame, byte(size))
		size >>= 8
	}
	header := uint32(len(content)) << 3 // not the last block
	frame = append(frame, byte(header), byte(header>>8), byte(header>>16))
	return append(frame, content...)
}

// What the encoder makes for "zstd --long" is read, across its whole window.
func TestLongDistanceMatches(t *testing.T) {
	part := bytes.Repeat([]byte(record), 4<<20/len(record))
	for i := range part {
		if part[i] == 'x' {
			part[i] = byte('a' + i*i%26)
		}
	}
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(64<<20), zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	for range 8 {
		_, err = w.Write(part)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	src := &memory{data: b.Bytes()}
	chunks, err := readAll(t, src, 0, generous)
	require.NoError(t, err)
	assert.True(t, string(bytes.Repeat(part, 8)) == text(chunks))
	assert.Len(t, src.opened, 1)
	rest, err := readAll(t, src, chunks[20].End, generous)
	require.NoError(t, err)
	assert.True(t, text(chunks[21:]) == text(rest))
}

// 10 MB of gzip or a few hundred kB of zstd that unpack to 10 GB end at the
// limit of 1 GiB, in flat memory.
func TestBombs(t *testing.T) {
	const big, less = 1 << 30, 1 << 28
	share := int64(1)
	if raceEnabled {
		share = 8
	}
	lines := bytes.Repeat([]byte(strings.Repeat("b", 63)+"\n"), 1<<20) // 64 MiB
	oneLine := bytes.Repeat([]byte{'b'}, 64<<20)
	for _, c := range []struct {
		name  string
		data  []byte
		pack  func([]byte) []byte
		limit int64
	}{
		{"gzip of lines", lines, gzipped, big / share},
		{"gzip of one line", oneLine, gzipped, less / share},
		{"zstd of lines", lines, zstded, big / share},
		{"zstd of one line", oneLine, zstded, less / share},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := &memory{data: bytes.Repeat(c.pack(c.data), 160)}
			base, total := liveHeap(), allocated()
			r, err := Open(t.Context(), src, 0, Limits{Line: 1 << 20, Object: c.limit})
			require.NoError(t, err)
			var read int64
			peak := base
			for i := 0; ; i++ {
				chunk, err := r.Next()
				if err != nil {
					require.ErrorIs(t, err, ErrTooLarge)
					break
				}
				read += int64(len(chunk.Text))
				if i%256 == 0 {
					peak = max(peak, liveHeap())
				}
			}
			require.NoError(t, r.Close())
			assert.LessOrEqual(t, read, c.limit)
			if c.data[63] == '\n' {
				assert.Equal(t, c.limit, read)
			} else {
				assert.Less(t, allocated()-total, uint64(32<<20), "bytes allocated in all")
			}
			t.Logf("%d bytes stored, at most %d KiB of live heap above the start", len(src.data), (peak-base)>>10)
			assert.Less(t, peak-base, uint64(12<<20), "bytes of live heap: a window of 8 MiB and the buffers")
		})
	}
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Readers that end early, by any error, leave their decompressors usable.
func TestDecompressorsAreFitForReuse(t *testing.T) {
	good := map[string][]byte{"gzip": gzipped([]byte(object300)), "zstd": zstded([]byte(object300))}
	for name, stored := range good {
		step := 7
		if raceEnabled {
			step = 35
		}
		for n := 4; n < len(stored); n += step {
			broken := bytes.Clone(stored[:n])
			broken[n-1] ^= 0xff
			_, err := readAll(t, &memory{data: broken}, 0, generous)
			require.Error(t, err)
			r, err := Open(t.Context(), &memory{data: stored}, 0, Limits{Line: 100, Object: 1 << 20})
			require.NoError(t, err)
			_, err = r.Next()
			require.False(t, errors.Is(err, io.EOF))
			require.NoError(t, r.Close()) // in the middle
			chunks, err := readAll(t, &memory{data: stored}, 0, generous)
			require.NoError(t, err, name)
			require.Equal(t, object300, text(chunks), name)
		}
	}
}
