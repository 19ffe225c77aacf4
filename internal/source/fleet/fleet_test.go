package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig reads like an engine: it downloads as many objects as it may at a time, and commits
// what was read.
type rig struct {
	*world
	cfg       Config
	downloads int
	store     *checkpoint.Store
	src       *Source
	toldMu    sync.Mutex
	failing   map[string]string
	recovered map[string]int // how often that was reported
	notices   []string
	mu        sync.Mutex
	read      map[string]int // how often each object was read
	order     []string
}

func newRig(t *testing.T, w *world, names ...string) *rig {
	t.Helper()
	r := &rig{world: w, cfg: DefaultConfig(), downloads: 8, store: checkpoint.InMemory(), failing: map[string]string{}, recovered: map[string]int{}, read: map[string]int{}}
	r.cfg.Names = names
	return r
}

func (r *rig) open(t *testing.T) {
	t.Helper()
	src, err := r.make()
	require.NoError(t, err)
	r.src = src
}

func (r *rig) make() (*Source, error) {
	return New(r.cfg, Deps{
		Accounts: r.world, Progress: r.store, Downloads: r.downloads,
		Member: func(string, string) listing.Deps { return listing.Deps{Bucket: r.world} },
		Failed: func(bucket, identity string, err error) {
			r.toldMu.Lock()
			defer r.toldMu.Unlock()
			if delete(r.failing, bucket+identity); err != nil {
				r.failing[bucket+identity] = err.Error()
			} else {
				r.recovered[bucket+identity]++
			}
		},
		Found: func(string, bool) {},
		Notice: func(_ bool, text string) {
			r.toldMu.Lock()
			defer r.toldMu.Unlock()
			r.notices = append(r.notices, text)
		},
	})
}

// run reads for a time, then dies: what is not committed is lost. It returns what was
// read by then.
func (r *rig) run(t *testing.T, d time.Duration) (uris []string) {
	t.Helper()
	r.open(t)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	slots := make(chan struct{}, r.downloads)
	var downloads, commits sync.WaitGroup
	commits.Go(func() {
		for sleep(ctx, 5*time.Second) == nil {
			r.commit(t)
		}
	})
	begun := len(r.order)
	for {
		slots <- struct{}{}
		work, err := r.src.Next(ctx)
		if err != nil {
			<-slots
			if !errors.Is(err, io.EOF) {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			break
		}
		downloads.Go(func() {
			r.download(ctx, t, work)
			<-slots
		})
	}
	downloads.Wait()
	cancel()
	commits.Wait()
	require.NoError(t, r.src.Close())
	return slices.Clone(r.order[begun:])
}

func (r *rig) download(ctx context.Context, t *testing.T, work *source.Work) {
	body, err := work.Content.OpenAt(ctx, 0)
	if err != nil {
		work.Receipt.Nack(0, false)
		return
	}
	assert.NoError(t, body.Close())
	if ctx.Err() != nil {
		return
	}
	r.commit(t, work)
	work.Receipt.Ack()
}

func (r *rig) commit(t *testing.T, works ...*source.Work) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var c checkpoint.Change
	for _, w := range works {
		c.Done(w.Group, w.ID)
		r.read[w.Object.URI()]++
		r.order = append(r.order, w.Object.URI())
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
	assert.NoError(t, r.store.Commit(t.Context(), &c))
}

// once asserts that each of the objects was read once, and nothing else.
func (r *rig) once(t *testing.T, want ...[]string) {
	t.Helper()
	all := map[string]int{}
	for _, uris := range want {
		for _, uri := range uris {
			all[uri] = 1
		}
	}
	assert.Equal(t, all, r.read)
}

// fill puts a number of objects into a bucket.
func (r *rig) fill(bucket, prefix string, n int) (uris []string) {
	for i := range n {
		uris = append(uris, r.put(bucket, prefix, i))
	}
	return uris
}

func TestBucketsAndPrefixesAreReadOnceOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newWorld(""), "a", "b")
		r.cfg.Prefixes = []string{"x/", "y/"}
		r.cfg.StartFrom = "earliest"
		want := [][]string{r.fill("a", "x/", 250), r.fill("a", "y/", 3), r.fill("b", "y/", 10)}
		r.fill("a", "z/", 3)
		r.run(t, time.Second)
		r.run(t, time.Minute)
		time.Sleep(time.Hour)
		want = append(want, r.fill("b", "x/", 5))
		r.run(t, time.Hour)
		r.once(t, want...)
		assert.Empty(t, r.failing)
	})
}

// A bucket that was read alone, and a prefix, go on where they were; and back.
func TestOneBucketBecomesSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newWorld(""), "a")
		r.cfg.Prefix, r.cfg.StartFrom = "x/", "earliest"
		alone := r.fill("a", "x/", 120)
		one, err := listing.New(r.cfg.One(), listing.Deps{Bucket: r.world, Progress: r.store})
		require.NoError(t, err)
		for range 70 {
			work, err := one.Next(t.Context())
			require.NoError(t, err)
			var c checkpoint.Change
			c.Done(work.Group, work.ID)
			for name, value := range one.Change().Cursors {
				c.Cursor(name, value)
			}
			require.NoError(t, r.store.Commit(t.Context(), &c))
			work.Receipt.Ack()
			r.read[work.Object.URI()]++
		}
		require.NoError(t, one.Close())

		r.cfg.Names, r.cfg.Prefixes, r.cfg.Prefix = []string{"a", "b"}, []string{"x/", "y/"}, ""
		others := append(r.fill("b", "y/", 20), r.fill("a", "y/", 20)...)
		r.run(t, time.Minute)
		r.once(t, alone, others)
		for range 5 { // days are forgotten, and nothing is left of the first
			time.Sleep(24 * time.Hour)
			more := append(r.fill("a", "x/", 2), r.fill("b", "y/", 2)...)
			others = append(others, more...)
			r.run(t, time.Hour)
			r.once(t, alone, others)
		}
		for _, group := range r.store.Groups() {
			assert.NotContains(t, group, "2000/01/01")
		}
	})
}

// A new prefix that overlaps what was read would be read twice.
func TestOverlapWithWhatIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newWorld(""), "a", "b")
		r.cfg.Prefix, r.cfg.StartFrom = "x/", "earliest"
		r.fill("a", "x/", 3)
		r.run(t, time.Minute)
		r.cfg.Prefix, r.cfg.Prefixes = "", []string{"x/y/", "z/"}
		_, err := r.make()
		require.ErrorContains(t, err, `"x/y/" overlaps "x/"`)
		r.cfg.StartFrom = "latest"
		_, err = r.make()
		require.NoError(t, err)
	})
}

// A bucket with very many objects holds up none with a few.
func TestManyObjectsHoldUpNoOtherBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newWorld(""), "big", "small")
		r.cfg.StartFrom = "earliest"
		big, small := r.fill("big", "", 3000), r.fill("small", "", 10)
		order := r.run(t, time.Hour)
		r.once(t, big, small)
		last := 0
		for i, uri := range order {
			if strings.Contains(uri, "small") {
				last = i
			}
		}
		assert.Less(t, last, 1000, "they take turns")
	})
}

// What is slow, down or denied holds up no other, and is read when it works again.
func TestTroubleOfBucketsHoldsUpNoOther(t *testing.T) {
	unreachable := fmt.Errorf("%w: a Region is down", source.ErrUnreachable)
	for name, c := range map[string]struct {
		fail, mend func(w *world, bucket string)
		logged     bool
	}{
		"lists hang": {
			func(w *world, bucket string) { w.hang[bucket] = 2 * time.Minute },
			func(w *world, bucket string) { delete(w.hang, bucket) }, true,
		},
		"lists fail": {
			func(w *world, bucket string) { w.fail[bucket] = unreachable },
			func(w *world, bucket string) { delete(w.fail, bucket) }, true,
		},
		"downloads fail": {
			func(w *world, bucket string) { w.broken[bucket] = unreachable },
			func(w *world, bucket string) { delete(w.broken, bucket) }, false,
		},
		"all denied": {
			func(w *world, bucket string) { w.broken[bucket] = source.ErrDenied },
			func(w *world, bucket string) { delete(w.broken, bucket) }, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var names []string
				w := newWorld("")
				const many, all = 40, 2 * time.Hour
				for i := range many {
					names = append(names, fmt.Sprintf("bad-%02d", i))
				}
				r := newRig(t, w, append(names, "good")...)
				r.cfg.StartFrom = "earliest"
				var bad []string
				for _, bucket := range names {
					bad = append(bad, r.fill(bucket, "", 20)...)
					c.fail(w, bucket)
				}
				good := r.fill("good", "", 500)
				done := make(chan struct{})
				go func() {
					defer close(done)
					r.run(t, all)
				}()
				time.Sleep(5 * time.Minute)
				r.mu.Lock()
				read := 0
				for uri := range r.read {
					if strings.Contains(uri, "good") {
						read++
					}
				}
				assert.Equal(t, 500, read)
				if c.logged {
					assert.Len(t, r.failing, many)
					assert.Regexp(t, "a Region is down|no answer for 30s", r.failing["bad-05"])
				}
				r.mu.Unlock()
				time.Sleep(all / 6)
				w.set(func() {
					for _, bucket := range names {
						c.mend(w, bucket)
					}
				})
				<-done
				r.once(t, bad, good)
				assert.Empty(t, r.failing)
			})
		})
	}
}

// What is resumed is opened twice, and counts once.
func TestResumedObjectsLeaveNoDownloadBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newWorld(""), "a", "b")
		r.cfg.StartFrom = "earliest"
		r.fill("a", "", 20)
		r.open(t)
		text := strings.Repeat(strings.Repeat("x", 99)+"\n", 2000)
		for range 20 {
			w, err := r.src.Next(t.Context())
			require.NoError(t, err)
			resumed, err := lines.Open(t.Context(), textOf{w.Content, text}, 100_000,
				lines.Limits{Line: 1 << 20, Object: 1 << 30, Windows: lines.NewWindows()})
			require.NoError(t, err)
			require.NoError(t, resumed.Close())
			w.Receipt.Ack()
		}
		synctest.Wait()
		for _, m := range r.src.members {
			offered := 0 // what was not committed is found again
			if m.work != nil {
				offered = 1
			}
			assert.Equal(t, offered, m.reading, m.Bucket)
		}
		require.NoError(t, r.src.Close())
	})
}

// textOf is a content with another text.
type textOf struct {
	source.Content
	text string
}

func (c textOf) OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error) {
	body, err := c.Content.OpenAt(ctx, offset)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{strings.NewReader(c.text[offset:]), body}, nil
}

// One prefix that can be listed does not hide that another one of the bucket cannot.
func TestBucketRecoversWithItsLastPrefix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newWorld(""), "a")
		r.cfg.Prefixes = []string{"x/", "y/"}
		r.failPrefix = map[string]error{"x/": source.ErrDenied, "y/": source.ErrDenied}
		assertTold := func(failing, recovered int) {
			r.toldMu.Lock()
			defer r.toldMu.Unlock()
			assert.Len(t, r.failing, failing)
			assert.Equal(t, recovered, r.recovered["a"])
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.run(t, 3*time.Hour)
		}()
		time.Sleep(time.Hour)
		assertTold(1, 0)
		r.set(func() { delete(r.failPrefix, "y/") })
		time.Sleep(10 * time.Minute) // more than the longest pause
		assertTold(1, 0)
		r.set(func() { delete(r.failPrefix, "x/") })
		<-done
		assertTold(0, 1)
	})
}

func TestUntilEndsTheFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("role", "")
		r := newRig(t, w, "a", "p-*")
		r.cfg.StartFrom, r.cfg.Until = "earliest", time.Now().Add(time.Hour).Format(time.RFC3339)
		w.make("p-1", 0)
		want := [][]string{r.fill("a", "", 150), r.fill("p-1", "", 3)}
		began := time.Now()
		r.run(t, 24*time.Hour)
		assert.InDelta(t, 75, time.Since(began).Minutes(), 20, "a quarter of an hour after that time")
		r.once(t, want...)
	})
}

func TestWrongSettings(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*Config)
		want string
	}{
		"no name":         {func(c *Config) { c.Names = nil }, "`bucket::name` is missing"},
		"both":            {func(c *Config) { c.Name = "x" }, "`bucket::names` is set beside `name`"},
		"a pattern alone": {func(c *Config) { c.Name, c.Names = "x-*", nil }, "belongs into `names`"},
		"both prefixes":   {func(c *Config) { c.Prefix, c.Prefixes = "x", []string{"y"} }, "`bucket::prefixes` is set beside `prefix`"},
		"overlap":         {func(c *Config) { c.Prefixes = []string{"b/", "a/", "a/b/"} }, `has "a/" and "a/b/": one begins with the other`},
		"layout":          {func(c *Config) { c.Layout = "x" }, "`bucket::layout`"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.Names = []string{"a", "b"}
			c.set(&cfg)
			require.ErrorContains(t, cfg.Validate("bucket"), c.want)
		})
	}
	cfg := DefaultConfig()
	cfg.Names, cfg.Prefixes = []string{"a", "b-*"}, []string{"x/", "y/"}
	require.NoError(t, cfg.Validate("bucket"))
	assert.Equal(t, []string{"b-*"}, cfg.patterns())
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
