package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// month makes the log objects of 35 days, some thousand records a week and
// seed, under names that are in no order, and what each minute of them adds up to.
func month(t testing.TB, seeds int) (objects map[string][]byte, minutes map[time.Time]sums, malformed int) {
	t.Helper()
	objects, minutes = map[string][]byte{}, map[time.Time]sums{}
	rng := rand.New(rand.NewPCG(93, 1))
	for week := range 5 {
		for seed := range seeds {
			for _, o := range samplelogs.Week(uint64(1 + week*seeds + seed)) {
				text := later(o.Text(), week)
				objects[fmt.Sprintf("%016x", rng.Uint64())] = text
				malformed += o.Malformed
				eachRecord(text, func(r *accesslog.Record) {
					minute := time.Unix(r.Time, 0).UTC().Truncate(time.Minute)
					if minutes[minute] == nil {
						minutes[minute] = sums{}
					}
					minutes[minute].count(r)
				})
			}
		}
	}
	return objects, minutes, malformed
}

// later moves the week that all samples are of.
func later(text []byte, weeks int) []byte {
	const format = "[02/Jan/2006:"
	var moves []string
	for day := range 9 { // some records are of the days around it
		at := time.Date(2026, 11, 8+day, 0, 0, 0, 0, time.UTC)
		moves = append(moves, at.Format(format), at.AddDate(0, 0, 7*weeks).Format(format))
	}
	return []byte(strings.NewReplacer(moves...).Replace(string(text)))
}

// A month of logs in no order comes out by the minute, also when more is open
// than may be. Nothing is said of a single object or emission.
func TestMonthByTheMinute(t *testing.T) {
	t.Parallel()
	program(t)
	objects, minutes, malformed := month(t, 6)
	dir := t.TempDir()
	write(t, dir, objects)
	back := newBack(t)
	back.metrics.event = true
	begin := time.Now()
	c := start(t, setup{
		receivers: "s3_access_logs: {directory: {path: " + dir + "}, " +
			"logs: {flush_interval: 100ms}, " + // else a fast machine counts all at once
			"metrics: {interval: 60s, temporality: delta, timestamps: event}}",
		exporters: otlpExporter(back.addr),
		signals:   []string{"metrics"},
	})
	summary := c.readToEnd(t, 3*time.Minute)
	took := time.Since(begin)
	c.stop(t, 15*time.Second)

	want := sums{}
	got := back.metrics.minutes(t)
	require.Len(t, got, len(minutes))
	for minute, all := range minutes {
		want.merge(all)
		assertSums(t, all, got[minute])
		if t.Failed() {
			t.Fatal(minute)
		}
	}
	back.metrics.assertAll(t, want, 1)
	assert.Equal(t, 1, strings.Count(c.log(t), "directory read to its end"))
	assert.Contains(t, summary, fmt.Sprintf(`"objects": %d, `, len(objects)))
	assert.Contains(t, summary, fmt.Sprintf(`"records": %d, "malformed": %d`, want.records(), malformed))
	assert.Less(t, strings.Count(c.log(t), "s3_access_logs"), 10)
	assert.Zero(t, back.distinct(), "there is no pipeline of logs")
	assert.NotZero(t, back.metrics.again, "there is more than may be open, so that some minutes come in parts")
	t.Logf("%d records of %d minutes in %d objects: each is in its own minute; %.1f s; %v, %d of them for a minute that there was; %s",
		want.records(), len(minutes), len(objects), took.Seconds(), back.metrics, back.metrics.again, withoutResource(summary))
}

// minutes returns what deltas of one minute each add up to.
func (l *ledger) minutes(t testing.TB) map[time.Time]sums {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	by := map[time.Time]sums{}
	for _, a := range l.series {
		for of, n := range a.spans {
			minute := time.Unix(0, int64(of.start)).UTC()
			require.Equal(t, minute, minute.Truncate(time.Minute))
			require.Equal(t, of.start+pcommon.Timestamp(time.Minute), of.end)
			if by[minute] == nil {
				by[minute] = sums{}
			}
			by[minute][a.series] = by[minute][a.series].plus(n)
		}
	}
	return by
}
