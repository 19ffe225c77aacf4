package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// In the middle of an emission: the back end holds a request of metrics that it
// has counted, or that it will never count, and the collector dies. The next one
// says the same again, or more, and nobody must count anything twice for it.
func TestKilledInTheMiddleOfAnEmission(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(90, 60, 5, 1000)
	for kind, makeFeed := range feeds {
		for name, metrics := range map[string]string{
			"cumulative": "{interval: 1s}", "delta": "{interval: 1s, temporality: delta, histogram: exponential}",
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				f := newFollowing(t, makeFeed(t, c))
				f.metrics = metrics
				f.back.set(func(b *back) { b.slow = 150 * time.Millisecond })
				const kills = 6
				underWay := 0 // kills with records yet to come
				for i := range kills {
					victim := f.start(t)
					killAtEmission(f.back.metrics, victim, i%2 == 0)
					victim.dead(t, time.Minute)
					f.died()
					if f.back.distinct() < len(c.want) {
						underWay++
					}
				}
				f.back.metrics.set(func(l *ledger) { l.arrived, l.accepted = func() bool { return true }, func() {} })
				f.finish(t, time.Minute, c)
				twice := f.back.assertAll(t, c.want)
				assert.LessOrEqual(t, twice, kills*atMostAgain)
				assert.GreaterOrEqual(t, underWay, 2)
				if name == "delta" {
					assert.NotZero(t, f.back.metrics.again, "what was not answered must come again")
				}
				t.Logf("%s, %s: %d records, %d kills in the middle of an emission, %d of them with records yet to come: all sums are exact; %v, %d points came again",
					kind, name, len(c.want), kills, underWay, f.back.metrics, f.back.metrics.again)
			})
		}
	}
}

// killAtEmission lets a collector die while its first request of metrics is
// held: counted and not answered, or not counted at all.
func killAtEmission(l *ledger, victim *collector, counted bool) {
	die := func() {
		_ = victim.cmd.Process.Kill() // it may be dead already
		<-victim.exited
	}
	l.set(func(l *ledger) {
		l.arrived, l.accepted = func() bool { return true }, die
		if !counted {
			l.arrived = func() bool { die(); return false }
		}
	})
}

// Metrics never stop logs: while all metrics are refused, all records are
// accepted at the first attempt, and later the metrics are right.
func TestFaultsOfMetricsDoNotStopLogs(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(91, 100, 8, 1000)
	for name, refuse := range map[string]func(*ledger){
		"for now":      func(l *ledger) { l.unavailable = 1 },
		"for good":     func(l *ledger) { l.invalid = 1 },
		"both":         func(l *ledger) { l.unavailable, l.invalid = 0.5, 0.5 },
		"now and then": func(l *ledger) { l.unavailable, l.invalid = 0.6, 0.3 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFollowing(t, bucketFeed(t, c))
			f.back.set(func(b *back) { b.slow = 100 * time.Millisecond })
			f.back.metrics.set(refuse)
			collector := f.start(t)
			f.back.reached(t, time.Minute, len(c.want))
			collector.settled(t, time.Minute, "ok", len(c.objects))
			assert.Zero(t, collector.metric(t, batchesMetric, `outcome="retried"`))
			assert.Zero(t, collector.metric(t, batchesMetric, `outcome="refused"`))
			f.back.metrics.set(func(l *ledger) { l.unavailable, l.invalid = 0, 0 })
			collector.stop(t, 15*time.Second)
			assert.Zero(t, f.back.assertAll(t, c.want), "records came twice")
			f.back.metrics.assertAll(t, c.sums, 1)
			l := f.back.metrics
			require.NotZero(t, l.refused+l.denied)
			t.Logf("%s: %d records; %d requests of metrics were refused for now, %d for good; %v", name, len(c.want), l.refused, l.denied, l)
		})
	}
}

// What was refused comes again, and what died with the collector too, as it was:
// the same span with the same sum. All deltas, each once, are the truth.
func TestKilledWhileDeltasAreRefused(t *testing.T) {
	t.Parallel()
	program(t)
	for kind, makeFeed := range feeds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			kills, c, slow := killed()
			f := newFollowing(t, makeFeed(t, c))
			f.metrics = "{interval: 1s, temporality: delta}"
			f.back.slowDown(slow)
			f.back.metrics.set(func(l *ledger) { l.unavailable = 0.7 })
			for i := range kills {
				victim := f.start(t)
				f.back.reached(t, time.Minute, len(c.want)*(i+1)/(kills+1))
				victim.kill(t)
				f.died()
			}
			last := f.start(t)
			f.back.reached(t, time.Minute, len(c.want))
			last.until(t, time.Minute, "end of work", func() bool { return f.looked(t, last) })
			// How often it is refused in the time of a shutdown would be luck.
			f.back.metrics.set(func(l *ledger) { l.unavailable = 0 })
			last.stop(t, 15*time.Second)
			f.back.assertAll(t, c.want)
			l := f.back.metrics
			l.assertAll(t, c.sums, 1)
			assert.NotZero(t, l.refused)
			t.Logf("%s: %d records, %d kills, %d requests of metrics refused: all deltas add up; %v, %d points came again",
				kind, len(c.want), kills, l.refused, l, l.again)
		})
	}
}
