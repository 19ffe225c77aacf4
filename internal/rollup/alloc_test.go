package rollup

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// modes are the ways of counting that differ in cost.
var modes = map[string]func(*setup){
	"explicit":    func(*setup) {},
	"exponential": func(s *setup) { s.Histogram = HistogramExponential },
	"event":       func(s *setup) { s.Temporality, s.Timestamps = TemporalityDelta, TimestampsEvent },
	"clients": func(s *setup) {
		s.Metrics["aws.s3.server.requests"] = by("aws.s3.bucket", "client.address")
	},
	"folders": func(s *setup) {
		s.KeyPrefixDepth = 2
		s.Metrics["aws.s3.server.requests"] = by("aws.s3.bucket", keyPrefix)
	},
}

func parsed(t testing.TB, lines []string) []accesslog.Record {
	records := make([]accesslog.Record, len(lines))
	for i, line := range lines {
		require.NoError(t, accesslog.Parse(line, &records[i]))
	}
	return records
}

// Counting values that a worker knows costs no allocation.
func TestAddAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's pools allocate")
	}
	records := parsed(t, mix().lines[:chunkRecords])
	for name, change := range modes {
		s := testSettings()
		s.Geo, s.Threats = true, true
		s.Metrics["aws.s3.server.requests"] = by(append(slices.Clone(s.Metrics["aws.s3.server.requests"].Attributes), "aws.requester.type", "user.name")...)
		change(&s)
		counter, client := s.state(epoch).NewCounter(), fullClient()
		add := func() {
			for i := range records {
				counter.Add(&records[i], client)
			}
		}
		add()
		if s.isExponential() { // durations are kept until they are handed over
			counter.Cut()
			for range 40 {
				add()
			}
			for _, e := range counter.touched {
				for h := range e.tally.samples {
					e.tally.samples[h] = e.tally.samples[h][:0]
				}
			}
		}
		assert.Zero(t, testing.AllocsPerRun(20, add), name)
	}
}

// A chunk and a commit cost a few allocations, however many records they hold.
func TestAllocationsOfACommit(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's pools allocate")
	}
	records := parsed(t, mix().lines[:10*chunkRecords])
	for name, change := range modes {
		s := testSettings()
		change(&s)
		w := newWorker(t, s)
		commit := func() {
			for chunk := range slices.Chunk(records, chunkRecords) {
				for i := range chunk {
					w.counter.Add(&chunk[i], noClient)
				}
				w.state.Add(w.counter.Cut())
			}
			w.commit()
		}
		commit()
		commit()
		got := testing.AllocsPerRun(10, commit)
		t.Logf("%s: %.0f allocations in a commit of %d records", name, got, len(records))
		assert.LessOrEqual(t, got, 100.0, name)
	}
}

// full is a counter whose group has all the keys there may be, and the number of
// texts that were cleaned.
func full(t *testing.T) (w *process, cleaned *int) {
	s := testSettings()
	s.CardinalityLimit, s.SeriesIdleTimeout, cleaned = 10, 2*s.Interval, new(int)
	only(&s, "aws.s3.server.requests", "aws.s3.bucket", "user_agent.original")
	s.Clean = func(text string, _ redact.Rule) string {
		*cleaned++
		return text
	}
	w = newProcess(t, s)
	for i := range s.CardinalityLimit {
		w.add(with(func(r *accesslog.Record) { r.UserAgent = fmt.Sprint("known ", i) }))
	}
	return w, cleaned
}

// Values beyond the limit are cleaned when a counter meets them, and not again.
func TestValuesBeyondTheLimitAreCleanedOnce(t *testing.T) {
	w, cleaned := full(t)
	*cleaned = 0
	for range 100 {
		for i := range 20 {
			w.add(with(func(r *accesslog.Record) { r.UserAgent = fmt.Sprint("beyond ", i) }))
		}
	}
	assert.Equal(t, 20*2, *cleaned, "two attributes")
	assert.EqualValues(t, 2000, overflowOf(w.emitAccepted()))
}

// overflowOf returns the value of the series beyond the limit.
func overflowOf(points []anyPoint) (sum int64) {
	for _, p := range points {
		if _, is := p.attributes.Get(overflowName); is {
			sum += p.values.sum
		}
	}
	return sum
}

// A value that was beyond the limit has its series once there is room.
func TestValuesBeyondTheLimitFindTheRoomOfDroppedSeries(t *testing.T) {
	w, _ := full(t)
	late := with(func(r *accesslog.Record) { r.UserAgent = "beyond" })
	w.add(late)
	assert.EqualValues(t, 1, overflowOf(w.emitAccepted()))
	for range 3 {
		w.emitAccepted()
	}
	w.add(late)
	assert.Zero(t, overflowOf(w.emitAccepted()))
	assert.Equal(t, map[string]int{"aws.s3.server.requests": 1}, w.state.Series())
}

// Beyond the limit nothing is allocated: for values that were met before, and for new
// ones that are clean as they are.
func TestAddAllocatesNothingBeyondTheLimit(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's pools allocate")
	}
	w, _ := full(t)
	const records = 1000
	agents := make([]string, 30*records)
	for i := range agents {
		agents[i] = fmt.Sprint("beyond ", i)
	}
	r := get()
	for name, step := range map[string]int{"known": 0, "new": records} {
		at := 0
		add := func() {
			for i := range records {
				r.UserAgent = agents[at+i]
				w.counter.Add(&r, noClient)
			}
			at += step
		}
		for range 8 { // the table has its size
			add()
		}
		assert.Zero(t, testing.AllocsPerRun(20, add), name)
	}
}
