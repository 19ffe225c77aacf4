package e2e

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/killpoint"
)

const (
	// So small that a kill always finds some of them under way.
	batchSize  = 100
	deliveries = 3
	// atMostAgain is what one kill may bring a second time: the batches that were
	// accepted and not committed, and the one that was under way to them.
	atMostAgain = (deliveries + 1) * batchSize
)

// following is what collectors that follow each other have in common.
type following struct {
	*feed
	back      *back
	exporters string // YAML: to the back end
	storage   string // directory
	more      string // YAML: further settings of the receiver
	metrics   string // YAML: settings of the metrics
	retry     string // YAML: retry_on_failure
	signals   []string
	program   string // "": the built collector
}

func newFollowing(t testing.TB, f *feed) *following {
	t.Helper()
	back := newBack(t)
	return &following{
		feed: f, back: back, exporters: otlpExporter(back.addr), storage: t.TempDir(),
		metrics: "{interval: 1s}", // the least there is
		retry:   "{initial_interval: 50ms, max_interval: 500ms}",
		signals: []string{"logs", "metrics"},
	}
}

// start starts a collector where the one before it stopped.
func (f *following) start(t testing.TB) *collector {
	t.Helper()
	return f.startWith(t, f.program, nil)
}

// startWith starts a binary, "" for the built collector, with more variables in its
// environment.
func (f *following) startWith(t testing.TB, program string, env []string) *collector {
	t.Helper()
	more := f.more
	if more == "" {
		more = withBatches(batchSize, deliveries)
	}
	settings := f.source + more + "storage: file_storage\nmetrics: " + f.metrics + "\nretry_on_failure: " + f.retry + "\n"
	return start(t, setup{
		receivers:  "s3_access_logs:\n  " + indented(settings) + "\n",
		exporters:  f.exporters,
		extensions: "file_storage: {directory: " + f.storage + "}",
		signals:    f.signals,
		env:        slices.Concat(f.env, env),
		program:    program,
	})
}

// dieAt starts a collector that dies when it reaches a step for the nth time, and
// waits until it has.
func (f *following) dieAt(t testing.TB, step killpoint.Step, nth int) {
	t.Helper()
	victim := f.startWith(t, built(t, withKillPoints), []string{
		killpoint.Variable + "=" + string(step), killpoint.Count + "=" + strconv.Itoa(nth),
	})
	victim.dead(t, time.Minute)
	status, ok := victim.cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signal() == syscall.SIGKILL, "%v", victim.cmd.ProcessState)
	f.died()
}

// indented is settings as those of a component.
func indented(settings string) string {
	return strings.ReplaceAll(strings.TrimSpace(settings), "\n", "\n  ")
}

// finish starts a last collector and lets it come to its end, and another one
// that must find nothing left. The metrics of both are those of all records.
func (f *following) finish(t *testing.T, within time.Duration, want *corpus) {
	t.Helper()
	for _, look := range []string{"the rest", "what is done"} {
		_, twice := f.back.figures()
		before := f.back.distinct() + twice
		c := f.start(t)
		c.ready(t)
		f.back.reached(t, within, len(want.want))
		c.until(t, within, "end of looking for "+look, func() bool { return f.looked(t, c) })
		c.stop(t, 15*time.Second)
		f.back.metrics.assertAll(t, want.sums, 1)
		if look == "what is done" {
			_, twice = f.back.figures()
			assert.Equal(t, before, f.back.distinct()+twice, "what was done was read again")
		}
	}
}

// killed is how much is read and how often it is interrupted: with E2E_KILL what
// the guarantees are stated for. A back end that is so slow leaves time for an
// emission of metrics between two kills.
func killed() (kills int, c *corpus, slow time.Duration) {
	if os.Getenv("E2E_KILL") != "" {
		return 25, manyRecords(), 100 * time.Millisecond
	}
	return 4, someRecords(), 200 * time.Millisecond
}

// They are made once for all sources.
var (
	manyRecords = sync.OnceValue(func() *corpus { return makeCorpus(81, 3000, 30, 4500) })
	someRecords = sync.OnceValue(func() *corpus { return makeCorpus(82, 250, 6, 1500) })
)

// Of the guarantees the first: whenever the collector dies, nothing is lost, and
// what comes twice is bounded.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	program(t)
	for kind, makeFeed := range feeds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			kills, c, slow := killed()
			f := newFollowing(t, makeFeed(t, c))
			f.back.slowDown(slow)
			emitted := 0 // lives in which metrics were accepted
			begin := time.Now()
			for i := range kills {
				emissions := f.back.metrics.emissions()
				victim := f.start(t)
				if i%4 == 1 { // while it starts, or soon after
					time.Sleep(rand.N(300 * time.Millisecond))
				} else {
					f.back.reached(t, time.Minute, len(c.want)*(i+1)/(kills+2))
					time.Sleep(rand.N(10 * time.Millisecond))
				}
				victim.kill(t)
				f.died()
				assert.Less(t, f.back.distinct(), len(c.want), "kill %d came after the work", i)
				if f.back.metrics.emissions() > emissions {
					emitted++
				}
			}
			f.finish(t, time.Minute, c)
			twice := f.back.assertAll(t, c.want)
			assert.LessOrEqual(t, twice, kills*atMostAgain)
			if f.queue != nil {
				assert.Empty(t, f.queue.Bodies())
			}
			assert.GreaterOrEqual(t, emitted, kills/2)
			t.Logf("%s: %d objects, %d records, %d kills: %d records came twice, %d may; %.1f s",
				kind, len(c.objects), len(c.want), kills, twice, kills*atMostAgain, time.Since(begin).Seconds())
			t.Logf("%s: all sums are exact, metrics were accepted in %d of the lives that were killed: %v", kind, emitted, f.back.metrics)
		})
	}
}

// A collector that is stopped in the middle of work delivers and commits what it
// has read, so that nothing comes twice.
func TestStoppedAtRandomMoments(t *testing.T) {
	t.Parallel()
	program(t)
	for kind, makeFeed := range feeds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			stops, c, slow := killed()
			f := newFollowing(t, makeFeed(t, c))
			f.back.slowDown(slow)
			inTheMiddle := 0
			for i := range stops {
				stopped := f.start(t)
				stopped.ready(t)
				f.back.reached(t, time.Minute, len(c.want)*(i+1)/(stops+1))
				stopped.stop(t, 15*time.Second)
				f.died()                             // as after a receive whose answer was lost
				if f.back.distinct() < len(c.want) { // the last ones may deliver all there is
					inTheMiddle++
				}
			}
			f.finish(t, time.Minute, c)
			assert.Zero(t, f.back.assertAll(t, c.want), "records came twice")
			assert.GreaterOrEqual(t, inTheMiddle, stops/4)
			t.Logf("%s: %d objects, %d records, %d stops in the middle, none twice; %v",
				kind, len(c.objects), len(c.want), inTheMiddle, f.back.metrics)
		})
	}
}
