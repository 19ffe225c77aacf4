package listing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a source over a fake bucket. Its tests run in a synctest bubble: the
// machine's clock is a fake one there, and waiting takes no time.
type rig struct {
	*fakeBucket
	src     *Source
	store   *checkpoint.Store
	set     settings
	skipped []string
}

// settings are all that New takes.
type settings struct {
	Config
	Deps
}

func testSettings(store *checkpoint.Store) settings {
	set := settings{Config: DefaultConfig(), Deps: Deps{Progress: store}}
	set.Name, set.Prefix = "b", "p/"
	return set
}

func newRig(t *testing.T, change func(*settings)) *rig {
	t.Helper()
	r := &rig{fakeBucket: &fakeBucket{}, store: checkpoint.InMemory()}
	r.set = testSettings(r.store)
	r.set.Bucket = r.fakeBucket
	r.set.Skipped = func(key string) { r.skipped = append(r.skipped, key) }
	if change != nil {
		change(&r.set)
	}
	r.restart(t)
	return r
}

// noticesTo returns a Notice that appends to a list, warningsTo one for warnings only.
func noticesTo(list *[]string) func(warn bool, text string) {
	return func(_ bool, text string) { *list = append(*list, text) }
}

func warningsTo(list *[]string) func(warn bool, text string) {
	return func(warn bool, text string) {
		if warn {
			*list = append(*list, text)
		}
	}
}

// restart makes a new source over what was committed.
func (r *rig) restart(t *testing.T) {
	t.Helper()
	var err error
	if r.src != nil {
		require.NoError(t, r.src.Close())
	}
	r.src, err = New(r.set.Config, r.set.Deps)
	require.NoError(t, err)
}

// commit commits what the source wants, and works as done, as the engine does.
func (r *rig) commit(t *testing.T, works ...*source.Work) {
	t.Helper()
	var c checkpoint.Change
	for _, w := range works {
		c.Done(w.Group, w.ID)
	}
	own := r.src.Change()
	for _, group := range own.Forget {
		c.Forget(group)
	}
	for group, ids := range own.Done {
		for _, id := range ids {
			c.Done(group, id)
		}
	}
	for name, value := range own.Cursors {
		c.Cursor(name, value)
	}
	require.NoError(t, r.store.Commit(t.Context(), &c))
	for _, w := range works {
		w.Receipt.Ack()
	}
}

// poll returns the work that comes without waiting for the next poll.
func (r *rig) poll(t *testing.T) (got []*source.Work) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for {
		w, err := r.src.Next(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return got
		}
		require.NoError(t, err)
		got = append(got, w)
	}
}

// within returns the work that comes within d, or nil; also when the source ends.
func (r *rig) within(t *testing.T, d time.Duration) *source.Work {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	w, err := r.src.Next(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) {
		return nil
	}
	require.NoError(t, err)
	return w
}

// pollKeys settles what comes and returns its keys. Then the next poll is due.
func (r *rig) pollKeys(t *testing.T) []string {
	t.Helper()
	got := []string{}
	works := r.poll(t)
	for _, w := range works {
		got = append(got, w.Object.Key)
	}
	r.commit(t, works...)
	time.Sleep(time.Minute)
	return got
}

func from(text string) func(*settings) {
	return func(s *settings) { s.StartFrom = text }
}

func unique(n int) string { return fmt.Sprintf("%016d", n) }

func simpleKey(t time.Time, n int) string {
	return "p/" + t.UTC().Format(source.StampLayout) + "-" + unique(n)
}

// eventKey is partitioned by event time: no time of day.
func eventKey(part string, t time.Time, n int) string {
	return "p/" + part + "/" + t.UTC().Format("2006/01/02/2006-01-02") + "-00-00-00-" + unique(n)
}

const (
	partA = "111122223333/eu-west-1/bucket-a"
	partB = "111122223333/eu-west-1/bucket-b"
)

func TestSimpleNamesFromACursorOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * time.Hour)
		r := newRig(t, from("1h"))
		now := time.Now()
		old := simpleKey(now.Add(-2*time.Hour), 1)
		edge := simpleKey(now.Add(-time.Hour), 2)
		early := simpleKey(now.Add(-time.Hour-time.Second), 3)
		first := simpleKey(now.Add(-30*time.Minute), 4)
		for _, key := range []string{old, edge, early, first} {
			r.put(key, now)
		}
		assert.Equal(t, []string{edge, first}, r.pollKeys(t))
		assert.Equal(t, "p/"+now.Add(-15*time.Minute).UTC().Format(source.StampLayout), r.asked[0].StartAfter, "the newest first")

		assert.Empty(t, r.pollKeys(t), "what was read is not offered again")

		late := simpleKey(now.Add(-44*time.Minute), 5) // 14 minutes behind the newest name
		newer := simpleKey(now.Add(time.Minute), 6)
		r.put(late, now)
		r.put(newer, now)
		assert.Equal(t, []string{late, newer}, r.pollKeys(t))
		r.asked = nil
		assert.Empty(t, r.pollKeys(t))
		assert.Equal(t, "p/"+now.Add(-14*time.Minute).UTC().Format(source.StampLayout), r.asked[0].StartAfter)
	})
}

func TestNameFromTheFutureHidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, from("earliest"))
		r.put(simpleKey(time.Now().Add(1000*time.Hour), 1), time.Now())
		assert.Len(t, r.pollKeys(t), 1)
		key := simpleKey(time.Now(), 2)
		r.put(key, time.Now())
		assert.Equal(t, []string{key}, r.pollKeys(t))
		assert.Empty(t, r.pollKeys(t))
	})
}

func TestPartitionedDaysWithinLookback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * time.Hour)
		r := newRig(t, from("latest"))
		now := time.Now()
		day := 24 * time.Hour
		before := now.Add(-time.Minute)
		r.put(eventKey(partA, now, 1), before)
		assert.Empty(t, r.pollKeys(t), "delivered before the start")

		r.put(eventKey(partA, now, 2), time.Now())
		r.put(eventKey(partA, now.Add(-2*day), 3), time.Now())
		r.put(eventKey(partA, now.Add(-9*day), 4), time.Now()) // not within lookback
		assert.Equal(t, []string{eventKey(partA, now, 2)}, r.pollKeys(t))
		assert.Empty(t, r.pollKeys(t))
		time.Sleep(100 * time.Minute)
		assert.Equal(t, []string{eventKey(partA, now.Add(-2*day), 3)}, r.pollKeys(t), "late for an older day")
		r.put(eventKey(partA, now.Add(-2*day), 6), time.Now())
		r.put(eventKey(partA, now, 7), time.Now())
		r.restart(t)
		want := []string{eventKey(partA, now, 7), eventKey(partA, now.Add(-2*day), 6)}
		assert.Equal(t, want, r.pollKeys(t), "after a start all of them, today first")

		other := eventKey("444455556666/us-gov-west-1/other", now.Add(-day), 5)
		r.put(other, time.Now())
		time.Sleep(DefaultConfig().DiscoverInterval)
		assert.Equal(t, []string{other}, r.pollKeys(t), "a new account is found")

		time.Sleep(4 * day)
		for range 3 {
			assert.Empty(t, r.pollKeys(t))
		}
		assert.Empty(t, r.store.Groups(), "days that are not listed any more are forgotten")
	})
}

func TestStartDecidesWhatQualifies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000*time.Hour + 13*time.Minute)
		day := 24 * time.Hour
		for start, want := range map[string][]int{
			"earliest": {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
			"latest":   {5, 6, 7, 8, 10},
			"24h":      {3, 4, 5, 6, 7, 9, 10},
			"23h59m":   {4, 5, 7, 10},
			"216h":     {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
			"0s":       {5, 10},
			"now":      {5, 10},
		} {
			now := time.Now()
			start = strings.Replace(start, "now", now.UTC().Format(time.RFC3339), 1)
			timed := func(at time.Time, n int) string { // partitioned by delivery time
				return "p/" + partA + at.UTC().Format("/2006/01/02/2006-01-02-15-04-05-") + unique(n)
			}
			type object struct {
				key      string
				modified time.Time
			}
			all := []object{
				{eventKey(partA, now.Add(-9*day), 1), now.Add(-9 * day)},
				{eventKey(partA, now.Add(-9*day), 2), now.Add(-time.Hour)},
				{eventKey(partA, now.Add(-1*day), 3), now.Add(-day)},
				{eventKey(partA, now.Add(-1*day), 4), now.Add(-time.Hour)},
				{eventKey(partA, now, 5), now},
				{timed(now.Add(-day), 6), now}, // a copy: the name tells when it was delivered
				{timed(now.Add(-day+time.Minute), 7), now},
				{simpleKey(now.Add(-day-time.Second), 8), now},
				{simpleKey(now.Add(-day), 9), now.Add(-day)},
				{simpleKey(now, 10), now},
			}
			r := newRig(t, from(start))
			for _, o := range all {
				r.put(o.key, o.modified)
			}
			var got []int
			for _, w := range r.poll(t) {
				var n int
				_, err := fmt.Sscanf(w.Object.Key[len(w.Object.Key)-16:], "%d", &n)
				require.NoError(t, err)
				got = append(got, n)
			}
			assert.ElementsMatch(t, want, got, start)
		}
	})
}

func TestExplicitStartListsNoEarlierDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * time.Hour)
		r := newRig(t, func(s *settings) { from("1h")(s); s.Layout = Partitioned })
		now := time.Now()
		r.put(eventKey(partA, now.Add(-48*time.Hour), 1), now)
		r.put(eventKey(partA, now, 2), now)
		assert.Len(t, r.pollKeys(t), 1)
		assert.Empty(t, r.pollKeys(t))
		for _, in := range r.asked {
			at := max(in.Prefix, in.StartAfter)
			if at == "p/"+partA+"/" {
				continue // the search: once, whether it is a source bucket
			}
			if strings.HasPrefix(at, "p/"+partA+"/") {
				assert.GreaterOrEqual(t, at, "p/"+partA+now.Add(-time.Hour).UTC().Format("/2006/01/02"))
			}
		}
	})
}

func TestLayoutLimitsWhatIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := simpleKey(time.Now(), 1), eventKey(partA, time.Now(), 2)
		for layout, want := range map[Layout][]string{Simple: {a}, Partitioned: {b}, Auto: {a, b}} {
			r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = layout })
			r.put(a, time.Now())
			r.put(b, time.Now())
			assert.Equal(t, want, r.pollKeys(t), layout)
			r.pollKeys(t)
			assert.Len(t, r.skipped, 2-len(want), "%s: %v", layout, r.skipped)
		}
	})
}

func TestOtherKeysAreCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, from("earliest"))
		r.put(eventKey(partA, time.Now(), 1), time.Now())
		others := []string{
			"p/README", "p/2026-13-01-00-00-00-" + unique(1), // a month 13
			"p/access2026-11-01-00-00-00-" + unique(1), // the prefix is another one
			"p/" + partA + "/_SUCCESS",
			"p/" + partA + time.Now().UTC().Format("/2006/01/02/") + "part-0001.parquet",
		}
		for _, key := range others {
			r.put(key, time.Now())
		}
		for _, folder := range []string{"p/tmp/", "p/111122223333/not a region/"} {
			r.put(folder, time.Now())
			r.put(folder+"x", time.Now())
			r.put(folder+"y", time.Now()) // the first one of a folder counts
			others = append(others, folder+"x")
		}
		r.put("outside", time.Now())
		r.put("p/", time.Now()) // as consoles make folders
		r.put("p/"+partA+"/", time.Now())
		for range 3 {
			r.pollKeys(t)
		}
		assert.ElementsMatch(t, others, r.skipped)
		r.skipped = nil
		r.restart(t)
		r.pollKeys(t)
		assert.Empty(t, r.skipped, "nor again after a restart")
	})
}

func TestShardsShareTheObjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[string]int{}
		now := time.Now()
		for shard := range 3 {
			r := newRig(t, func(s *settings) { from("earliest")(s); s.Shard = Shard{Share: Share{shard, 3}} })
			for i := range 300 {
				r.put(simpleKey(now.Add(time.Duration(i)*time.Second), i), now)
			}
			keys := r.pollKeys(t)
			assert.InDelta(t, 100, len(keys), 40)
			for _, key := range keys {
				seen[key]++
			}
		}
		assert.Len(t, seen, 300)
		for key, n := range seen {
			assert.Equal(t, 1, n, key)
		}
	})
}

func TestErrorIsReturnedAndTheListGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, from("earliest"))
		r.size = 10
		for i := range 35 {
			r.put(simpleKey(time.Now().Add(time.Duration(i)*time.Second), i), time.Now())
			r.put(eventKey(partA, time.Now(), i), time.Now())
		}
		broken := errors.New("broken")
		r.fail = []error{broken, nil, broken, broken, nil, nil, broken}
		seen := map[string]int{}
		failures := 0
		for len(seen) < 70 {
			w, err := r.src.Next(t.Context())
			synctest.Wait() // for the page ahead
			if err != nil {
				require.Equal(t, broken, err)
				failures++
				continue
			}
			seen[w.Object.Key]++
			require.Equal(t, 1, seen[w.Object.Key])
		}
		assert.Equal(t, 2, failures, "that of a page ahead is followed by another attempt")
		assert.Empty(t, r.poll(t))
		assert.Empty(t, r.fail)
	})
}

func TestHandedBackWorkComesAgainLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, from("earliest"))
		key := simpleKey(time.Now(), 1)
		r.put(key, time.Now())
		works := r.poll(t)
		require.Len(t, works, 1)
		assert.Equal(t, 0, works[0].Attempt)
		works[0].Receipt.Nack(77, true)
		began := time.Now()

		w, err := r.src.Next(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 30*time.Second, time.Since(began))
		assert.Equal(t, key, w.Object.Key)
		assert.Equal(t, 1, w.Attempt)
		assert.Equal(t, int64(77), w.Offset)
		_, err = w.Content.OpenAt(t.Context(), 5)
		require.NoError(t, err)
		assert.Equal(t, []string{"b " + key + " etag 5"}, r.opened)

		w.Receipt.Nack(78, false)
		w, err = r.src.Next(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, w.Attempt, "not charged")
		r.commit(t, w)
		assert.Empty(t, r.pollKeys(t))
		assert.Empty(t, r.pollKeys(t))
	})
}

func TestHandedBackWorkIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, from("earliest"))
		for i := range 3 * retryLimit {
			r.put(simpleKey(time.Now().Add(time.Duration(i)*time.Millisecond), i), time.Now())
		}
		for range retryLimit + 1 { // one passes, in case the trouble is with the others alone
			w, err := r.src.Next(t.Context())
			require.NoError(t, err)
			w.Receipt.Nack(0, false)
		}
		began := time.Now()
		w, err := r.src.Next(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 30*time.Second, time.Since(began), "nothing new comes while so much is to be tried again")
		assert.Equal(t, simpleKey(time.Now().Add(-30*time.Second), 0), w.Object.Key)
	})
}

func TestOverwrittenObjectIsOfferedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, from("earliest"))
		key := simpleKey(time.Now(), 1)
		r.putTag(key, "one", time.Now())
		assert.Len(t, r.pollKeys(t), 1)
		r.putTag(key, "one", time.Now()) // touched: the same version
		assert.Empty(t, r.pollKeys(t))
		r.putTag(key, "two", time.Now())
		assert.Len(t, r.pollKeys(t), 1)
	})
}

func TestFinishedBeforeIsNotOffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done, begun, open := simpleKey(time.Now(), 1), simpleKey(time.Now(), 2), simpleKey(time.Now(), 3)
		r := newRig(t, from("earliest"))
		var c checkpoint.Change
		c.Done("g", source.Identify("b", done, "etag"))
		c.Reached("g", source.Identify("b", begun, "etag"), 99, 1)
		require.NoError(t, r.store.Commit(t.Context(), &c))
		for _, key := range []string{done, begun, open} {
			r.put(key, time.Now())
		}
		works := r.poll(t)
		require.Len(t, works, 2)
		assert.Equal(t, begun, works[0].Object.Key)
		assert.Equal(t, int64(99), works[0].Offset)
		assert.Equal(t, 1, works[0].Attempt)
		assert.Equal(t, open, works[1].Object.Key)
		assert.Zero(t, works[1].Offset)
	})
}

func TestPollsAreAnIntervalApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *settings) { s.Layout = Simple })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute+time.Second)
		defer cancel()
		_, err := r.src.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Len(t, r.asked, 11+1+1, "and once the window, and once what else there is")
		require.NoError(t, r.src.Close())
	})
}

func TestAccountsAreFoundWithoutListingAllNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(24 * 365 * time.Hour)
		r := newRig(t, nil)
		r.size = 10
		for i := range 1000 {
			r.put(simpleKey(time.Now().Add(time.Duration(-i)*time.Hour), i), time.Now().Add(-time.Hour))
		}
		want := []string{}
		// Their folders sort before, between and behind the names.
		for _, account := range []string{"000022223333", "200100000000", "999922223333"} {
			key := eventKey(account+"/eu-west-1/bucket", time.Now(), 1)
			r.put(key, time.Now())
			want = append(want, key)
		}
		assert.ElementsMatch(t, want, r.pollKeys(t))
		assert.Less(t, len(r.asked), 2*1000/24, "a list for each day of names, once")
		r.asked = nil
		r.during(t, 15*time.Minute)
		searches := slices.DeleteFunc(r.requests(), func(in s3io.ListInput) bool {
			return in.Prefix != "p/" || in.StartAfter != "" && !strings.HasSuffix(in.StartAfter, ":")
		})
		assert.Less(t, len(searches), 10, "the next search takes one for each year")
	})
}

func TestEveryWrongSettingIsReported(t *testing.T) {
	c := Config{Layout: "flat", PollInterval: time.Second - 1, StartFrom: "yesterday", Lookback: -1, Shard: Shard{Share: Share{2, 2}}}
	err := c.Validate("bucket")
	for _, key := range []string{"name", "layout", "poll_interval", "start_from", "lookback", "shard"} {
		assert.ErrorContains(t, err, "`bucket::"+key+"` ")
	}
}

func TestWrongSettings(t *testing.T) {
	for name, change := range map[string]func(*settings){
		"`bucket::name`":          func(s *settings) { s.Name = "" },
		"`bucket::layout`":        func(s *settings) { s.Layout = "flat" },
		"`bucket::poll_interval`": func(s *settings) { s.PollInterval = time.Second - 1 },
		"`bucket::lookback`":      func(s *settings) { s.Lookback = -1 },
		"`bucket::shard`":         func(s *settings) { s.Shard = Shard{Share: Share{2, 2}} },
		"`bucket::start_from`":    func(s *settings) { s.StartFrom = "yesterday" },
	} {
		set := testSettings(checkpoint.InMemory())
		change(&set)
		_, err := New(set.Config, set.Deps)
		require.Error(t, err)
		assert.Contains(t, err.Error(), name)
	}
	for _, text := range []string{"", "now", "-1h", "72", "2026-11-22"} {
		_, err := parseStart(text)
		assert.Error(t, err, text)
	}
}
