package listing

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// slowly takes an object a minute and commits it.
func (r *rig) slowly(t *testing.T, d time.Duration) (keys []string) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < d; {
		if w := r.within(t, time.Minute); w != nil {
			keys = append(keys, w.Object.Key)
			r.commit(t, w)
			time.Sleep(time.Minute)
		}
	}
	return keys
}

// Lists of names, and searches, show folders that sort among the names in some passes and
// skip them in others.
func TestFoldersAmongNamesAreReadOnce(t *testing.T) {
	for _, start := range []string{"2001-06-01T00:00:00Z", "earliest"} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			r := newRig(t, from(start))
			r.size = 10
			var want []string
			for n := range 60 {
				at := time.Now().Add(-time.Duration(n) * 12 * time.Hour)
				for _, key := range []string{simpleKey(at, n), "p/" + at.UTC().Format("2006-01/") + stamped(at, n)} {
					r.put(key, at)
					want = append(want, key)
				}
			}
			got := r.slowly(t, fullDay)
			r.restart(t)
			got = append(got, r.slowly(t, 2*fullDay)...)
			assert.Equal(t, sorted(want), sorted(got), start)
		})
	}
}

func TestDaysRightBelowThePrefixAreNotWalked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { from("earliest")(s); looks(s) })
		var want []string
		for n := range 60 {
			at := time.Now().Add(-time.Duration(n) * fullDay)
			key := "p/" + dayPath("2006/01/02/2006-01-02-00-00-00-", at) + unique(n)
			r.put(key, at)
			want = append(want, key)
		}
		var got []string
		for range 60 {
			got = append(got, r.during(t, time.Minute)...)
		}
		assert.Equal(t, sorted(want), sorted(got))
		walked := 0
		for _, in := range r.requests() {
			if strings.HasPrefix(in.Prefix, "p/2002/") && in.Delimiter == "/" {
				walked++
			}
		}
		assert.Less(t, walked, 5, "the look at the newest one")
	})
}

// closedTo is a bucket whose policy does not let a folder be listed.
type closedTo struct {
	*fakeBucket
	folder string
}

func (c closedTo) List(ctx context.Context, in s3io.ListInput) (s3io.Page, error) {
	if strings.HasPrefix(in.Prefix, c.folder) {
		return s3io.Page{}, source.ErrDenied
	}
	return c.fakeBucket.List(ctx, in)
}

func TestAFolderThatMayNotBeListedHoldsUpNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		var logged []string
		r := newRig(t, func(s *settings) {
			s.Notice = warningsTo(&logged)
		})
		r.set.Bucket = closedTo{r.fakeBucket, "p/secret/"}
		r.restart(t)
		r.put("p/secret/x", time.Now())
		var want, got []string
		for n := range 20 {
			want = append(want, simpleKey(time.Now(), n), "p/web/"+stamped(time.Now(), n))
			r.put(want[2*n], time.Now())
			r.put(want[2*n+1], time.Now())
			for end := time.Now().Add(16 * time.Minute); time.Now().Before(end); {
				if w := r.within(t, time.Minute); w != nil {
					got = append(got, w.Object.Key)
					r.commit(t, w)
				}
			}
		}
		assert.Equal(t, sorted(want), sorted(got))
		require.Len(t, logged, 1)
		assert.Contains(t, logged[0], "s3://b/p/secret/ may not be listed")
	})
}

// What comes to a folder that showed nothing to judge it by is read, also after a restart.
func TestFoldersThatWereEmptyAreReadFromTheirFirstObject(t *testing.T) {
	for _, folder := range []string{"p/" + partA + "/", "p/logs/2002/", "p/logs/2002/09/01/"} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			r := newRig(t, func(s *settings) { looks(s) })
			r.objects = append(r.objects, s3io.Object{Key: folder, ETag: "e", LastModified: time.Now()}) // as consoles make them
			r.during(t, 5*fullDay)
			var want, got []string
			for n := range 5 {
				key := eventKey(partA, time.Now(), n)
				if strings.Contains(folder, "logs") {
					key = "p/logs/" + dayPath("2006/01/02/15/", time.Now()) + "log" + unique(n)
				}
				want = append(want, key)
				r.put(key, time.Now())
				if n == 2 {
					r.restart(t)
				}
				got = append(got, r.during(t, 4*time.Minute)...)
			}
			got = append(got, r.during(t, 2*time.Hour)...)
			assert.Equal(t, sorted(want), sorted(got), folder)
		})
	}
}

// Below the folders of an account and a region, and beside other things.
func TestUnusualPlacesOfLogObjects(t *testing.T) {
	for name, key := range map[string]func(at time.Time, n int) string{
		"names in a source bucket": func(at time.Time, n int) string { return "p/" + partA + "/" + stamped(at, n) },
		"vended, with the bucket": func(at time.Time, n int) string {
			return "p/AWSLogs/111122223333/S3/" + partA + "/" + dayPath("2006/01/02/15/", at) + "log" + unique(n)
		},
		"hive, with the bucket": func(at time.Time, n int) string {
			return "p/AWSLogs/111122223333/S3/" + partA + "/" + dayPath("year=2006/month=01/day=02/", at) + "log" + unique(n)
		},
		"the service behind the region": func(at time.Time, n int) string {
			return "p/AWSLogs/111122223333/eu-west-1/S3/" + dayPath("2006/01/02/15/", at) + "log" + unique(n)
		},
		"folders of months":         func(at time.Time, n int) string { return "p/web/" + dayPath("2006/01/", at) + stamped(at, n) },
		"a readme in a later month": func(at time.Time, n int) string { return "p/logs/" + dayPath("2006/01/02/15/", at) + "log" + unique(n) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				r := newRig(t, func(s *settings) { from("earliest")(s); looks(s) })
				var want []string
				for n := range 5 {
					want = append(want, key(time.Now().Add(-time.Duration(n)*30*time.Hour), n))
					r.put(want[n], time.Now())
				}
				r.put("p/logs/2002/10/readme.txt", time.Now())
				assert.Equal(t, sorted(want), sorted(r.during(t, 2*fullDay)))
			})
		})
	}
}

func TestAnyOverProgressOfAnotherLayoutIsAWrongSetting(t *testing.T) {
	for _, c := range [][2]Layout{{Auto, Any}, {Any, Auto}} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = c[0] })
			r.put(simpleKey(time.Now(), 1), time.Now())
			require.Len(t, r.during(t, time.Hour), 1)
			r.set.Layout = c[1]
			_, err := New(r.set.Config, r.set.Deps)
			require.ErrorContains(t, err, "but the stored progress is of another one")
		})
	}
}

// The clock of S3 decides whether the time of a new share has passed.
func TestANewShareHasToBeginLaterByTheClockOfS3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, nil)
		r.date = func() time.Time { return time.Now().Add(10 * time.Second) }
		r.set.Shard = Shard{Share: Share{0, 2}, Since: time.Now().Add(5 * time.Second).UTC().Format(time.RFC3339)}
		r.restart(t)
		for range 3 {
			_, err := r.src.Next(t.Context())
			require.NoError(t, t.Context().Err())
			if err == nil || errors.Is(err, context.Canceled) {
				t.Fatal("it reads")
			}
			assert.ErrorContains(t, err, "which has passed")
		}
		r.set.Shard.Since = time.Now().Add(-5 * time.Second).UTC().Format(time.RFC3339) // passed by the machine's only
		r.date = func() time.Time { return time.Now().Add(-10 * time.Second) }
		r.restart(t)
		r.during(t, time.Minute)
	})
}

// Answers whose times never agree are not asked for without end.
func TestTimesThatNeverAgreeEndInTheMachines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, from("earliest"))
		n := 0
		r.date = func() time.Time { n++; return time.Now().Add(time.Duration(n%3+1) * 5 * time.Hour) }
		r.restart(t)
		key := simpleKey(time.Now(), 1)
		r.put(key, time.Now())
		assert.Equal(t, []string{key}, r.during(t, time.Minute))
		assert.Less(t, r.lists, 20)
	})
}

// A pass that is under way at the end does not hold it up.
func TestUntilIsNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		until := time.Now().Add(time.Hour)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Until = until.UTC().Format(time.RFC3339) })
		r.size = 10
		for n := range 100 {
			at := time.Now().Add(-time.Duration(n) * 10 * time.Minute)
			r.put(simpleKey(at, n), at)
		}
		assert.Len(t, r.slowlyToTheEnd(t), 100)
		assert.Less(t, time.Since(until), time.Hour+40*time.Minute, "which the objects take")
	})
}

func (r *rig) slowlyToTheEnd(t *testing.T) (keys []string) {
	t.Helper()
	for {
		w, err := r.src.Next(t.Context())
		if err != nil {
			return keys
		}
		keys = append(keys, w.Object.Key)
		r.commit(t, w)
		time.Sleep(time.Minute)
	}
}
