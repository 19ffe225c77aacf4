package rollup

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/xxh3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
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
	m.lines = samplelogs.ByBucket(1, mixRecords)
	for _, line := range m.lines {
		m.bytes += int64(len(line)) + 1
	}
	return m
})

// BenchmarkMetrics is lines to committed metrics. Its floor is Parse of
// internal/ingest.
func BenchmarkMetrics(b *testing.B) {
	for name, change := range modes {
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
			reportRecord(b)
		})
	}
}

func reportRecord(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/mixRecords, "ns/record")
}

// BenchmarkLogs is lines to log records, without metrics and with. The two take
// turns, so that what else the machine does falls on both; medians are compared.
func BenchmarkLogs(b *testing.B) {
	w := newWorker(b, testSettings())
	var took [2][]float64 // ns per record
	for b.Loop() {
		for i, counts := range []bool{false, true} {
			begin := time.Now()
			for chunk := range slices.Chunk(mix().lines, chunkRecords) {
				w.convert(chunk, counts)
			}
			w.commit()
			took[i] = append(took[i], float64(time.Since(begin).Nanoseconds())/mixRecords)
		}
	}
	slices.Sort(took[0])
	slices.Sort(took[1])
	without, counting := took[0][b.N/2], took[1][b.N/2]
	b.ReportMetric(without, "ns/record-without")
	b.ReportMetric(counting, "ns/record-with")
	b.ReportMetric(100*(counting/without-1), "%more")
}

// BenchmarkOverflow is records that all have a value nobody met before, with as
// many series as may be.
func BenchmarkOverflow(b *testing.B) {
	settings := testSettings()
	settings.Metrics["aws.s3.server.requests"] = by("aws.s3.bucket", "user_agent.original")
	settings.Clean = redact.New(redact.DefaultNames()).Redact
	w := newWorker(b, settings)
	r, n := get(), 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		r.UserAgent = fmt.Sprint("Mozilla/5.0 (X11; Linux x86_64) ", n)
		w.counter.Add(&r, noClient)
		if n%chunkRecords == 0 {
			w.state.Add(w.counter.Cut())
			w.commit()
		}
	}
}

// manySeries is a state of as many series as there may be by default, 10,000 of
// each metric but of io, which has two a key.
func manySeries(b *testing.B, change func(*setup)) *process {
	b.Helper()
	s := testSettings()
	change(&s)
	l := newProcess(b, s)
	for i := range s.CardinalityLimit {
		l.add(with(func(r *accesslog.Record) {
			r.Bucket, r.Operation = fmt.Sprint("a-bucket-of-some-length-", i), "REST.PUT.OBJECT"
			r.TotalTime, r.TurnAroundTime = int64(i), int64(i/2)
		}))
	}
	l.commit()
	return l
}

// BenchmarkEmission is all series to requests, with their start points.
func BenchmarkEmission(b *testing.B) {
	for name, change := range map[string]func(*setup){
		"explicit": func(*setup) {}, "exponential": func(s *setup) { s.Histogram = HistogramExponential },
	} {
		b.Run(name, func(b *testing.B) {
			l := manySeries(b, change)
			l.state.Cut(l.now.Add(time.Minute))
			l.commit()
			b.ReportAllocs()
			for b.Loop() {
				require.NotEmpty(b, l.state.Emission(l.now.Add(time.Minute)))
			}
		})
	}
}

// BenchmarkRestore is a snapshot of all series to a state.
func BenchmarkRestore(b *testing.B) {
	for name, change := range map[string]func(*setup){
		"explicit": func(*setup) {}, "exponential": func(s *setup) { s.Histogram = HistogramExponential },
	} {
		b.Run(name, func(b *testing.B) {
			l := manySeries(b, change)
			snapshot := l.state.AppendState(nil)
			b.SetBytes(int64(len(snapshot)))
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, l.settings.state(l.now).Restore(snapshot))
			}
		})
	}
}

// BenchmarkAppendState is all series to a snapshot.
func BenchmarkAppendState(b *testing.B) {
	l := manySeries(b, func(*setup) {})
	var snapshot []byte
	b.ReportAllocs()
	for b.Loop() {
		snapshot = l.state.AppendState(snapshot[:0])
	}
	b.SetBytes(int64(len(snapshot)))
}

// worker does what the engine's workers and its committer do.
type worker struct {
	t       testing.TB
	state   *State
	counter *Counter
	logs    *otlplogs.Converter
	record  accesslog.Record
	now     time.Time
}

func newWorker(t testing.TB, settings setup) *worker {
	require.NoError(t, settings.Validate("metrics"))
	state := settings.state(epoch)
	logs := otlplogs.NewConverter(otlplogs.Options{
		ServiceName: "s3_access_logs", Original: otlplogs.OriginalOnError, TraceParameter: "x-traceparent",
	})
	return &worker{t: t, state: state, counter: state.NewCounter(), logs: logs, now: epoch}
}

func (w *worker) count(lines []string) {
	chunks := 0
	for chunk := range slices.Chunk(lines, chunkRecords) {
		for _, line := range chunk {
			if err := accesslog.Parse(line, &w.record); err != nil {
				w.t.Fatal(err)
			}
			w.counter.Add(&w.record, noClient)
		}
		w.state.Add(w.counter.Cut())
		if chunks++; chunks%commitChunks == 0 {
			w.commit()
		}
	}
	w.commit()
	if w.state.Full() {
		w.state.Cut(w.now)
		w.commit()
		for _, request := range w.state.Emission(w.now) {
			w.state.Settle(&request)
		}
		w.commit()
	}
}

func (w *worker) commit() {
	w.state.Change(w.now)
	require.NoError(w.t, w.state.Committed())
}

// convert makes log records of a chunk and, if asked to, counts it.
func (w *worker) convert(lines []string, counts bool) {
	batch := w.logs.NewBatch(len(lines))
	for _, line := range lines {
		id := xxh3.HashString128(line).Bytes()
		if err := accesslog.Parse(line, &w.record); err != nil {
			w.t.Fatal(err)
		}
		if counts {
			w.counter.Add(&w.record, noClient)
		}
		batch.Append(&w.record, line, id, &otlplogs.Origin{Bucket: "b"}, noClient)
	}
	if batch.Logs().LogRecordCount() != len(lines) {
		w.t.Fatal("log records are missing")
	}
	w.state.Add(w.counter.Cut())
}
