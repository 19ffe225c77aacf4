package listing

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/later"
)

// overwrite puts another version of an object that is handed out.
func (r *rig) overwrite(w *source.Work, etag string) source.Object {
	r.putTag(w.Object.Key, etag, time.Now())
	now := w.Object
	now.ETag, now.Size = etag, 1
	return now
}

func (r *rig) reach(t *testing.T, w *source.Work, id source.ID, offset int64) {
	t.Helper()
	var c checkpoint.Change
	c.Reached(w.Group, id, offset, 0)
	require.NoError(t, r.store.Commit(t.Context(), &c))
}

// overwritable is a rig with one object, handed out, of which a part is done.
func overwritable(t *testing.T, age time.Duration) (*rig, *source.Work) {
	time.Sleep(1000 * fullDay)
	r := newRig(t, from("earliest"))
	at := time.Now().Add(-age)
	r.put(simpleKey(at, 1), at)
	works := r.poll(t)
	require.Len(t, works, 1)
	r.reach(t, works[0], works[0].ID, 500)
	return r, works[0]
}

func TestOverwrittenObjectIsOfferedInItsNewVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, old := overwritable(t, 0)
		old.Receipt.Replace(r.overwrite(old, "new"))
		time.Sleep(time.Minute)
		works := r.poll(t)
		require.Len(t, works, 1)
		assert.Equal(t, "new", works[0].Object.ETag)
		assert.Equal(t, source.Identify("b", old.Object.Key, "new"), works[0].ID)
		assert.Zero(t, works[0].Offset, "that of the old version means nothing")
		assert.Equal(t, "etag", old.Object.ETag, "it stays as it is for who handed it back")
		r.commit(t, works...)
		time.Sleep(time.Minute)
		assert.Empty(t, r.pollKeys(t), "the list shows what is done")
	})
}

func TestOverwrittenObjectGoesOnInItsNewVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, old := overwritable(t, 0)
		now := r.overwrite(old, "new")
		r.reach(t, old, source.Identify("b", now.Key, "new"), 70)
		old.Receipt.Replace(now)
		time.Sleep(time.Minute)
		works := r.poll(t)
		require.Len(t, works, 1)
		assert.EqualValues(t, 70, works[0].Offset)
	})
}

func TestOverwrittenObjectThatWasListedMeanwhileIsReadOnce(t *testing.T) {
	for name, done := range map[string]bool{"done": true, "handed out": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, old := overwritable(t, 0)
				now := r.overwrite(old, "new")
				time.Sleep(time.Minute)
				works := r.poll(t)
				require.Len(t, works, 1)
				assert.Equal(t, "new", works[0].Object.ETag)
				if done {
					r.commit(t, works...)
				}
				old.Receipt.Replace(now)
				time.Sleep(time.Minute)
				assert.Empty(t, r.poll(t))
				if !done {
					r.commit(t, works...)
				}
				assert.Empty(t, r.src.flight.byID)
			})
		})
	}
}

// A span goes by a key once: it must not be closed before the version that is
// there now is done.
func TestSpanWaitsForTheNewVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, old := overwritable(t, 10*fullDay)
		old.Receipt.Replace(r.overwrite(old, "new"))
		time.Sleep(time.Minute)
		require.Len(t, r.poll(t), 1)
		r.commit(t)
		r.restart(t)
		again := r.poll(t)
		require.Len(t, again, 1, "lost by a death before it was done")
		assert.Equal(t, "new", again[0].Object.ETag)
		assert.Zero(t, again[0].Offset)
		r.commit(t, again...)
		r.poll(t)
		r.commit(t)
		r.restart(t)
		assert.Empty(t, r.poll(t))
	})
}

// Next may hand the object out again before the call that gave it back returns.
func TestObjectIsReadAsItWasHandedBackAlsoWhileItsReceiptIsBeingSettled(t *testing.T) {
	for name, settle := range map[string]func(*source.Work){
		"nack":    func(w *source.Work) { w.Receipt.Nack(0, false) },
		"replace": func(w *source.Work) { w.Receipt.Replace(source.Object{Bucket: "b", Key: w.Object.Key, ETag: "new"}) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, from("earliest"))
			r.src.later = later.New(0, retryLimit)
			defer func() { require.NoError(t, r.src.Close()) }()
			r.put(simpleKey(time.Now(), 1), time.Now())
			w, err := r.src.Next(t.Context())
			require.NoError(t, err)
			for range 100 {
				var settled sync.WaitGroup
				settled.Go(func() { settle(w) })
				again, err := r.src.Next(t.Context())
				require.NoError(t, err)
				_, err = again.Content.OpenAt(t.Context(), 0)
				require.NoError(t, err)
				assert.Contains(t, r.opened[len(r.opened)-1], " "+again.Object.ETag+" ")
				settled.Wait()
				w = again
			}
		})
	}
}
