package listing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// looks makes a rig's source look into objects: those whose key has "/log" begin with a
// record. It returns the keys that were looked at.
func looks(r *settings) *[]string {
	var asked []string
	r.IsLog = func(_ context.Context, o source.Object) (bool, error) {
		asked = append(asked, o.Key)
		return strings.Contains(o.Key, "/log"), nil
	}
	return &asked
}

// dayPath is a day as folders write it.
func dayPath(layout string, t time.Time) string { return t.UTC().Format(layout) }

// folders are the ways in which log objects lie below a prefix, and what lies beside
// them that is none.
var folders = []struct {
	name string
	key  func(t time.Time, n int) string
	log  bool
}{
	{"a folder for a source bucket", func(t time.Time, n int) string { return "p/web/" + stamped(t, n) }, true},
	{"folders in folders", func(t time.Time, n int) string { return "p/a/b/c/d/e/" + stamped(t, n) }, true},
	{"a folder for a day", func(t time.Time, n int) string { return "p/byday/" + dayPath("2006-01-02/", t) + stamped(t, n) }, true},
	{"partitioned", func(t time.Time, n int) string { return eventKey(partA, t, n) }, true},
	{"partitioned in a folder", func(t time.Time, n int) string { return eventKey("AWSLogs/"+partA, t, n) }, true},
	{"partitioned by words", func(t time.Time, n int) string { return eventKey("prod/frankfurt/web", t, n) }, true},
	{"names beside days", func(t time.Time, n int) string { return "p/mixed/" + stamped(t, n) }, true},
	{"days beside names", func(t time.Time, n int) string { return eventKey("mixed", t, n) }, true},
	{"days right below the prefix", func(t time.Time, n int) string {
		return "p/" + dayPath("2006/01/02/2006-01-02-00-00-00-", t) + unique(n)
	}, true},
	{"days alone", func(t time.Time, n int) string { return eventKey("audit", t, n) }, true},
	{"vended", func(t time.Time, n int) string {
		return "p/AWSLogs/111122223333/S3/eu-west-1/" + dayPath("2006/01/02/15/", t) + "log_" + unique(n) + ".gz"
	}, true},
	{"vended, hive", func(t time.Time, n int) string {
		return "p/AWSLogs/111122223333/S3/" + dayPath("year=2006/month=01/day=02/hour=15/", t) + "log-" + unique(n)
	}, true},
	{"hive without hours, names of S3", func(t time.Time, n int) string {
		return "p/hive/" + dayPath("year=2006/month=01/day=02/", t) + stamped(t, n)
	}, true},
	{"Firehose", func(t time.Time, n int) string {
		return "p/firehose/" + dayPath("2006/01/02/15/", t) + "log-stream-1-" + t.UTC().Format(source.StampLayout) + fmt.Sprintf("-%08d-8d1f-4d2a-b5a5-0123456789ab", n)
	}, true},
	{"short unique parts", func(t time.Time, n int) string {
		return "p/short/" + t.UTC().Format(source.StampLayout) + fmt.Sprintf("-abCD%04d", n)
	}, true},

	{"CloudTrail", func(t time.Time, n int) string {
		return "p/AWSLogs/111122223333/CloudTrail/eu-west-1/" + dayPath("2006/01/02/", t) + "trail" + unique(n) + ".json.gz"
	}, false},
	{"load balancer", func(t time.Time, n int) string {
		return "p/AWSLogs/111122223333/elasticloadbalancing/eu-west-1/" + dayPath("2006/01/02/", t) + "elb" + unique(n)
	}, false},
	{"Config", func(t time.Time, n int) string {
		return "p/AWSLogs/111122223333/Config/eu-west-1/" + dayPath("2006/1/2/", t) + "ConfigHistory/" + unique(n)
	}, false},
	{"flow logs, hive", func(t time.Time, n int) string {
		return "p/flow/aws-service=vpcflowlogs/" + dayPath("year=2006/month=01/day=02/", t) + unique(n)
	}, false},
	{"images", func(_ time.Time, n int) string { return fmt.Sprintf("p/img/2026/cat%d.png", n) }, false},
	{"manifests", func(t time.Time, n int) string {
		return "p/inventory/" + dayPath("2006-01-02T15-04Z/", t) + fmt.Sprintf("manifest%d.json", n)
	}, false},
}

func stamped(t time.Time, n int) string {
	return t.UTC().Format(source.StampLayout) + "-" + unique(n)
}

// Whatever the folders: each log object is read once, old ones and those that come later,
// and a restart looks at no folder again.
func TestLogObjectsAreFoundInAllFolders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		var asked *[]string
		var logged []string
		r := newRig(t, func(s *settings) {
			from("earliest")(s)
			asked = looks(s)
			s.Notice = noticesTo(&logged)
		})
		var want []string
		add := func(at time.Time, n int) {
			for _, f := range folders {
				key := f.key(at, n)
				r.put(key, at)
				if f.log {
					want = append(want, key)
				}
			}
		}
		for n := range 30 {
			add(time.Now().Add(-time.Duration(30-n)*10*time.Hour), n)
		}
		got := r.during(t, time.Hour)
		slices.Sort(want)
		assert.Equal(t, want, sorted(got))
		looked := len(*asked)
		assert.Equal(t, 3+2*3, looked, "one object of three with logs, two of three without: %v", *asked)

		want = nil
		add(time.Now(), 100)
		got = r.during(t, 30*time.Minute)
		r.restart(t)
		add(time.Now(), 101)
		got = append(got, r.during(t, time.Hour)...)
		slices.Sort(want)
		assert.Equal(t, want, sorted(got))
		assert.Len(t, *asked, looked, "each folder is looked at once")
		assert.Contains(t, strings.Join(logged, "\n"), "not log objects and are left out, such as")
		assert.Contains(t, strings.Join(logged, "\n"), "are searched every 10m0s")
	})
}

func sorted(keys []string) []string {
	slices.Sort(keys)
	return keys
}

func TestLayoutsEnterTheFoldersTheyHave(t *testing.T) {
	for layout, want := range map[Layout][]string{
		Simple:      nil,
		Partitioned: {"partitioned", "partitioned in a folder", "partitioned by words", "days beside names", "days right below the prefix", "days alone", "hive without hours, names of S3"},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			r := newRig(t, func(s *settings) { from("earliest")(s); looks(s); s.Layout = layout })
			keys := []string{}
			for n, f := range folders {
				key := f.key(time.Now(), n)
				r.put(key, time.Now())
				if slices.Contains(want, f.name) {
					keys = append(keys, key)
				}
			}
			assert.Equal(t, sorted(keys), sorted(r.during(t, time.Hour)), layout)
			for _, in := range r.requests() {
				if layout == Simple {
					assert.Equal(t, "p/", in.Prefix, "no folder is entered")
				}
			}
		})
	}
}

// A folder that is found later is read from when it was not there; copies of what was
// read, with older names, are not read.
func TestAFolderFoundLaterIsReadFromTheLastSearchOn(t *testing.T) {
	for start, whole := range map[string]bool{"latest": false, "earliest": true} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			r := newRig(t, from(start))
			r.put(simpleKey(time.Now(), 1), time.Now())
			assert.Len(t, r.during(t, 5*time.Hour), 1)
			copied := "p/processed/" + stamped(time.Now().Add(-5*time.Hour), 1)
			r.put(copied, time.Now())
			fresh := []string{"p/web/" + stamped(time.Now(), 2), eventKey(partA, time.Now(), 3), "p/processed/" + stamped(time.Now(), 4)}
			for _, key := range fresh {
				r.put(key, time.Now())
			}
			want := fresh
			if whole {
				want = append(want, copied)
			}
			assert.Equal(t, sorted(want), sorted(r.during(t, time.Hour)), start)
		})
	}
}

// firstEdition makes progress that of the first edition, which knew no searches.
func (r *rig) firstEdition(t *testing.T) {
	t.Helper()
	var c checkpoint.Change
	c.Cursor("listing/b/p/:look", nil)
	require.NoError(t, r.store.Commit(t.Context(), &c))
}

// The first edition entered no folders. What is in them may be what was read before, moved
// or copied there.
func TestTheUpgradeReadsNothingTwice(t *testing.T) {
	for _, start := range []string{"latest", "earliest", "2001-01-01T00:00:00Z"} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(1000 * fullDay)
			var logged []string
			r := newRig(t, func(s *settings) {
				from(start)(s)
				looks(s)
				s.Notice = noticesTo(&logged)
			})
			began := time.Now()
			time.Sleep(time.Hour)
			for n := range 5 {
				r.put(simpleKey(time.Now(), n), time.Now())
				r.put(eventKey(partA, time.Now(), n), time.Now())
			}
			require.Len(t, r.during(t, time.Hour), 10)
			r.firstEdition(t)

			old := began.Add(time.Hour)
			for n := range 5 {
				r.put("p/processed/"+stamped(old, n), time.Now())
				r.put("p/archive/2002/"+stamped(old, n), time.Now())
				r.put(eventKey("archive/"+partA, old, n), time.Now())
				r.put("p/vended/"+dayPath("2006/01/02/", old)+"log"+unique(n), time.Now())
			}
			time.Sleep(time.Minute)
			r.restart(t)
			r.commit(t)
			if start == "latest" { // in the middle of the first search
				_ = r.src.list(t.Context(), time.Now())
				r.commit(t)
				r.restart(t)
			}
			assert.Empty(t, r.during(t, time.Hour), start)
			fresh := []string{
				simpleKey(time.Now(), 20), eventKey(partA, time.Now(), 21), "p/processed/" + stamped(time.Now(), 22),
				eventKey("archive/"+partA, time.Now(), 23), "p/vended/" + dayPath("2006/01/02/", time.Now()) + "log24",
				eventKey(partB, time.Now(), 25),
			}
			for _, key := range fresh {
				r.put(key, time.Now())
			}
			r.restart(t)
			assert.Equal(t, sorted(fresh), sorted(r.during(t, time.Hour)), start)
			upgrades := slices.DeleteFunc(logged, func(text string) bool { return !strings.Contains(text, "by the version before") })
			require.Len(t, upgrades, 1)
			assert.Contains(t, upgrades[0], "4 folders, such as s3://b/p/")
			assert.Contains(t, upgrades[0], "run a receiver of its own once")
		})
	}
}

// A folder that cannot be judged is looked at again, ever more rarely, and is read from
// where it was found first.
func TestAFolderThatCannotBeJudgedIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		denied, looked := true, 0
		r := newRig(t, func(s *settings) {
			from("earliest")(s)
			s.IsLog = func(context.Context, source.Object) (bool, error) {
				looked++
				if denied {
					return false, source.ErrDenied
				}
				return true, nil
			}
		})
		key := "p/vended/" + dayPath("2006/01/02/15/", time.Now()) + "log1"
		r.put(key, time.Now())
		assert.Empty(t, r.during(t, 3*fullDay))
		assert.Less(t, looked, 12)
		denied = false
		assert.Equal(t, []string{key}, r.during(t, fullDay+time.Hour))
	})
}

// An error of the list is that of Next, and the search goes on where it was.
func TestALookThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { from("earliest")(s); looks(s) })
		key := "p/vended/" + dayPath("2006/01/02/15/", time.Now()) + "log1"
		r.put(key, time.Now())
		bad := errors.New("no answer")
		for n := range 12 {
			r.fail = append(r.fail, bad)
			for range n {
				r.fail = append(r.fail, nil)
			}
		}
		var keys []string
		errs := 0
		for begin := time.Now(); time.Since(begin) < time.Hour; {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			w, err := r.src.Next(ctx)
			cancel()
			switch {
			case errors.Is(err, bad):
				errs++
			case err == nil:
				keys = append(keys, w.Object.Key)
				r.commit(t, w)
			}
		}
		assert.Equal(t, []string{key}, keys)
		assert.Equal(t, 12, errs)
	})
}

func TestNamesWithSomethingBeforeThemAreToldWithThePrefix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		var logged []string
		r := newRig(t, func(s *settings) {
			from("earliest")(s)
			s.Notice = warningsTo(&logged)
		})
		for n := range 3 {
			r.put("p/web-"+stamped(time.Now(), n), time.Now())
			r.put("p/sub/app-"+stamped(time.Now(), n), time.Now())
		}
		assert.Empty(t, r.during(t, time.Hour))
		require.Len(t, logged, 2)
		assert.Contains(t, logged[0]+logged[1], `set bucket.prefix to "p/web-"`)
		assert.Contains(t, logged[0]+logged[1], `set bucket.prefix to "p/sub/app-"`)
	})
}

func TestSearchIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		var logged []string
		r := newRig(t, func(s *settings) {
			s.Notice = noticesTo(&logged)
		})
		r.busy = true
		for n := range maxFolders + 100 {
			r.objects = append(r.objects, s3io.Object{Key: fmt.Sprintf("p/%05d/x", n), LastModified: time.Now()})
		}
		r.sort()
		r.during(t, time.Hour) // the first search
		before := r.lists
		r.during(t, fullDay)
		assert.LessOrEqual(t, r.lists-before, 20_000+1440+100)
		limits := slices.DeleteFunc(logged, func(text string) bool { return !strings.Contains(text, "more folders than are searched") })
		require.Len(t, limits, 1, logged)
		assert.Contains(t, limits[0], "set bucket.prefix to the folder of the log objects")
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, from("earliest"))
		eight := "p/" + strings.Repeat("d/", 8) + stamped(time.Now(), 1)
		r.put(eight, time.Now())
		r.put("p/"+strings.Repeat("e/", 9)+stamped(time.Now(), 2), time.Now())
		assert.Equal(t, []string{eight}, r.during(t, time.Hour))
	})
}
