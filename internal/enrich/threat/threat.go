// Package threat finds which client addresses are known to be malicious, and with which
// confidence, in feeds of indicators.
//
// Every prefix of every feed is in one table, which is replaced as a whole when
// a feed has changed. Lookups are made by any number of goroutines; they take no
// lock and never wait for a reload. What they return is immutable.
//
// While a feed is read, one entry of it is in memory at a time, except for STIX
// and MISP, whose entries refer to the rest of the feed: of these, what is needed
// is kept. Equal entries of a feed are merged while it is read. An IPv4 entry takes 128
// bytes at most and an IPv6 one 224, and 2.5 times that while a list replaces another
// one, which stays in use until then; TestMemoryOfHostileFeeds measures it. Names and descriptions take 64 MiB at most, those
// of all feeds together; further ones are left out and counted.
package threat

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// firstRetry is how long after a failure a feed is read again; each further
// failure doubles it up to Config.RefreshInterval.
const firstRetry = 30 * time.Second

// Indicators refresh the feeds and look addresses up in them.
type Indicators struct {
	cfg   Config
	deps  Deps
	feeds []*feed
	texts *textRoom
	table atomic.Pointer[table]

	lifetime   context.Context // ends with Close
	end        context.CancelFunc
	refreshing sync.Mutex // held by a round, guards feeds
	run        sync.Mutex // held by Run

	mu     sync.Mutex // guards everything below
	status []Status
}

// Status is how a feed is doing.
type Status struct {
	Feed    string
	Entries int       // prefixes in use
	Seen    time.Time // the last successful check, maybe by an earlier process; zero means none
	Err     error     // of the latest check
	Stats   Stats     // of what is in use
}

// New prepares the feeds; Load and Run read them. Its error is that of Config.Validate.
func New(cfg Config, feeds []Feed, deps Deps) (*Indicators, error) {
	if err := cfg.Validate("threat_intel", feeds); err != nil {
		return nil, err
	}
	x := &Indicators{cfg: cfg.withDefaults(), deps: deps.withDefaults()}
	x.lifetime, x.end = context.WithCancel(context.Background())
	var names []string
	x.texts = newTextRoom(len(feeds))
	for i := range feeds {
		f := feeds[i]
		f.maxSize = int64(x.cfg.MaxFeedSize)
		x.feeds = append(x.feeds, newFeed(&f, i, x.texts, &x.deps))
		names = append(names, f.Name)
		x.status = append(x.status, Status{Feed: f.Name})
	}
	x.table.Store(newTable(names, nil, 0))
	return x, nil
}

// Lookup returns the indicator that matches an address at a moment in unix
// seconds, or nil. Of several matches the one with the highest number of
// confidence wins, then the most specific, then the first of the settings. No
// indicator matches an address that is not public.
//
// It allocates only to make the answer of a prefix: when an indicator becomes valid or
// expires and, in tables of more than 100,000 prefixes, for one that is not among the
// 100,000 answers that are ready.
func (x *Indicators) Lookup(addr netip.Addr, now int64) *enrich.Threat {
	addr = addr.Unmap()
	threat := x.table.Load().lookup(addr, now)
	if threat == nil || !enrich.Public(addr) {
		return nil
	}
	return threat
}

// Status returns how the feeds are doing, in the order of the settings.
func (x *Indicators) Status() []Status {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.status)
}

// Load reads every feed once. Feeds that cannot be read before ctx ends fall back
// to their copies; Run tries them again.
func (x *Indicators) Load(ctx context.Context) {
	x.round(ctx, func(*feed) bool { return true })
}

// Run reads the feeds again when they are due, until ctx ends or Close.
func (x *Indicators) Run(ctx context.Context) {
	x.run.Lock()
	defer x.run.Unlock()
	for {
		now := x.deps.Clock.Now()
		select {
		case <-ctx.Done():
			return
		case <-x.lifetime.Done():
			return
		case <-x.deps.Clock.After(x.untilNext(now)):
		}
		now = x.deps.Clock.Now()
		x.round(ctx, func(f *feed) bool { return !now.Before(f.next) })
	}
}

// untilNext returns how long it is until a feed is due.
func (x *Indicators) untilNext(now time.Time) time.Duration {
	x.refreshing.Lock()
	defer x.refreshing.Unlock()
	wait := x.cfg.RefreshInterval
	for _, f := range x.feeds {
		wait = min(wait, f.next.Sub(now))
	}
	return max(wait, 0)
}

// Close ends Load and Run and waits for them. Lookup still works.
func (x *Indicators) Close() {
	x.end()
	x.run.Lock()
	defer x.run.Unlock()
	x.refreshing.Lock()
	defer x.refreshing.Unlock()
}

// round refreshes the feeds that are due, all at once so that none waits for a
// slow one, and then replaces the table once.
func (x *Indicators) round(ctx context.Context, due func(*feed) bool) {
	x.refreshing.Lock()
	defer x.refreshing.Unlock()
	ctx, cancel := context.WithTimeout(ctx, x.deps.Timeout)
	defer cancel()
	defer context.AfterFunc(x.lifetime, cancel)()

	results := make([]*result, len(x.feeds))
	var all sync.WaitGroup
	for i, f := range x.feeds {
		if due(f) {
			all.Go(func() {
				r := f.refresh(ctx, x.lifetime)
				results[i] = &r
			})
		}
	}
	all.Wait()
	if x.lifetime.Err() != nil {
		return
	}
	x.replace(results)
	for i, r := range results {
		if r != nil && !errors.Is(r.err, context.Canceled) { // Close is no failure
			x.feeds[i].schedule(x.cfg.RefreshInterval, r.err != nil)
			x.settle(i, r)
		}
	}
}

// replace makes a table with the lists of a round.
func (x *Indicators) replace(results []*result) {
	lists := map[uint16]*list{}
	for i, r := range results {
		if r != nil && r.list != nil {
			lists[uint16(i)] = r.list
		}
		x.texts.end(uint16(i), r != nil && r.list != nil)
	}
	if len(lists) > 0 {
		x.table.Store(x.table.Load().with(lists, x.deps.Clock.Now().Unix()))
	}
}

// settle records the status of a feed and calls the callbacks.
func (x *Indicators) settle(i int, r *result) {
	err := r.err
	if err == nil {
		err = r.copyErr
	}
	x.mu.Lock()
	s := &x.status[i]
	before := *s
	s.Err = err
	if !r.seen.IsZero() {
		s.Seen = r.seen
	}
	if r.list != nil {
		s.Entries, s.Stats = r.list.Entries, r.list.Stats
	}
	after := *s
	x.mu.Unlock()

	x.deps.Reloaded(s.Feed, r.outcome)
	if textOf(before.Err) != textOf(after.Err) {
		x.deps.Problem(s.Feed, err)
	}
	skipped := after.Stats.Skipped > 0 && !slices.Equal(before.Stats.Reasons, after.Stats.Reasons)
	if r.list != nil && (skipped || after.Stats.TextsLeftOut > 0 && before.Stats.TextsLeftOut == 0) {
		x.deps.Skipped(s.Feed, after.Stats)
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return cmp.Or(err.Error(), "unknown error")
}
