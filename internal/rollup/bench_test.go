package rollup

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/samplelogs"
)

// The benchmarks below are compared with one another:
//
//	GOMAXPROCS=1 go test -run '^$' -bench . -benchtime 2s -count 4 ./internal/rollup | tee new.txt
//	benchstat new.txt
//
// One operation is the whole mix, in chunks of chunkRecords, and a commit every
// commitChunks.

const (
	mixRecords   = 20_000
	chunkRecords = 400 // about a chunk of 256 KiB
	commitChunks = 25
)

// mix is the same for all benchmarks. As in log objects, one bucket's lines
// follow each other.
var mix = sync.OnceValue(func() (m struct {
	lines []string
	bytes int64
},
) {
	records := samplelogs.Records(1, mixRecords)
	bucketOf := func(line string) string { return strings.SplitN(line, " ", 3)[1] }
	slices.SortStableFunc(records, func(a, b string) int { return strings.Compare(bucketOf(a), bucketOf(b)) })
	for _, line := range records {
		m.bytes += int64(len(line)) + 1
	}
	m.lines = records
	return m
})

// BenchmarkParse is lines to Records, the floor of the others.
func BenchmarkParse(b *testing.B) {
	lines := mix().lines
	b.SetBytes(mix().bytes)
	b.ReportAllocs()
	var r accesslog.Record
	for b.Loop() {
		for _, line := range lines {
			if err := accesslog.Parse(line, &r); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkMetrics is lines to committed metrics.
func BenchmarkMetrics(b *testing.B) {
	for name, change := range map[string]func(*Settings){
		"explicit":    func(*Settings) {},
		"exponential": func(s *Settings) { s.Exponential = true },
		"event":       func(s *Settings) { s.Delta, s.EventTime = true, true },
		"clients": func(s *Settings) {
			s.Metrics["aws.s3.server.requests"] = []string{"aws.s3.bucket", "client.address"}
		},
	} {
		b.Run(name, func(b *testing.B) {
			settings := testSettings()
			change(&settings)
			w := newWorker(b, settings)
			w.count(mix().lines)
			b.SetBytes(mix().bytes)
			b.ReportAllocs()
			for b.Loop() {
				w.count(mix().lines)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/mixRecords, "ns/record")
		})
	}
}

// worker does what the engine's workers and its committer do.
type worker struct {
	t       testing.TB
	state   *State
	counter *Counter
	record  accesslog.Record
	now     time.Time
}

func newWorker(t testing.TB, settings Settings) *worker {
	require.NoError(t, settings.Validate())
	now := time.Unix(1_700_000_000, 0)
	state := New(settings, now)
	return &worker{t: t, state: state, counter: state.NewCounter(), now: now}
}

func (w *worker) count(lines []string) {
	chunks := 0
	for chunk := range slices.Chunk(lines, chunkRecords) {
		for _, line := range chunk {
			if err := accesslog.Parse(line, &w.record); err != nil {
				w.t.Fatal(err)
			}
			w.counter.Add(&w.record, enrich.Client{})
		}
		w.state.Add(w.counter.Cut())
		if chunks++; chunks%commitChunks == 0 {
			w.commit()
		}
	}
	w.commit()
	if w.state.Full() {
		w.state.Cut(w.now)
		w.state.Settle(w.now)
		w.commit()
	}
}

func (w *worker) commit() {
	w.state.Change(w.now)
	require.NoError(w.t, w.state.Committed())
}
