package threat

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the *.want.yaml files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// today is when the tests take place.
var today = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// testFeed reads everything as the settings' defaults would.
func testFeed() *Feed {
	return &Feed{FeedConfig: FeedConfig{Name: "test", Confidence: DefaultConfidence}, maxSize: DefaultMaxFeedSize}
}

// fileFeed is a feed that is a file.
func fileFeed(name, path string) Feed {
	return Feed{FeedConfig: FeedConfig{Name: name, Path: path, Confidence: DefaultConfidence}}
}

func decodeText(f *Feed, content []byte) (*list, error) {
	s := newSink(f, 0, today.Unix(), newTextRoom(1))
	err := decode(&limitedReader{r: bytes.NewReader(content), left: f.maxSize}, s)
	return &s.list, err
}

// manualClock moves only when a test moves it.
type manualClock struct {
	mu     sync.Mutex
	now    time.Time
	timers []timer
}

type timer struct {
	at time.Time
	c  chan time.Time
}

func newClock() *manualClock { return &manualClock{now: today} }

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := timer{c.now.Add(d), make(chan time.Time, 1)}
	c.timers = append(c.timers, t)
	return t.c
}

// advance moves on and fires what is due.
func (c *manualClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.timers = slices.DeleteFunc(c.timers, func(t timer) bool {
		due := !c.now.Before(t.at)
		if due {
			t.c <- c.now
		}
		return due
	})
}

// waiting returns how long until the earliest timer, 0 when there is none.
func (c *manualClock) waiting() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var wait time.Duration
	for _, t := range c.timers {
		if d := t.at.Sub(c.now); wait == 0 || d < wait {
			wait = d
		}
	}
	return wait
}

// memoryStore is a CopyStore that outlives Indicators.
type memoryStore struct {
	mu     sync.Mutex
	values map[string][]byte
	puts   int
	err    error // of everything
}

func newStore() *memoryStore { return &memoryStore{values: map[string][]byte{}} }

func (k *memoryStore) Get(_ context.Context, name string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.values[name], k.err
}

func (k *memoryStore) Put(_ context.Context, name string, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.puts++
	if k.err == nil {
		k.values[name] = bytes.Clone(value)
	}
	return k.err
}

func (k *memoryStore) names() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Keys(k.values))
}

// rig is Indicators and what they tell.
type rig struct {
	*Indicators
	clock    *manualClock
	store    *memoryStore
	outcomes []FeedOutcome
	problems []string // "" is the end of one
	skipped  []Stats
}

// newRig makes Indicators of one feed called "test".
func newRig(t *testing.T, store *memoryStore, f Feed) *rig {
	t.Helper()
	r := &rig{clock: newClock(), store: store}
	f.Name = "test"
	deps := Deps{
		Clock:    r.clock,
		Reloaded: func(_ string, o FeedOutcome) { r.outcomes = append(r.outcomes, o) },
		Problem:  func(_ string, err error) { r.problems = append(r.problems, textOf(err)) },
		Skipped:  func(_ string, s Stats) { r.skipped = append(r.skipped, s) },
	}
	if store != nil {
		deps.Copies = store
	}
	var err error
	r.Indicators, err = New(Config{}, []Feed{f}, deps)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

// feedOf returns whose indicator matches an address now, "" when none does.
func (r *rig) indicatorOf(addr string) string {
	threat := r.Lookup(netip.MustParseAddr(addr), r.clock.Now().Unix())
	if threat == nil {
		return ""
	}
	return threat.Indicator
}

func itemsOf(l *list) string {
	var all []string
	for _, it := range l.items {
		all = append(all, it.prefix.String())
	}
	return strings.Join(all, " ")
}

func zip(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}
