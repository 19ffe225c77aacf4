// Package threat tells which client addresses are known to be malicious, by
// whom and how surely, from feeds of indicators in the formats that people have.
//
// Every prefix of every feed is in one table, which is replaced as a whole when
// a feed has changed. Lookups are made by any number of goroutines; they take no
// lock and never wait for a reload. What they return is immutable.
//
// While a feed is read, one entry of it is in memory at a time, except for STIX
// and MISP, whose entries need the rest of the feed to be understood: of these,
// what is needed is kept. A list of 2,000,000 prefixes takes 170 MiB in use, 370
// MiB while it is loaded and 620 MiB while it replaces another one, which stays
// in use until then; TestTwoMillionPrefixes measures it. Names and descriptions
// come to that, never more than the feed has.
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

// firstRetry is how long after a failure a feed is looked at again; each further
// failure doubles it up to Config.RefreshInterval.
const firstRetry = 30 * time.Second

// Indicators are the feeds at work.
type Indicators struct {
	cfg   Config
	deps  Deps
	feeds []*feed
	table atomic.Pointer[table]

	life   context.Context // ends with Close
	end    context.CancelFunc
	looked sync.Mutex // held by a round, guards feeds
	run    sync.Mutex // held by Run

	mu     sync.Mutex // guards everything below
	status []Status
}

// Status is how a feed is doing.
type Status struct {
	Feed    string
	Entries int       // prefixes in use
	Seen    time.Time // the last successful look at it, maybe of an earlier life; zero: none
	Err     error     // of the latest look
	Stats   Stats     // of what is in use
}

// New prepares the feeds; Load and Run read them. An error is that of Config.Check.
func New(cfg Config, feeds []Feed, deps Deps) (*Indicators, error) {
	if err := cfg.Check("", feeds); err != nil {
		return nil, err
	}
	x := &Indicators{cfg: cfg.withDefaults(), deps: deps.withDefaults()}
	x.life, x.end = context.WithCancel(context.Background())
	var names []string
	for i := range feeds {
		f := feeds[i]
		f.maxSize = int64(x.cfg.MaxFeedSize)
		x.feeds = append(x.feeds, newFeed(&f, i, &x.deps))
		names = append(names, f.Name)
		x.status = append(x.status, Status{Feed: f.Name})
	}
	x.table.Store(newTable(names, nil, 0))
	return x, nil
}

// Lookup returns what the feeds tell of an address at a moment in unix seconds,
// nil when that is nothing. Of several matches the one with the highest number
// of confidence wins, then the most specific, then the first of the settings. Of
// addresses that are not public nothing is told, whatever a feed says.
//
// It allocates nothing, except when the answer of a prefix is made: ahead of
// time in tables of up to 100,000 prefixes, at its first match in larger ones,
// and when an indicator begins or ends to be valid.
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

// Load looks at every feed once. What cannot be had when ctx ends, or at all,
// comes from its copy, and is tried again by Run.
func (x *Indicators) Load(ctx context.Context) {
	x.round(ctx, func(*feed) bool { return true })
}

// Run looks at the feeds whenever it is time, until ctx ends or Close.
func (x *Indicators) Run(ctx context.Context) {
	x.run.Lock()
	defer x.run.Unlock()
	for {
		now := x.deps.Clock.Now()
		select {
		case <-ctx.Done():
			return
		case <-x.life.Done():
			return
		case <-x.deps.Clock.After(x.nextLook(now)):
		}
		now = x.deps.Clock.Now()
		x.round(ctx, func(f *feed) bool { return !now.Before(f.next) })
	}
}

// nextLook returns how long nothing is to be done.
func (x *Indicators) nextLook(now time.Time) time.Duration {
	x.looked.Lock()
	defer x.looked.Unlock()
	wait := x.cfg.RefreshInterval
	for _, f := range x.feeds {
		wait = min(wait, f.next.Sub(now))
	}
	return max(wait, 0)
}

// Close ends Load and Run and waits for them. Lookups go on with what is there.
func (x *Indicators) Close() {
	x.end()
	x.run.Lock()
	defer x.run.Unlock()
	x.looked.Lock()
	defer x.looked.Unlock()
}

// round looks at the feeds that are due, all at once so that none waits for a
// slow one, and then replaces the table once.
func (x *Indicators) round(ctx context.Context, due func(*feed) bool) {
	x.looked.Lock()
	defer x.looked.Unlock()
	ctx, cancel := context.WithTimeout(ctx, x.deps.Timeout)
	defer cancel()
	defer context.AfterFunc(x.life, cancel)()

	looks := make([]*look, len(x.feeds))
	var all sync.WaitGroup
	for i, f := range x.feeds {
		if due(f) {
			all.Go(func() {
				l := f.look(ctx, x.life)
				looks[i] = &l
			})
		}
	}
	all.Wait()
	if x.life.Err() != nil {
		return
	}
	x.replace(looks)
	for i, l := range looks {
		if l != nil && !errors.Is(l.err, context.Canceled) { // to be stopped is no trouble
			x.feeds[i].schedule(x.cfg.RefreshInterval, l.err != nil)
			x.settle(i, l)
		}
	}
}

// replace puts the lists of a round into use.
func (x *Indicators) replace(looks []*look) {
	lists := map[uint16]*list{}
	for i, l := range looks {
		if l != nil && l.list != nil {
			lists[uint16(i)] = l.list
		}
	}
	if len(lists) > 0 {
		x.table.Store(x.table.Load().with(lists, x.deps.Clock.Now().Unix()))
	}
}

// settle takes down how a feed is doing and tells those who want to know.
func (x *Indicators) settle(i int, l *look) {
	err := l.err
	if err == nil {
		err = l.copyErr
	}
	x.mu.Lock()
	s := &x.status[i]
	before := *s
	s.Err = err
	if !l.seen.IsZero() {
		s.Seen = l.seen
	}
	if l.list != nil {
		s.Entries, s.Stats = l.list.Entries, l.list.Stats
	}
	after := *s
	x.mu.Unlock()

	x.deps.Reloaded(s.Feed, l.outcome)
	if textOf(before.Err) != textOf(after.Err) {
		x.deps.Problem(s.Feed, err)
	}
	if l.list != nil && after.Stats.Skipped > 0 && !slices.Equal(before.Stats.Reasons, after.Stats.Reasons) {
		x.deps.Skipped(s.Feed, after.Stats)
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return cmp.Or(err.Error(), "unknown error")
}
