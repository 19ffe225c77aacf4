package rollup

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// modes are the ways of counting that differ in cost.
var modes = map[string]func(*Settings){
	"explicit":    func(*Settings) {},
	"exponential": func(s *Settings) { s.Exponential = true },
	"event":       func(s *Settings) { s.Delta, s.EventTime = true, true },
	"clients": func(s *Settings) {
		s.Metrics["aws.s3.server.requests"] = []string{"aws.s3.bucket", "client.address"}
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
		s.Metrics["aws.s3.server.requests"] = append(slices.Clone(s.Metrics["aws.s3.server.requests"]), "aws.requester.type", "user.name")
		change(&s)
		counter, client := New(s, epoch).NewCounter(), fullClient()
		add := func() {
			for i := range records {
				counter.Add(&records[i], client)
			}
		}
		add()
		if s.Exponential { // durations are kept until they are handed over
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
