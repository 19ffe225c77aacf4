package givenup

import (
	"context"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet hands out work when it is sent some.
type quiet struct{ work chan *source.Work }

func (q quiet) Next(ctx context.Context) (*source.Work, error) {
	select {
	case w, open := <-q.work:
		if !open {
			return nil, io.EOF
		}
		return w, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (quiet) Close() error { return nil }

type content struct{ source.Content }

// with returns a source of n objects that were given up, beside a quiet one.
func with(t *testing.T, n int) (*Source, quiet) {
	t.Helper()
	progress := checkpoint.InMemory()
	var c checkpoint.Change
	for i := range n {
		o := source.Object{Bucket: "logs", Key: fmt.Sprint(i)}
		o.Name.Time = time.Unix(int64(i), 0)
		c.Cursor(source.GivenUpCursor(source.Identify("logs", o.Key, "")), source.EncodeCursor(source.GivenUp{Object: o, Group: "g", Offset: int64(i)}))
	}
	require.NoError(t, progress.Commit(t.Context(), &c))
	q := quiet{make(chan *source.Work)}
	s, err := New(Deps{Source: q, Progress: progress, Content: func(w *source.Work) source.Content {
		if w.Object.Key == "1" {
			return nil
		}
		return content{}
	}})
	require.NoError(t, err)
	return s, q
}

func TestFewAreTriedAtATimeAndTheOthersAreNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, q := with(t, 7)
		var out []*source.Work
		for _, key := range []string{"0", "2", "3", "4"} { // the oldest first; 1 is not the source's any more
			w, err := s.Next(ctx)
			require.NoError(t, err)
			assert.Equal(t, key, w.Object.Key)
			assert.True(t, w.Retrial)
			assert.Equal(t, "g", w.Group)
			assert.Equal(t, key, fmt.Sprint(w.Offset))
			assert.Equal(t, source.Identify("logs", key, ""), w.ID)
			out = append(out, w)
		}
		go func() { q.work <- &source.Work{Object: source.Object{Key: "new"}} }()
		w, err := s.Next(ctx)
		require.NoError(t, err)
		assert.Equal(t, "new", w.Object.Key)

		// While the other source has nothing, they go on as soon as one is settled.
		time.AfterFunc(time.Hour, out[0].Receipt.Ack)
		w, err = s.Next(ctx)
		require.NoError(t, err)
		assert.Equal(t, "5", w.Object.Key)

		begin := time.Now()
		out[1].Receipt.Nack(8, false)
		w, err = s.Next(ctx)
		require.NoError(t, err)
		assert.Equal(t, "2", w.Object.Key)
		assert.Equal(t, int64(8), w.Offset)
		assert.Equal(t, retryAfter, time.Since(begin))

		cancel()
		_, err = s.Next(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, s.Close())
	})
}

func TestTheEndWaitsForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, q := with(t, 1)
		close(q.work)
		w, err := s.Next(t.Context())
		require.NoError(t, err)
		time.AfterFunc(time.Minute, w.Receipt.Ack)
		begin := time.Now()
		_, err = s.Next(t.Context())
		require.Equal(t, io.EOF, err)
		assert.Equal(t, time.Minute, time.Since(begin))
		_, err = s.Next(t.Context())
		assert.Equal(t, io.EOF, err, "the end stays")
		require.NoError(t, s.Close())
	})
}

func TestDamagedCursorIsAnError(t *testing.T) {
	progress := checkpoint.InMemory()
	var c checkpoint.Change
	c.Cursor(source.GivenUpCursor(source.ID{1}), []byte("x"))
	require.NoError(t, progress.Commit(t.Context(), &c))
	_, err := New(Deps{Source: quiet{}, Progress: progress})
	require.ErrorIs(t, err, source.ErrCursor)
}
