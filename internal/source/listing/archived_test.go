package listing

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// A lifecycle rule that archives log objects hides none that can be read, and costs no
// request for an object.
func TestArchivedObjectsAreLeftAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		var logged []string
		count := 0
		r := newRig(t, func(s *settings) {
			from("earliest")(s)
			s.Archived = func() { count++ }
			s.Notice = warningsTo(&logged)
		})
		first := time.Now().Add(-200 * fullDay)
		var want []string
		archivedOnes := 12_000
		if underRace {
			archivedOnes /= 4
		}
		for n := range archivedOnes + 400 {
			key := simpleKey(first.Add(time.Duration(n)*time.Minute), n)
			r.objects = append(r.objects, s3io.Object{Key: key, ETag: "etag", LastModified: first, Archived: n < archivedOnes})
			if n >= archivedOnes {
				want = append(want, key)
			}
		}
		last := first.Add(time.Duration(archivedOnes-1) * time.Minute).UTC().Format(time.RFC3339)
		assert.Equal(t, want, sorted(r.during(t, time.Hour)))
		assert.Equal(t, archivedOnes, count)
		require.Len(t, logged, 1)
		assert.Contains(t, logged[0], fmt.Sprintf("%d log objects below s3://b/p/, of 2002-03-11T00:00:00Z to %s, are archived", archivedOnes, last))
		assert.Contains(t, logged[0], "start_from: 2002-03-11T00:00:00Z and until: "+last)

		r.restart(t)
		assert.Empty(t, r.during(t, fullDay))
		assert.Equal(t, archivedOnes, count, "each is counted once")
		for i := range r.objects { // restored
			r.objects[i].Archived = false
		}
		assert.Empty(t, r.during(t, fullDay), "and done")
	})
}

// Lists do not tell of the archive tiers of INTELLIGENT_TIERING: the GET does.
func TestObjectsThatTurnOutArchivedAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		var logged []string
		r := newRig(t, func(s *settings) {
			from("earliest")(s)
			s.Notice = warningsTo(&logged)
		})
		r.openError = func(string) error { return source.ErrArchived }
		r.put(simpleKey(time.Now(), 1), time.Now())
		w := r.within(t, time.Minute)
		require.NotNil(t, w)
		_, err := w.Content.OpenAt(t.Context(), 0)
		require.ErrorIs(t, err, source.ErrArchived)
		r.commit(t, w)
		r.during(t, time.Hour)
		require.Len(t, logged, 1)
		assert.Contains(t, logged[0], "1 log objects below s3://b/p/, of 2002-09-27T00:00:00Z to 2002-09-27T00:00:00Z, are archived")
	})
}

// When everything that is to be tried again is denied, the newest log object tells whether
// that is the bucket or those objects.
func TestTheNewestLogObjectIsTriedWhenAllOthersAreDenied(t *testing.T) {
	const denied = retryLimit + 500
	for name, c := range map[string]struct {
		key  func(at time.Time, n int) string
		all  bool          // also the newest ones are denied
		slow time.Duration // for a try
	}{
		"names":           {key: simpleKey},
		"slow tries":      {key: simpleKey, slow: time.Second}, // always one that is due again
		"source bucket":   {key: func(at time.Time, n int) string { return eventKey(partA, at, n) }},
		"all of them are": {key: simpleKey, all: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				var opened int
				r := newRig(t, func(s *settings) {
					from("earliest")(s)
					s.Readable = func() { opened++ }
				})
				first := time.Now().Add(-200 * fullDay)
				for n := range denied {
					r.put(c.key(first.Add(time.Duration(n)*time.Minute), n), first)
				}
				newest := c.key(first.Add(20*fullDay), denied)
				r.put(newest, first)
				r.openError = func(key string) error {
					if c.all || key != newest {
						return source.ErrDenied
					}
					return nil
				}
				seen, tried := map[string]int{}, 0
				for begin := time.Now(); time.Since(begin) < 2*time.Hour; {
					w := r.within(t, time.Minute)
					if w == nil {
						continue
					}
					tried++
					time.Sleep(c.slow)
					switch seen[w.Object.Key]++; {
					case w.Object.Key == newest && !c.all:
						r.commit(t, w)
					case opened > 0 && seen[w.Object.Key] >= 3: // as ingest does
						r.commit(t, w)
					default:
						w.Receipt.Nack(0, false)
					}
				}
				if c.all {
					assert.Zero(t, opened)
					assert.Zero(t, seen[newest], "no other one is handed out")
					probes := 0
					for _, o := range r.opened {
						if strings.Contains(o, newest) {
							probes++
						}
					}
					assert.InDelta(t, 15, probes, 5, "ever more rarely")
					return
				}
				assert.Equal(t, 1, seen[newest])
				assert.Len(t, seen, denied+1)
				assert.Positive(t, opened)
			})
		})
	}
}
