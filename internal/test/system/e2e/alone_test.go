package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// A pipeline of metrics alone counts the same, and not a single log record is
// anywhere.
func TestMetricsAlone(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(94, 100, 6, 1000)
	for kind, makeFeed := range feeds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := newFollowing(t, makeFeed(t, c))
			f.signals = []string{"metrics"}
			for range 2 { // the second finds nothing to do, and says the same
				collector := f.start(t)
				collector.ready(t)
				collector.until(t, time.Minute, "end of work", func() bool { return f.looked(t, collector) })
				for _, name := range []string{
					"otelcol_receiver_accepted_log_records", "otelcol_receiver_refused_log_records",
					"otelcol_exporter_sent_log_records", batchesMetric,
				} {
					assert.Zero(t, collector.metric(t, name, ""), name)
				}
				collector.stop(t, 15*time.Second)
				f.back.metrics.assertAll(t, c.sums, 1)
			}
			_, twice := f.back.figures()
			assert.Zero(t, f.back.distinct()+twice+f.back.requests, "there is no pipeline of logs")
			t.Logf("%s: %d records, no log record; %v", kind, len(c.want), f.back.metrics)
		})
	}
}

// maxSeries is the limit of what the process may take when every record is a
// new series, bytes. Peak RSS counts the pages of the program's own file too, some
// 40 MB.
const maxSeries = 200e6

// Clients that send another method, key and User-Agent with each request make
// series until the limit, and from there on one. None of the requests is lost.
func TestMemoryOfManyClients(t *testing.T) {
	program(t)
	n := 100_000
	_, _, full := sizes(t)
	if full {
		n = 1_000_000
	}
	beside(t, full)
	dir, back := t.TempDir(), newBack(t)
	want := manyClients(t, filepath.Join(dir, "2026-11-09-00-00-00-0000000000000000"), n)
	c := start(t, setup{
		receivers: "s3_access_logs: {directory: {path: " + dir + "}, metrics: {interval: 1s, cardinality_limit: 10000,\n" +
			"  aws.s3.server.requests: {attributes: [aws.s3.bucket, http.request.method, user_agent.original]}}}",
		exporters: otlpExporter(back.addr),
		signals:   []string{"metrics"},
		noMetrics: true,
	})
	begin := time.Now()
	c.readToEnd(t, 3*time.Minute)
	took := time.Since(begin)
	c.stop(t, 15*time.Second)
	assert.Less(t, c.memory.done().peak, int64(maxSeries))

	got, known, overflow := back.metrics.sums(), 0, int64(0)
	assert.EqualValues(t, n, got.records())
	for of, one := range got {
		switch {
		case of.metric != requestsName:
		case of.others == "otel.metric.overflow=true":
			overflow = one.total
		default:
			known++
			assert.Contains(t, of.others, "http.request.method=_OTHER")
		}
	}
	assert.Equal(t, 10_000, known)
	assert.EqualValues(t, n-10_000, overflow)
	for _, s := range []sums{got, want} { // of the others all series are told apart
		maps.DeleteFunc(s, func(of series, _ sum) bool { return of.metric == requestsName })
	}
	assertSums(t, want, got)
	back.metrics.mu.Lock()
	defer back.metrics.mu.Unlock()
	assert.Empty(t, back.metrics.problems)
	t.Logf("%d records, each of another client, in %.1f s: %d series, and %d requests in that of the overflow; %v",
		n, took.Seconds(), known, overflow, c.memory)
}

// manyClients writes n records with methods, keys and User-Agents that come once
// each, and adds them up.
func manyClients(t testing.TB, path string, n int) (want sums) {
	t.Helper()
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	out := bufio.NewWriter(file)
	want = sums{}
	var pieces [][3]string // of a record, around its method and User-Agent
	for _, line := range samplelogs.Records(95, 1000) {
		before, rest, is := strings.Cut(line, ` "GET /`)
		uri, tail, isToo := strings.Cut(rest, `" "`)
		_, tail, isAll := strings.Cut(tail, `" `)
		if is && isToo && isAll {
			pieces = append(pieces, [3]string{before + ` "`, uri + `" "`, `" ` + tail})
		}
	}
	require.Greater(t, len(pieces), 100)
	var text bytes.Buffer
	for i := range n {
		p := pieces[i%len(pieces)]
		text.Reset()
		fmt.Fprintf(&text, "%sM%d /%d/%sclient/%d (%x)%s\n", p[0], i, i, p[1], i, i*i, p[2])
		want.merge(sumsOf(text.Bytes()))
		_, err := out.Write(text.Bytes())
		require.NoError(t, err)
	}
	require.NoError(t, out.Flush())
	return want
}
