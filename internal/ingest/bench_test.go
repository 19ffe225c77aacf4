package ingest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/geo"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/threat"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// The benchmarks below are a worker's part of the flow, chunks in and segments
// out, and are compared with one another:
//
//	GOMAXPROCS=1 go test -run '^$' -bench . -benchtime 2s -count 4 ./internal/ingest | tee new.txt
//	benchstat new.txt
//
// The aims: Worker/both at most 1.15 x Worker/logs; Worker/logs,clients at most
// 1.25 x Worker/logs, at 95 % of addresses that were met before.

const (
	mixRecords = 20_000
	chunkBytes = 256 << 10
)

// mix is sample records in chunks, one bucket's behind each other. Of the second
// one every twentieth client is one that was not met before.
var mix = sync.OnceValue(func() (m struct{ usual, strangers []string }) {
	records := samplelogs.ByBucket(1, mixRecords)
	m.usual = samplelogs.Chunks(records, chunkBytes)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range records {
		if i%20 == 0 {
			records[i] = withClient(records[i], fmt.Sprintf("20.%d.%d.%d", rnd.IntN(256), rnd.IntN(256), rnd.IntN(256)))
		}
	}
	m.strangers = samplelogs.Chunks(records, chunkBytes)
	return m
})

// withClient replaces the Remote IP, which stands behind the time.
func withClient(record, address string) string {
	head, tail, _ := strings.Cut(record, "] ")
	_, tail, _ = strings.Cut(tail, " ")
	return head + "] " + address + " " + tail
}

// reportRecords reports the time a record of the mix took.
func reportRecords(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/mixRecords, "ns/record")
}

// BenchmarkParse is chunks to records, the floor of the others. Its own floor is to
// split the chunks into lines.
func BenchmarkParse(b *testing.B) {
	b.Run("impl=ours", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(bytesOf(mix().usual))
		var r accesslog.Record
		for b.Loop() {
			for _, chunk := range mix().usual {
				for line, rest := lines.Cut(chunk); line != ""; line, rest = lines.Cut(rest) {
					if err := accesslog.Parse(line, &r); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		reportRecords(b)
	})
	b.Run("impl=floor", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(bytesOf(mix().usual))
		for b.Loop() {
			n := 0
			for _, chunk := range mix().usual {
				for line, rest := lines.Cut(chunk); line != ""; line, rest = lines.Cut(rest) {
					n++
				}
			}
			if n != mixRecords {
				b.Fatal(n, "lines")
			}
		}
		reportRecords(b)
	})
}

func BenchmarkWorker(b *testing.B) {
	known := newKnown(b)
	for _, bench := range []struct {
		name          string
		logs, metrics bool
		clients       Clients
		chunks        []string
	}{
		{"logs", true, false, nil, mix().usual},
		{"metrics", false, true, nil, mix().usual},
		{"both", true, true, nil, mix().usual},
		{"logs,clients", true, false, known, mix().strangers},
		{"logs,clients,met", true, false, known, mix().usual},
		{"metrics,clients", false, true, known, mix().strangers},
		{"both,clients", true, true, known, mix().strangers},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(bytesOf(bench.chunks))
			c := newConverter(bench.logs, bench.metrics, bench.clients)
			gc := machine.MeasureGC()
			for b.Loop() {
				for _, chunk := range bench.chunks {
					c.chunk(b, chunk)
				}
			}
			b.ReportMetric(gc(), machine.GCUnit)
			reportRecords(b)
		})
	}
}

func bytesOf(chunks []string) (n int64) {
	for _, c := range chunks {
		n += int64(len(c))
	}
	return n
}

// newConverter returns a worker of an engine that is not running.
func newConverter(logs, metrics bool, clients Clients) *converter {
	parts := Parts{Instruments: noInstruments(), Clients: clients, Progress: checkpoint.InMemory(), Log: zap.NewNop()}
	if logs {
		parts.Converter = otlplogs.NewConverter(otlplogs.Options{
			ServiceName: "s3_access_logs", Original: otlplogs.OriginalOnError, TraceParameter: "x-traceparent", MaxRecordSize: 3 << 20,
		})
	}
	c := &converter{}
	if metrics {
		known := rollup.Deps{ServiceName: "s3_access_logs", Geo: clients != nil, Threats: clients != nil}
		parts.Metrics = rollup.New(countingSettings(false), known, time.Now())
		c.counter = parts.Metrics.NewCounter()
	}
	c.engine = New(testConfig(), parts)
	return c
}

// chunk does with a chunk what happens to it until its batch is delivered.
func (c *converter) chunk(tb testing.TB, text string) {
	p := newPiece(&object{work: &source.Work{}}, lines.Chunk{Text: text, End: int64(len(text))})
	c.piece(p)
	for _, s := range p.segments {
		if s.delta != nil {
			c.engine.parts.Metrics.Add(s.delta)
			c.engine.parts.Metrics.Change(time.Now())
			require.NoError(tb, c.engine.parts.Metrics.Committed())
		}
		if s.logs != nil {
			_ = s.logs.Logs()
		}
	}
}

// known looks clients up as the receiver does.
type known struct {
	places  *geo.DB
	threats *threat.Indicators
}

func (k known) Lookup(address string, now int64) (c enrich.Client) {
	addr, ok := enrich.ParseAddr(address)
	if ok {
		c.Place, c.Threat = k.places.Lookup(addr), k.threats.Lookup(addr, now)
	}
	return c
}

// newKnown opens the sample database and feed, with a second database that knows
// every /18 of 20.0.0.0/8, so that strangers are found too.
func newKnown(b *testing.B) known {
	b.Helper()
	databases := []string{"../../testdata/geo/sample.mmdb", "../enrich/geo/testdata/bench/clients.mmdb"}
	places, err := geo.Open(geo.Config{Databases: databases, ReloadInterval: time.Hour}, geo.Deps{})
	require.NoError(b, err)
	b.Cleanup(places.Close)
	<-places.Ready()
	require.Len(b, places.Databases(), 2)
	threats, err := threat.New(threat.Config{}, []threat.Feed{{FeedConfig: threat.FeedConfig{Name: "sample", Path: "../../testdata/feeds/sample.json", Confidence: 50}}}, threat.Deps{})
	require.NoError(b, err)
	b.Cleanup(threats.Close)
	threats.Load(b.Context())
	return known{places, threats}
}
