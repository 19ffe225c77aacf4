package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a source over an SQS of this process, through the AWS SDK. Its clock
// and the server's go with the machine's, and are moved ahead together.
type rig struct {
	*Source
	t        *testing.T
	server   *fakesqs.Server
	remote   *fakesqs.Queue
	dead     *fakesqs.Queue
	clock    *clock
	progress *progress
	bucket   *bucket
	counts   *counts
	stop     context.CancelFunc // of the context of New
	close    func()             // closes the source, once
}

// settings are all that New takes.
type settings struct {
	Config
	Deps
	withDepth bool // the queue is asked how many messages it has
}

// anyQueue is the address of a queue that nobody asks.
const anyQueue = "https://sqs.us-east-1.amazonaws.com/111122223333/access-logs"

type option func(*settings, *fakesqs.Settings)

func withRoom(n int) option {
	return func(s *settings, _ *fakesqs.Settings) { s.Room = func() int { return n } }
}

func withVisibility(d time.Duration) option {
	return func(s *settings, _ *fakesqs.Settings) { s.VisibilityTimeout = d }
}

// withRedrive moves messages to rig.dead after n receives.
func withRedrive(n int) option {
	return func(_ *settings, q *fakesqs.Settings) { q.MaxReceives = n }
}

func newRig(t *testing.T, options ...option) *rig {
	t.Helper()
	r := &rig{t: t, server: fakesqs.Start(), clock: &clock{}, progress: &progress{checkpoint.InMemory()}, bucket: &bucket{}, counts: &counts{}}
	t.Cleanup(r.server.Close)
	r.dead = r.server.CreateQueue("dead", fakesqs.Settings{})
	set := settings{
		Config: Config{URL: anyQueue, VisibilityTimeout: time.Minute, WaitTime: time.Second, Remember: 48 * time.Hour},
		Deps:   Deps{Bucket: r.bucket, Progress: r.progress, Clock: r.clock, Hooks: r.counts.hooks()},
	}
	remote := fakesqs.Settings{DeadLetter: r.dead}
	for _, o := range options {
		o(&set, &remote)
	}
	r.remote = r.server.CreateQueue("logs", remote)
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	q := connect(t, r.remote)
	set.SQS = q
	if set.withDepth {
		set.Depth = q.Depth
	}
	src, err := New(ctx, set.Config, set.Deps)
	require.NoError(t, err)
	r.Source = src
	r.close = sync.OnceFunc(func() { _ = src.Close() })
	t.Cleanup(func() { r.stop(); r.close() })
	return r
}

func connect(t testing.TB, remote *fakesqs.Queue) *s3io.Queue {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	q, err := s3io.NewQueue(context.Background(), remote.URL(), s3io.Config{})
	require.NoError(t, err)
	t.Cleanup(q.Close)
	return q
}

// event is S3's notification of objects with these keys.
func event(keys ...string) string {
	records := make([]string, len(keys))
	for i, k := range keys {
		records[i] = fmt.Sprintf(`{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":%q,"size":7,"eTag":"e-%s"}}}`, k, k)
	}
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

// waitLimit is when a test gives up waiting, on a machine that is busy too.
const waitLimit = 100 * time.Second

// next returns the next object, which has to come.
func (r *rig) next() *source.Work {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	defer cancel()
	w, err := r.Next(ctx)
	require.NoError(r.t, err)
	return w
}

// none checks that there is no object to hand out.
func (r *rig) none() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	w, err := r.Next(ctx)
	require.ErrorIs(r.t, err, context.DeadlineExceeded, "%+v", w)
}

// advance moves all clocks in steps that are small against the visibility, and
// lets the renewer look at its messages after each.
func (r *rig) advance(d time.Duration) {
	r.t.Helper()
	r.advanceBy(d, r.cfg.VisibilityTimeout/10)
}

func (r *rig) advanceBy(d, step time.Duration) {
	r.t.Helper()
	beat := min(r.cfg.VisibilityTimeout/10, maxBeat)
	for ; d > 0; d -= step {
		before := r.clock.asked(beat)
		r.server.Advance(min(step, d))
		r.clock.advance(min(step, d))
		r.until("the renewer's beat", func() bool { return r.clock.asked(beat) > before })
	}
}

func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	until(r.t, what, ok)
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(waitLimit); !ok(); time.Sleep(200 * time.Microsecond) {
		if time.Now().After(end) {
			require.Fail(t, "waited in vain for "+what)
		}
	}
}

func (r *rig) untilDeleted(n int) {
	r.t.Helper()
	r.until(fmt.Sprint(n, " deleted messages"), func() bool { return r.counts.of(Deleted)+r.counts.of(Ignored) >= n })
	assert.Equal(r.t, n, r.remote.Stats().Deleted)
}

// clock goes with the machine's, ahead of it by what it was moved.
type clock struct {
	mu     sync.Mutex
	moved  time.Duration
	timers []timer
	afters map[time.Duration]int
}

type timer struct {
	at time.Time
	c  chan time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.moved)
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.afters == nil {
		c.afters = map[time.Duration]int{}
	}
	c.afters[d]++
	now := time.Now().Add(c.moved)
	t := timer{now.Add(d), make(chan time.Time, 1)}
	c.timers = append(c.timers, t)
	time.AfterFunc(d, func() { signalTime(t.c) })
	return t.c
}

func (c *clock) asked(d time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.afters[d]
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
	now := time.Now().Add(c.moved)
	kept := c.timers[:0]
	for _, t := range c.timers {
		if t.at.After(now) {
			kept = append(kept, t)
			continue
		}
		signalTime(t.c)
	}
	c.timers = kept
}

func signalTime(c chan time.Time) {
	select {
	case c <- time.Time{}:
	default:
	}
}

// progress commits as the engine does.
type progress struct{ *checkpoint.Store }

// finish commits an object and settles it.
func (p *progress) finish(w *source.Work) {
	var c checkpoint.Change
	c.Done(w.Group, w.ID)
	_ = p.Commit(context.Background(), &c) // nothing is stored, so nothing can fail
	w.Receipt.Ack()
}

// giveUp commits a part of an object and hands it back.
func (p *progress) giveUp(w *source.Work, offset int64, charge bool) {
	var c checkpoint.Change
	c.Reached(w.Group, w.ID, offset, 0)
	_ = p.Commit(context.Background(), &c)
	w.Receipt.Nack(offset, charge)
}

// bucket holds objects without end, which break off when their context is done.
type bucket struct {
	mu     sync.Mutex
	opened []string
	broken map[string]bool // buckets that cannot be reached
	cuts   bool            // of these, objects can be opened, and break off
}

// breaks makes a bucket unreachable, or ends that.
func (b *bucket) breaks(name string, down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken == nil {
		b.broken = map[string]bool{}
	}
	b.broken[name] = down
}

func (b *bucket) Open(ctx context.Context, o source.Object, offset int64) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened = append(b.opened, fmt.Sprint(o.Bucket, " ", o.Key, " ", o.ETag, " ", offset))
	switch {
	case b.broken[o.Bucket] && b.cuts:
		return cutOff{}, nil
	case b.broken[o.Bucket]:
		return nil, source.ErrUnreachable
	case o.Key == "absent":
		return nil, source.ErrGone
	case strings.HasPrefix(o.Key, "denied"):
		return nil, source.ErrDenied
	case o.Key == "archived":
		return nil, source.ErrArchived
	}
	return &endless{ctx}, nil
}

// cutOff is an object that breaks off.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, source.ErrUnreachable }
func (cutOff) Close() error             { return nil }

type endless struct{ ctx context.Context }

func (e *endless) Read([]byte) (int, error) {
	<-e.ctx.Done()
	return 0, e.ctx.Err()
}

func (e *endless) Close() error { return nil }

// counts is what the hooks were called with.
type counts struct {
	mu          sync.Mutex
	messages    map[MessageOutcome]int
	skipped     int
	alreadyDone int
	unknown     []string
	trouble     error // the last that was reported
	waiting     []int
	lost        []string
	archived    []string
}

func (c *counts) hooks() Hooks {
	return Hooks{
		Message: func(o MessageOutcome) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.messages == nil {
				c.messages = map[MessageOutcome]int{}
			}
			c.messages[o]++
		},
		Skipped:     func() { c.mu.Lock(); c.skipped++; c.mu.Unlock() },
		Archived:    func(uri string) { c.mu.Lock(); c.archived = append(c.archived, uri); c.mu.Unlock() },
		AlreadyDone: func() { c.mu.Lock(); c.alreadyDone++; c.mu.Unlock() },
		Unknown: func(u UnknownMessages) {
			c.mu.Lock()
			c.unknown = append(c.unknown, fmt.Sprintf("%s: %v (%d)", u.ID, u.Why, u.Count))
			c.mu.Unlock()
		},
		Trouble: func(err error) { c.mu.Lock(); c.trouble = err; c.mu.Unlock() },
		Waiting: func(n int) { c.mu.Lock(); c.waiting = append(c.waiting, n); c.mu.Unlock() },
		Lost:    func(id string) { c.mu.Lock(); c.lost = append(c.lost, id); c.mu.Unlock() },
	}
}

func (c *counts) of(o MessageOutcome) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.messages[o]
}

func (c *counts) logged() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.waiting)
}

func (c *counts) troubled() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

func (c *counts) objects() (skipped, alreadyDone int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skipped, c.alreadyDone
}

// flaky stands between a source and its queue; once broken, every call fails,
// as for a process that was killed.
type flaky struct {
	SQS
	broken func() bool
}

var errKilled = errors.New("killed")

func (f *flaky) Receive(ctx context.Context, in s3io.Receive) ([]s3io.Message, error) {
	if f.broken() {
		return nil, errKilled
	}
	return f.SQS.Receive(ctx, in)
}

func (f *flaky) Delete(ctx context.Context, receipts []string) ([]error, error) {
	if f.broken() {
		return nil, errKilled
	}
	return f.SQS.Delete(ctx, receipts)
}

func (f *flaky) SetVisibility(ctx context.Context, of []s3io.Visibility) ([]error, error) {
	if f.broken() {
		return nil, errKilled
	}
	return f.SQS.SetVisibility(ctx, of)
}
