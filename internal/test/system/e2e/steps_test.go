package e2e

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/killpoint"
)

// Where the back end or the queue knows at which step the collector is, they kill it.
// At the other steps it kills itself: see package killpoint.

// Accepted, not committed: the back end has counted a batch, and the collector
// dies before it gets the answer, or when it has got it. With one delivery at a
// time no other batch is in between.
func TestKilledBetweenAcceptedAndCommitted(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(83, 60, 3, 400)
	for kind, makeFeed := range feeds {
		for width, name := range map[int]string{1: "one", deliveries: "several"} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				f := newFollowing(t, makeFeed(t, c))
				f.more = withBatches(batchSize, width)
				const kills = 4
				for i := range kills {
					if i%2 == 1 {
						f.dieAt(t, killpoint.Delivered, 1+i)
						continue
					}
					victim := f.start(t)
					killAtRequest(f.back, victim, 1+i)
					<-victim.exited
					f.died()
					f.back.set(func(b *back) { b.accepted = func(int) {} })
				}
				f.finish(t, time.Minute, c)
				twice := f.back.assertAll(t, c.want)
				assert.GreaterOrEqual(t, twice, kills, "what was not committed must come again")
				assert.LessOrEqual(t, twice, kills*(width+1)*batchSize)
				t.Logf("%d records, %d kills, %d of them before the answer: %d records came twice, %d may",
					len(c.want), kills, kills/2, twice, kills*(width+1)*batchSize)
			})
		}
	}
}

// killAtRequest lets a collector die when the nth request from now on is counted,
// before it is answered.
func killAtRequest(b *back, victim *collector, nth int) {
	b.set(func(b *back) {
		at := b.requests + nth
		b.accepted = func(n int) {
			if n >= at {
				_ = victim.cmd.Process.Kill() // it may be dead already
				<-victim.exited
			}
		}
	})
}

// Committed, and the source was not told: what is committed does not come again. With
// one delivery at a time there is nothing else.
func TestKilledBetweenCommittedAndTold(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(86, 60, 3, 400)
	for kind, makeFeed := range feeds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := newFollowing(t, makeFeed(t, c))
			f.more = withBatches(batchSize, 1)
			for nth := range 3 {
				f.dieAt(t, killpoint.Committed, 1+nth)
			}
			assert.Less(t, f.back.distinct(), len(c.want), "the last kill came after the work")
			f.finish(t, time.Minute, c)
			assert.Zero(t, f.back.assertAll(t, c.want), "records came twice")
		})
	}
}

// Committed, not acknowledged: all is committed, and the collector dies when it
// deletes the messages, before the queue hears of it. Only a queue has an
// acknowledgement; for the others the commit is all there is.
func TestKilledBetweenCommittedAndAcknowledged(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(84, 40, 2, 600)
	feed := queueFeed(t, c)
	var deaf atomic.Bool
	deaf.Store(true)
	begun := make(chan struct{}, 1)
	door := newDoor(t, feed.sqs.URL, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if deaf.Load() && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DeleteMessageBatch") {
			_, _ = io.Copy(io.Discard, r.Body) // or the server does not see the connection end
			select {
			case begun <- struct{}{}:
			default:
			}
			<-r.Context().Done()
			return
		}
		next.ServeHTTP(w, r)
	})
	feed.source = strings.Replace(feed.source, feed.sqs.URL, door.URL, 1)
	f := newFollowing(t, feed)
	victim := f.start(t)
	victim.until(t, 30*time.Second, "a deletion", func() bool { return len(begun) > 0 })
	victim.settled(t, 30*time.Second, "ok", len(c.objects)) // counted behind the commit
	victim.kill(t)
	assert.Zero(t, f.queue.Stats().Deleted)
	deaf.Store(false)
	f.died()

	again := f.start(t)
	again.until(t, 30*time.Second, "an empty queue", func() bool { return len(f.queue.Bodies()) == 0 })
	again.settled(t, 10*time.Second, "already_done", len(c.objects))
	assert.Zero(t, again.metric(t, readMetric, ""))
	again.stop(t, 15*time.Second)
	assert.Zero(t, f.back.assertAll(t, c.want), "records came twice")
	f.back.metrics.assertAll(t, c.sums, 1)
	t.Logf("%d objects, %d records: all messages came again, no record did", len(c.objects), len(c.want))
}

// newDoor is a server in front of another one. It ends with the test.
func newDoor(t testing.TB, target string, serve func(http.ResponseWriter, *http.Request, http.Handler)) *httptest.Server {
	t.Helper()
	to, err := url.Parse(target)
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}
	next := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is signed
		},
		Transport:    transport,
		ErrorLog:     log.New(io.Discard, "", 0), // bodies break off on purpose
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, next) }))
	t.Cleanup(func() {
		door.CloseClientConnections()
		door.Close()
		transport.CloseIdleConnections()
	})
	return door
}

// In the middle of a snapshot: of the state that is written but not yet named by
// the manifest, and of the deletion of what the named one replaces. Records come
// a few at a time, so that the journal grows fast.
func TestKilledInTheMiddleOfASnapshot(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(85, 40, 8, 1400)
	for kind, makeFeed := range feeds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := newFollowing(t, makeFeed(t, c))
			f.more = withBatches(smallBatch, 1)
			begin := time.Now()
			var seen []string
			steps := []struct {
				step killpoint.Step
				nth  int
				left func(snapshotKeys) bool
			}{
				{killpoint.ChunkWritten, 1, snapshotKeys.unnamed}, // an empty state, when the storage is made
				{killpoint.ChunkWritten, 2, snapshotKeys.unnamed}, // the same again, then one of records
				{killpoint.ManifestWritten, 1, snapshotKeys.undeleted},
				{killpoint.GarbageDeleted, 1, snapshotKeys.halfDeleted},
			}
			for _, s := range steps {
				f.dieAt(t, s.step, s.nth)
				keys := f.snapshotKeys(t)
				require.True(t, s.left(keys), "%s: %v", s.step, keys)
				seen = append(seen, keys.String())
			}
			f.more = "" // the rest in larger batches
			f.finish(t, time.Minute, c)
			twice := f.back.assertAll(t, c.want)
			assert.LessOrEqual(t, twice, len(steps)*2*smallBatch)
			t.Logf("%d records, killed with %s: %d records came twice, %d may; %.1f s",
				len(c.want), strings.Join(seen, ", then with "), twice, len(steps)*2*smallBatch, time.Since(begin).Seconds())
		})
	}
}

const smallBatch = 4 // records

// What is shipped cannot be told to die.
func TestBuiltCollectorHasNoKillPoints(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{program(t): false, built(t, withKillPoints): true} {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, want, bytes.Contains(content, []byte(killpoint.Variable)), path)
	}
}
