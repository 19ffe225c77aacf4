package lines

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// object300 is an object of 300 records, 192,000 bytes.
var object300 = strings.Repeat(record, 300)

// requireWholeLines checks that what was read before an error are the first
// lines of object300, whole.
func requireWholeLines(t *testing.T, chunks []Chunk) {
	t.Helper()
	got := text(chunks)
	require.True(t, strings.HasPrefix(object300, got))
	require.Zero(t, len(got)%len(record), "the line that the error broke is not returned")
}

// Wherever the source breaks, its error arrives as itself.
func TestErrorsOfTheSourceComeThrough(t *testing.T) {
	for _, cause := range []error{errors.New("connection reset"), io.ErrUnexpectedEOF} {
		for _, p := range packings {
			stored := p.pack([]byte(object300))
			for n := 0; n < len(stored); n += 1 + n/9 {
				src := &memory{data: stored, wrap: func(r io.Reader) io.Reader {
					return io.MultiReader(io.LimitReader(r, int64(n)), iotest.ErrReader(cause))
				}}
				chunks, err := readAll(t, src, 0, generous)
				require.ErrorIs(t, err, cause, "%s, after %d", p.name, n)
				require.NotErrorIs(t, err, ErrCorrupt)
				require.NotErrorIs(t, err, ErrNotText)
				requireWholeLines(t, chunks)

				chunks, err = readAll(t, src, int64(len(object300)/2), generous)
				if p.name != "plain" || n > 64 {
					require.ErrorIs(t, err, cause, "%s, resumed, after %d", p.name, n)
				}
				require.LessOrEqual(t, len(text(chunks)), len(object300)/2)
			}
		}
	}
}

func TestErrorBehindTheLastByteIsAnError(t *testing.T) {
	cause := errors.New("connection reset")
	for _, p := range packings {
		src := &memory{data: p.pack([]byte(object300)), wrap: func(r io.Reader) io.Reader {
			return io.MultiReader(r, iotest.ErrReader(cause))
		}}
		chunks, err := readAll(t, src, 0, generous)
		require.ErrorIs(t, err, cause, p.name)
		assert.Equal(t, object300, text(chunks), p.name)
	}
}

func TestErrorsOfOpening(t *testing.T) {
	cause := errors.New("access denied")
	_, err := Open(t.Context(), failing{cause}, 0, generous)
	require.ErrorIs(t, err, cause)
	// The second opening of a resume.
	src := &memory{data: []byte(object300[:100_000])}
	_, err = readAll(t, src, 150_000, generous)
	require.EqualError(t, err, "range is past the end")
}

type failing struct{ err error }

func (f failing) OpenAt(context.Context, int64) (io.ReadCloser, error) { return nil, f.err }

func TestReadTimeout(t *testing.T) {
	src := &memory{data: []byte(object300), wrap: func(r io.Reader) io.Reader {
		return iotest.TimeoutReader(iotest.HalfReader(r))
	}}
	chunks, err := readAll(t, src, 0, generous)
	require.ErrorIs(t, err, iotest.ErrTimeout)
	requireWholeLines(t, chunks)
	assert.NotEmpty(t, chunks)
}

func TestASourceThatMakesNoProgress(t *testing.T) {
	for _, p := range packings {
		src := &memory{data: p.pack([]byte(object300)), wrap: func(r io.Reader) io.Reader {
			return io.MultiReader(io.LimitReader(r, 200), idle{})
		}}
		_, err := readAll(t, src, 0, generous)
		require.ErrorIs(t, err, io.ErrNoProgress, p.name)
		require.NotErrorIs(t, err, ErrCorrupt)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// A source such as a file does not look at the context.
func TestCancelledContextEndsTheReading(t *testing.T) {
	for _, p := range packings {
		ctx, cancel := context.WithCancel(t.Context())
		src := &memory{data: p.pack([]byte(strings.Repeat(record, 20_000))), wrap: iotest.HalfReader}
		r, err := Open(ctx, src, 0, generous)
		require.NoError(t, err)
		_, err = r.Next()
		require.NoError(t, err)
		cancel()
		for err == nil {
			_, err = r.Next()
		}
		require.ErrorIs(t, err, context.Canceled, p.name)
		require.NotErrorIs(t, err, ErrCorrupt)
		require.NoError(t, r.Close())
	}
}

// Wherever packed data ends too early, the lines before are returned and the
// end is an error.
func TestTruncatedObjectsAreCorrupt(t *testing.T) {
	for _, p := range packings[1:] {
		stored := p.pack([]byte(object300))
		for n := 4; n < len(stored); n += 1 + n/40 {
			chunks, err := readAll(t, &memory{data: stored[:n]}, 0, generous)
			requireWholeLines(t, chunks)
			if strings.Contains(p.name, "several") && err == nil {
				continue // cut between two parts, which is no error; see below
			}
			require.ErrorIs(t, err, ErrCorrupt, "%s of %d bytes cut at %d", p.name, len(stored), n)
		}
		whole := p.pack([]byte(object300[:6400]))
		chunks, err := readAll(t, &memory{data: append(whole, stored[:len(stored)-1]...)}, 0, generous)
		require.ErrorIs(t, err, ErrCorrupt)
		assert.GreaterOrEqual(t, len(text(chunks)), 6400)
	}
}

// Any flipped bit is noticed, or changes nothing but a header's remarks.
func TestFlippedBitsAreCorrupt(t *testing.T) {
	for _, p := range packings[1:] {
		stored := p.pack([]byte(object300))
		for i := 10; i < len(stored); i += 1 + i/60 {
			broken := bytes.Clone(stored)
			broken[i] ^= 0x10
			chunks, err := readAll(t, &memory{data: broken}, 0, generous)
			if err == nil {
				require.Equal(t, object300, text(chunks), "%s, byte %d", p.name, i)
				continue
			}
			require.ErrorIs(t, err, ErrCorrupt, "%s, byte %d", p.name, i)
		}
	}
}

func TestWrongChecksums(t *testing.T) {
	for _, p := range packings[1:] {
		stored := p.pack([]byte(object300))
		stored[len(stored)-2] ^= 1
		chunks, err := readAll(t, &memory{data: stored}, 0, generous)
		require.ErrorIs(t, err, ErrCorrupt, p.name)
		requireWholeLines(t, chunks)
	}
}

func TestResumingACorruptObjectEndsInTheSameError(t *testing.T) {
	for _, p := range packings[1:] {
		stored := p.pack([]byte(object300))
		src := &memory{data: stored[:len(stored)-3]}
		_, err := readAll(t, src, int64(len(object300)), generous)
		require.ErrorIs(t, err, ErrCorrupt, p.name)
	}
}
