package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
)

const (
	wrongShare = 0.05 // of all requests
	randomPage = 50   // objects of a list
)

// randomWrongs are the answers of the table that come at random, those that any
// request may meet.
var randomWrongs = []wrong{empty, page, words, cutShort, cutChunks, failure}

// wrongRuns is how much is read and how often the collector is killed meanwhile:
// with E2E_WRONG what the guarantee is stated for. A back end that is so slow leaves
// something to kill.
func wrongRuns() (objects, kills, concurrency int, slow time.Duration) {
	if os.Getenv("E2E_WRONG") != "" {
		return 5000, 6, 64, 30 * time.Millisecond
	}
	return 300, 1, 16, 100 * time.Millisecond
}

// wrongSeed is E2E_WRONG_SEED, else another one each time.
func wrongSeed(t testing.TB) uint64 {
	t.Helper()
	text := os.Getenv("E2E_WRONG_SEED")
	if text == "" {
		return uint64(time.Now().UnixNano())
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, "E2E_WRONG_SEED")
	return seed
}

// Wrong answers come at random, between the collector and S3 and between it and
// the queue, and it is killed in between: all records come, and the sums are exact.
func TestWrongAnswersAtRandom(t *testing.T) {
	t.Parallel()
	program(t)
	seed := wrongSeed(t)
	t.Logf("E2E_WRONG_SEED=%d", seed)
	objects, kills, concurrency, slow := wrongRuns()
	c := makeCorpus(204, objects, 0, 0)
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	put(t, server, "logs", c.objects)
	t.Run("sources", func(t *testing.T) { // the server lives until both are done
		for i, kind := range []string{"bucket", "queue"} {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				f, l := wrongFollowing(t, kind, server, c, rand.New(rand.NewPCG(seed, uint64(i))))
				moments := rand.New(rand.NewPCG(seed, uint64(10+i)))
				f.more = fmt.Sprintf("concurrency: %d\ndeliveries: %d\nlogs: {batch_size: %d, flush_interval: 100ms}\n", concurrency, deliveries, batchSize)
				f.back.slowDown(slow)
				begin := time.Now()
				for n := range kills {
					victim := f.start(t)
					f.back.reached(t, 4*time.Minute, len(c.want)*(n+1)/(kills+1))
					time.Sleep(time.Duration(moments.IntN(200)) * time.Millisecond)
					victim.alive(t)
					victim.kill(t)
					f.died()
				}
				victim := f.start(t) // the rest, with wrong answers still
				victim.until(t, 4*time.Minute, "all records", func() bool { return f.back.distinct() >= len(c.want) })
				l.heal()
				victim.stop(t, 15*time.Second)
				f.died()
				f.finish(t, time.Minute, c)
				twice := f.back.assertAll(t, c.want)
				assert.LessOrEqual(t, twice, kills*atMostAgain)
				if f.queue != nil {
					assert.Empty(t, f.queue.Bodies())
				}
				t.Logf("%s: %d objects, %d records, %d kills, wrong answers: %v; %d records came twice, %d may; %.1f s",
					kind, len(c.objects), len(c.want), kills, l.lied(), twice, kills*atMostAgain, time.Since(begin).Seconds())
			})
		}
	})
}

// wrongFollowing are collectors whose servers answer wrongly at random.
func wrongFollowing(t *testing.T, kind string, server *s3test.Server, c *corpus, rng *rand.Rand) (*following, *liar) {
	t.Helper()
	l := newLiar(t)
	l.server, l.pageSize = server, randomPage
	l.choose = func(what asked, left int) (func(*exchange), bool) { // its lock guards rng
		if left == 0 || rng.Float64() >= wrongShare {
			return nil, false
		}
		row, which := rowOf(what), randomWrongs[rng.IntN(len(randomWrongs))]
		return func(x *exchange) { row.give(which, x) }, true
	}
	l.arm(always)
	f := &feed{env: server.Env, server: server, died: func() {}}
	at := s3At(l.before(t, server.Endpoint))
	if kind == "bucket" {
		f.source = "bucket: {name: logs, prefix: access/, start_from: earliest, poll_interval: 1s}\n" + at
		f.looked = func(t testing.TB, c *collector) bool {
			return c.metric(t, apiMetric, `api="s3.list"`) >= 2 && c.metric(t, flightMetric, "") == 0
		}
		return newFollowing(t, f), l
	}
	f.sqs = fakesqs.Start()
	t.Cleanup(f.sqs.Close)
	f.queue = f.sqs.CreateQueue("logs", fakesqs.Settings{})
	listed := list(t, server)
	for keys := range slices.Chunk(slices.Sorted(maps.Keys(c.objects)), 5) {
		f.queue.Send(notification(t, keys, listed))
	}
	f.source = queueAt(strings.Replace(f.queue.URL(), f.sqs.URL, l.before(t, f.sqs.URL), 1)) + at
	f.died = func() { f.sqs.Advance(visibility) }
	f.looked = func(testing.TB, *collector) bool {
		left := f.queue.Stats()
		return left.Visible+left.InFlight == 0
	}
	redeliverEvery(t, f.queue, time.Second)
	return newFollowing(t, f), l
}

// redeliverEvery lets messages that were given back, or whose receipt was lost,
// come soon, as long as the test runs.
func redeliverEvery(t testing.TB, q *fakesqs.Queue, every time.Duration) {
	t.Helper()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				q.RedeliverEarly()
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
	})
}

// rowOf is the row of the table of what is asked, or one for all else.
func rowOf(what asked) askedRow {
	for _, row := range askedRows {
		if row.what == what {
			return row
		}
	}
	return askedRow{what: what, kind: xmlType}
}
