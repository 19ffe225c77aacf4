package listing

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// forgetful is a bucket that refuses the tokens it does not know.
type forgetful struct {
	*fakeBucket
	mu    sync.Mutex
	known map[string]bool
}

func (f *forgetful) List(ctx context.Context, in s3io.ListInput) (s3io.Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if in.Token != "" && !f.known[in.Token] {
		return s3io.Page{}, fmt.Errorf("%w: 400", s3io.ErrToken)
	}
	p, err := f.fakeBucket.List(ctx, in)
	f.known[p.Token] = true
	return p, err
}

// forget makes it refuse all tokens that it gave out.
func (f *forgetful) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.known)
}

// A token that is refused is refused for ever.
func TestRefusedTokenBeginsTheListAnew(t *testing.T) {
	for layout, keyAt := range keyOf {
		t.Run(layout, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = layoutOf(layout) })
				r.size = 10
				for i := range 190 { // half in a span, half in the window
					at := time.Now().Add(-time.Duration(i) * time.Hour / 2)
					r.put(keyAt(at, i), at)
				}
				bucket := &forgetful{fakeBucket: r.fakeBucket, known: map[string]bool{}}
				var err error
				deps := r.set.Deps
				deps.Bucket = bucket
				r.src, err = New(r.set.Config, deps)
				require.NoError(t, err)
				seen := map[string]bool{}
				for failures := 0; len(seen) < 190; {
					w, err := r.src.Next(t.Context())
					if err != nil {
						require.ErrorIs(t, err, s3io.ErrToken)
						failures++
						require.Less(t, failures, 20)
						continue
					}
					require.False(t, seen[w.Object.Key], "handed out twice")
					seen[w.Object.Key] = true
					if len(seen)%2 == 0 { // the others stay in flight
						r.commit(t, w)
					}
					if len(seen)%45 == 0 {
						bucket.forget()
					}
				}
				assert.Empty(t, r.poll(t))
			})
		})
	}
}

// An object that cannot be read for days holds the backfill back permanently, not
// only for the time that a page takes.
func TestBackfillIsBoundedBesideAStuckObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Simple })
		r.size = 1
		r.fill("simple", time.Now().Add(-203*fullDay), 200, 15)
		stuck, err := r.src.Next(t.Context())
		require.NoError(t, err)
		before := r.during(t, 3*time.Hour)
		assert.LessOrEqual(t, len(r.src.backlog.marks), maxMarks)
		r.commit(t, stuck)
		after := r.during(t, 10*time.Minute)
		assert.Len(t, append(before, after...), 200*15-1)
	})
}

// A wrong prefix is silent otherwise: nothing is found and nothing fails.
func TestEmptyIsToldUntilSomethingIsFound(t *testing.T) {
	const far = -300 * fullDay
	empty := []bool{true}
	for name, c := range map[string]struct {
		layout Layout
		start  string
		put    func(r *rig, now time.Time)
		want   []bool
	}{
		"nothing":               {Auto, "latest", func(*rig, time.Time) {}, empty},
		"nothing, simple":       {Simple, "earliest", func(*rig, time.Time) {}, empty},
		"other keys":            {Auto, "earliest", func(r *rig, now time.Time) { r.put("p/README", now); r.put("p/a/b", now) }, empty},
		"an empty bucket":       {Auto, "earliest", func(r *rig, now time.Time) { r.put("p/"+partA+"/x", now) }, empty},
		"not to be read":        {Auto, "latest", func(r *rig, now time.Time) { r.put(simpleKey(now.Add(-time.Hour), 1), now.Add(-time.Hour)) }, nil},
		"simple":                {Auto, "latest", func(r *rig, now time.Time) { r.put(simpleKey(now, 1), now) }, nil},
		"partitioned":           {Auto, "latest", func(r *rig, now time.Time) { r.put(eventKey(partA, now, 1), now) }, nil},
		"long ago, from latest": {Auto, "latest", func(r *rig, now time.Time) { r.put(eventKey(partA, now.Add(far), 1), now.Add(far)) }, nil},
		"long ago":              {Auto, "earliest", func(r *rig, now time.Time) { r.put(eventKey(partA, now.Add(far), 1), now.Add(far)) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				var calls []bool
				r := newRig(t, func(s *settings) {
					from(c.start)(s)
					s.Layout, s.Empty = c.layout, func(empty bool) { calls = append(calls, empty) }
				})
				c.put(r, time.Now())
				r.fail = []error{source.ErrUnreachable}
				_, err := r.src.Next(t.Context())
				require.ErrorIs(t, err, source.ErrUnreachable)
				assert.Empty(t, calls, "nothing was listed")
				r.during(t, 3*time.Hour)
				assert.Equal(t, c.want, calls)
				for n := range 2 {
					r.put(simpleKey(time.Now(), n), time.Now())
					r.put(eventKey(partA, time.Now(), n), time.Now())
					r.during(t, time.Hour)
				}
				if c.want != nil {
					assert.Equal(t, []bool{true, false}, calls, "once something came")
				}
			})
		})
	}
}

func TestEmptyIsNotToldOfWhatWasReadBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		calls := 0
		r := newRig(t, func(s *settings) { s.Empty = func(bool) { calls++ } })
		r.put(simpleKey(time.Now(), 1), time.Now())
		require.Len(t, r.during(t, time.Hour), 1)
		r.objects = nil
		r.restart(t)
		r.during(t, time.Hour)
		assert.Zero(t, calls)
	})
}

// What was read to its end and forgotten is still there, and so is the prefix right.
func TestEmptyIsNotToldOfAFinishedBackfill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		var calls []bool
		var notices []string
		r := newRig(t, func(s *settings) {
			from("earliest")(s)
			s.Empty, s.Notice = func(empty bool) { calls = append(calls, empty) }, noticesTo(&notices)
		})
		r.put(simpleKey(time.Now().Add(-300*fullDay), 1), time.Now().Add(-300*fullDay))
		require.Len(t, r.during(t, 10*fullDay), 1)
		r.commit(t)
		r.during(t, time.Hour)
		r.commit(t)
		var c checkpoint.Change
		for _, group := range r.store.Groups() {
			c.Forget(group)
		}
		require.NoError(t, r.store.Commit(t.Context(), &c))
		r.restart(t)
		r.during(t, time.Hour)
		assert.Empty(t, calls)
		assert.Contains(t, strings.Join(notices, "\n"), "has log objects (1, the newest of 2001-")
		assert.Contains(t, strings.Join(notices, "\n"), "but none is to be read: they are read already")
	})
}
