package e2e

import (
	"fmt"
	"maps"
	"math/bits"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// refusalPause is the receiver's back-off in these tests, without jitter.
const refusalPause = 300 * time.Millisecond

// wayDown is how many requests a batch may be offered in before the back-off
// begins: itself, a half of each length and its sibling.
var wayDown = 2*bits.Len(batchSize) + 1

// situation is what a back end refuses permanently.
type situation struct {
	// prepare tells the back end; poison are the records that it never takes.
	prepare func(r *refusing, poison uids)
	poison  int  // how many records are
	waits   bool // all is refused for a while, and the status says so
	both    bool // another exporter stands beside, whose back end takes everything
}

var situations = map[string]situation{
	"for a while": {prepare: refuseForAWhile, waits: true},
	"above a size": {prepare: func(r *refusing, _ uids) {
		r.logs = func(_ plog.Logs, size int) bool { return size > 32<<10 } // some 20 records
		r.metrics = func(_ pmetric.Metrics, size int) bool { return size > 16<<10 }
	}},
	"some records": {prepare: refusePoison, poison: 5},
	"one of two exporters": {prepare: func(r *refusing, poison uids) {
		refuseForAWhile(r, poison)
		wait := r.logs
		r.logs = func(l plog.Logs, size int) bool { return wait(l, size) || holds(l, poison) }
	}, poison: 2, waits: true, both: true},
}

// refuseForAWhile refuses until it has refused more than ways down alone.
func refuseForAWhile(r *refusing, _ uids) {
	logs, metrics := deliveries*wayDown+10, 3*wayDown
	r.logs = func(plog.Logs, int) bool { return r.tally[logsSignal].refused < logs }
	r.metrics = func(pmetric.Metrics, int) bool { return r.tally[metricsSignal].refused < metrics }
}

func refusePoison(r *refusing, poison uids) {
	r.logs = func(l plog.Logs, _ int) bool { return holds(l, poison) }
}

// holds reports whether one of some records is there.
func holds(logs plog.Logs, some uids) bool {
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				if uid, _ := record.Attributes().Get("log.record.uid"); some[uid.Str()] > 0 {
					return true
				}
			}
		}
	}
	return false
}

// A back end's permanent no is not the records' fault: what it would take
// arrives, what it never takes is named once, and metrics are exact.
func TestRefusedPermanently(t *testing.T) {
	t.Parallel()
	program(t)
	inShort := map[string]bool{ // the others run with E2E_KILL
		"http-401/for a while": true, "grpc-PermissionDenied/for a while/killed": true,
		"http-413/above a size": true, "grpc-ResourceExhausted/above a size/killed": true,
		"http-400/some records": true, "grpc-InvalidArgument/some records/killed": true,
		"http-403/one of two exporters": true,
	}
	for answer, how := range refusals {
		for what, s := range situations {
			for _, killed := range []bool{false, true} {
				name := answer + "/" + what
				if killed {
					name += "/killed"
				}
				if os.Getenv("E2E_KILL") == "" && !inShort[name] {
					continue
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					s.run(t, how, killed)
				})
			}
		}
	}
}

var refusedCorpus = sync.OnceValue(func() *corpus { return makeCorpus(85, 60, 4, 500) })

func (s *situation) run(t *testing.T, how refusal, killed bool) {
	c := refusedCorpus()
	f := newFollowing(t, bucketFeed(t, c))
	f.retry = fmt.Sprintf("{initial_interval: %v, max_interval: %v, randomization_factor: 0}", refusalPause, refusalPause)
	f.metrics = "{interval: 1s, temporality: delta}"
	r := newRefusing(t, f.back, how)
	f.exporters = r.exporter()
	beside := newBack(t)
	if s.both {
		f.exporters += "\n" + strings.Replace(otlpExporter(beside.addr), "otlp_grpc", "otlp_grpc/beside", 1)
	}
	poison, want := pick(c.want, s.poison)
	r.set(func(r *refusing) { s.prepare(r, poison) })

	collector := f.start(t)
	if s.waits {
		collector.logged(t, time.Minute, "on_refusal")
	}
	log := ""
	if killed {
		collector.until(t, time.Minute, "a refusal", func() bool { return r.figures(logsSignal).refused > 0 })
		collector.kill(t)
		log = collector.log(t)
		collector = f.start(t)
	}
	f.back.reached(t, 2*time.Minute, len(want))
	collector.until(t, time.Minute, "end of work", func() bool { return f.looked(t, collector) })
	collector.until(t, 2*time.Minute, "all metrics", func() bool { return f.back.metrics.sums().records() >= c.sums.records() })
	collector.stop(t, 15*time.Second)
	log += collector.log(t)

	twice := f.back.assertAll(t, want)
	if !killed && !s.both {
		assert.Zero(t, twice, "records came twice")
	}
	f.back.metrics.assertAll(t, c.sums, 1)
	if s.both {
		beside.assertAll(t, c.want)
		assertSums(t, c.sums, beside.metrics.sums())
	}
	assertNamed(t, log, poison, killed)
	s.assertPaced(t, r, killed)

	// All is done: the next life offers nothing.
	again := f.start(t)
	again.ready(t)
	again.until(t, time.Minute, "end of looking", func() bool { return f.looked(t, again) })
	again.stop(t, 15*time.Second)
	_, now := f.back.figures()
	assert.Equal(t, twice, now, "what was done was read again")
	f.back.metrics.assertAll(t, c.sums, 1)
	t.Logf("%d records, %d never taken, %d twice; refused: %d requests of logs, %d of metrics",
		len(c.want), len(poison), twice, r.figures(logsSignal).refused, r.figures(metricsSignal).refused)
}

// pick takes some of the records out.
func pick(all uids, n int) (picked, rest uids) {
	picked, rest = uids{}, maps.Clone(all)
	ids := slices.Sorted(maps.Keys(all))
	for i := range n {
		id := ids[i*len(ids)/n]
		picked[id] = all[id]
		delete(rest, id)
	}
	return picked, rest
}

// assertNamed finds each record that was dropped in one line of the log, with its
// object and place. A life that was killed may have named it before.
func assertNamed(t *testing.T, log string, poison uids, killed bool) {
	t.Helper()
	for id := range poison {
		named := 0
		for line := range strings.Lines(log) {
			if strings.Contains(line, id) {
				named++
				assert.Contains(t, line, "s3://logs/access/")
			}
		}
		assert.Positive(t, named, "record %s was dropped without a word", id)
		if !killed {
			assert.Equal(t, 1, named, "record %s", id)
		}
	}
	if len(poison) == 0 {
		assert.NotContains(t, log, "dropped")
	}
}

// assertPaced holds that, while all is refused, a delivery offers its batch in
// one way down and then once a back-off.
func (s *situation) assertPaced(t *testing.T, r *refusing, killed bool) {
	t.Helper()
	logs := r.figures(logsSignal)
	if !s.waits {
		return
	}
	require.NotZero(t, logs.refused)
	lives := 1
	if killed {
		lives = 2
	}
	pauses := int(logs.last.Sub(logs.first)/refusalPause) + 1
	searches := 2 * s.poison * wayDown // for what is never taken, once the others are
	assert.LessOrEqual(t, logs.refused, lives*(deliveries*(wayDown+pauses)+searches), "within %v", logs.last.Sub(logs.first))
}
