package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/killpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// manySeries are 20,000 records of 2,250 buckets, in three hours: an emission of
// several requests.
func manySeries(t testing.TB) *corpus {
	t.Helper()
	const records, buckets, hours = 20_000, 2250, 3
	fields := strings.SplitN(samplelogs.Records(94, 1)[0], " ", 5) // owner, bucket, time, zone, the rest
	require.Len(t, fields, 5)
	c := &corpus{objects: map[string][]byte{}, want: uids{}, records: map[string]uids{}, sums: sums{}}
	var lines []string
	for i := range records {
		fields[1] = fmt.Sprintf("bucket-%04d", i%buckets)
		fields[2] = fmt.Sprintf("[09/Nov/2026:%02d:07:07", 10+i/buckets%hours)
		lines = append(lines, strings.Join(fields, " "))
	}
	for i := 0; i < records; i += 1000 {
		c.add(fmt.Sprintf("2026-11-09-10-%02d-00-0000000000000000", i/1000), joined(lines[i:i+1000]))
	}
	require.EqualValues(t, records, c.sums.records())
	return c
}

// Of an emission of several requests the first is accepted and the next ones are not,
// until the collector ends. The next one, which has another back end, sends the others
// alone: of what was accepted only a request of which the collector never knew comes a
// second time.
func TestEndedBetweenTheRequestsOfAnEmission(t *testing.T) {
	t.Parallel()
	program(t)
	c := manySeries(t)
	for timestamps, metrics := range map[string]string{
		"arrival": "{interval: 1h, temporality: delta}",
		"event":   "{interval: 1h, temporality: delta, timestamps: event}",
	} {
		for name, end := range map[string]struct {
			by      func(testing.TB, *collector)
			unheard bool           // it ends before it hears that the first one was accepted
			step    killpoint.Step // or where it dies by itself
		}{
			"stopped":                  {by: func(t testing.TB, c *collector) { c.stop(t, 15*time.Second) }},
			"killed":                   {by: func(t testing.TB, c *collector) { c.kill(t) }},
			"killed between them":      {step: killpoint.RequestSettled},
			"killed before the answer": {by: func(t testing.TB, c *collector) { c.dead(t, time.Minute) }, unheard: true},
		} {
			t.Run(timestamps+"/"+name, func(t *testing.T) {
				t.Parallel()
				f := newFollowing(t, directoryFeed(t, c))
				f.metrics, f.signals = metrics, []string{"metrics"}
				f.more = withBatches(2000, deliveries) + "shutdown_timeout: 1s\n"
				before, after := f.back.metrics, newBack(t)
				f.exporters = otlpExporter(f.back.addr)
				var first *collector
				started := make(chan struct{})
				before.set(func(l *ledger) {
					l.accepted = func() {
						before.set(func(l *ledger) { l.unavailable = 1 })
						if end.unheard {
							<-started
							_ = first.cmd.Process.Kill()
							<-first.exited
						}
					}
				})
				if end.step != "" {
					f.dieAt(t, end.step, 1)
				} else {
					first = f.start(t)
					close(started)
					if !end.unheard {
						first.until(t, time.Minute, "a refusal", func() (refused bool) {
							before.set(func(l *ledger) { refused = l.refused > 0 })
							return refused
						})
					}
					end.by(t, first)
				}
				require.Equal(t, 1, before.emissions())

				f.exporters = otlpExporter(after.addr)
				want, there := sums{}, before.sums()
				want.merge(c.sums)
				if end.unheard {
					want.merge(there) // once more
				}
				second := f.start(t)
				all := func() sums {
					all := before.sums()
					all.merge(after.metrics.sums())
					return all
				}
				second.ready(t)
				second.until(t, time.Minute, "all records", func() bool { return all().atLeast(want) })
				second.stop(t, 15*time.Second)
				assertSums(t, want, all())
				assert.Empty(t, before.problems)
				assert.Empty(t, after.metrics.problems)
				assert.Equal(t, before.instances(), after.metrics.instances())
				t.Logf("%d records: %v, then %v", c.sums.records(), before, after.metrics)
			})
		}
	}
}

// atLeast tells whether no series is below what it has in other sums.
func (s sums) atLeast(other sums) bool {
	for of, n := range other {
		if !s[of].atLeast(n) {
			return false
		}
	}
	return true
}
