package ingest

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/givenup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// keeping returns a rig whose objects that are given up are kept in progress.
func keeping(t *testing.T, progress *checkpoint.Store, src *fakeSource, content func(*source.Work) source.Content) *rig {
	t.Helper()
	r := newRig(testConfig(), src, &fakeSink{})
	r.parts.Progress, r.parts.KeepGivenUp = progress, true
	offered, err := givenup.New(givenup.Deps{Source: src, Progress: progress, Content: content})
	require.NoError(t, err)
	r.Engine = New(r.cfg, r.parts)
	r.parts.Source = offered
	return r
}

func noContent(*source.Work) source.Content { return nil }

func TestGivenUpIsReadFromItsByteAtTheNextStart(t *testing.T) {
	for name, fault := range map[string]error{"corrupt": lines.ErrCorrupt, "denied": source.ErrDenied} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				records := samplelogs.Records(7, 20)
				fine, whole, first := textObject(records[:5]...), textObject(records[5:]...), textObject(records[5:10]...)
				bad := &fakeObject{key: whole.key, content: first.content, breaks: fmt.Errorf("%w: of the test", fault)}
				progress := checkpoint.InMemory()

				r := keeping(t, progress, newFakeSource(fine, bad), noContent)
				require.NoError(t, r.Run(t.Context()))
				assert.Len(t, r.sink.uids, 10)
				assert.Equal(t, int64(1), r.GivenUp())
				all, more, err := source.GivenUpObjects(progress.Cursors())
				require.NoError(t, err)
				assert.Zero(t, more)
				id := source.Identify("logs", bad.key, "")
				require.Contains(t, all, id)
				assert.Equal(t, int64(len(first.content)), all[id].Offset)
				assert.Equal(t, bad.key, all[id].Object.Key)

				// It is still so: it is tried once, and stays.
				src := newFakeSource()
				r = keeping(t, progress, src, func(*source.Work) source.Content { return fakeContent{src, bad} })
				require.NoError(t, r.Run(t.Context()))
				assert.Empty(t, r.sink.uids)
				assert.Equal(t, int64(1), r.GivenUp())
				assert.Equal(t, int64(1), r.Totals().GivenUp)
				assert.Equal(t, 1, r.logged.FilterMessageSnippet("object given up").Len())

				// It can be read: the rest comes, and it is given up no more.
				src = newFakeSource()
				r = keeping(t, progress, src, func(*source.Work) source.Content { return fakeContent{src, whole} })
				require.NoError(t, r.Run(t.Context()))
				assert.Len(t, r.sink.uids, 10)
				for _, record := range records[10:] {
					assert.Equal(t, 1, r.sink.uids[hexID(record)])
				}
				assert.Zero(t, r.GivenUp())
				all, _, err = source.GivenUpObjects(progress.Cursors())
				require.NoError(t, err)
				assert.Empty(t, all)
				away, err := AwayOf(progress.Cursors())
				require.NoError(t, err)
				assert.Equal(t, Away{Metrics: 2}, away, "one as a whole, and the rest of the other")
			})
		})
	}
}

func TestGivenUpThatWasOverwrittenIsReadInItsNewVersionOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, now := textObject(samplelogs.Records(8, 3)...), textObject(samplelogs.Records(9, 4)...)
		progress := checkpoint.InMemory()
		bad := &fakeObject{key: old.key, content: old.content, breaks: lines.ErrCorrupt}
		require.NoError(t, keeping(t, progress, newFakeSource(bad), noContent).Run(t.Context()))

		next := source.Object{Bucket: "logs", Key: old.key, ETag: "new", Size: int64(len(now.content))}
		for _, want := range []int{4, 0} { // at the start after that nothing is left
			src := newFakeSource()
			r := keeping(t, progress, src, func(w *source.Work) source.Content {
				if w.Object.ETag == "new" {
					return fakeContent{src, now}
				}
				return fakeContent{src, &fakeObject{fault: &source.OverwrittenError{Now: next}}}
			})
			require.NoError(t, r.Run(t.Context()))
			assert.Len(t, r.sink.uids, want)
			assert.Zero(t, r.GivenUp())
			assert.True(t, progress.Done(source.Identify("logs", old.key, "new")))
		}
	})
}

func TestGivenUpThatIsGoneIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		progress := checkpoint.InMemory()
		bad := textObject(samplelogs.Records(8, 3)...)
		bad.breaks = lines.ErrCorrupt
		require.NoError(t, keeping(t, progress, newFakeSource(bad), noContent).Run(t.Context()))

		src := newFakeSource()
		r := keeping(t, progress, src, func(*source.Work) source.Content {
			return fakeContent{src, &fakeObject{fault: source.ErrGone}}
		})
		require.NoError(t, r.Run(t.Context()))
		assert.Zero(t, r.GivenUp())
	})
}

func TestGivenUpAreKeptUpToALimitAndThenCounted(t *testing.T) {
	progress := checkpoint.InMemory()
	var g givenUp
	var c checkpoint.Change
	for i := range source.MaxGivenUp + 5 {
		key := fmt.Sprint(i)
		w := &source.Work{Object: source.Object{Bucket: "logs", Key: key}, ID: source.Identify("logs", key, ""), Group: "g"}
		g.add(&c, w, w.Object, w.ID, 0)
	}
	require.NoError(t, progress.Commit(t.Context(), &c))
	all, more, err := source.GivenUpObjects(progress.Cursors())
	require.NoError(t, err)
	assert.Len(t, all, source.MaxGivenUp)
	assert.Equal(t, int64(5), more)

	var next givenUp
	next.restore(progress.Cursors())
	assert.Equal(t, int64(source.MaxGivenUp+5), next.count.Load())
}

func TestQueueKeepsItsOwnMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		progress := checkpoint.InMemory()
		bad := textObject(samplelogs.Records(8, 3)...)
		bad.breaks, bad.redrive = lines.ErrCorrupt, 4
		r := keeping(t, progress, newFakeSource(bad), noContent)
		r.src.once = true
		require.NoError(t, r.Run(t.Context()))
		assert.Zero(t, r.GivenUp())
	})
}
