package e2e

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/slowreader"
)

// Text, JSON, both in gzip, and objects of other servers, each with a receiver of its
// own, come out as a second reader of their lines counts them.
func TestEveryFormatIsCountedAsByTheSlowReader(t *testing.T) {
	t.Parallel()
	program(t)
	g := slowreader.NewGenerator(16)
	text := generated(3000, "aws", func() string { return g.Text().Text })
	json := generated(3000, "aws", g.JSON)
	ceph := generated(2000, "ceph", func() string { return g.Ceph().Text })
	obs := generated(2000, "obs", func() string { return g.OBS().Text })
	const name = "2026-11-09-00-00-00-000000000000000"
	objects := map[string]map[string][]byte{
		"aws": {
			name + "0":    joined(text[:2000]),
			name + "1":    joined(json[:2000]),
			name + "2.gz": gzipped(t, joined(alternating(text[2000:], json[2000:]))),
		},
		"ceph": {name + "0": joined(ceph)},
		"obs":  {name + "0": joined(obs)},
	}
	lines := map[string][]string{"aws": slices.Concat(text, json), "ceph": ceph, "obs": obs}

	want, wantSums := map[string]int{}, sums{}
	dir, back := t.TempDir(), newBack(t)
	var receivers strings.Builder
	for format, files := range objects {
		write(t, filepath.Join(dir, format), files)
		fmt.Fprintf(&receivers, "s3_access_logs/%s: {directory: {path: %s}, format: %s, metrics: {interval: 1s}}\n", format, filepath.Join(dir, format), format)
		for _, line := range lines[format] {
			countSlowly(format, line, want, wantSums)
		}
	}
	out := filepath.Join(dir, "out.jsonl")
	c := start(t, setup{
		receivers: receivers.String(),
		exporters: otlpExporter(back.addr) + "\nfile: {path: " + out + "}",
		signals:   []string{"logs", "metrics"},
	})
	c.until(t, time.Minute, "the end of all directories", func() bool {
		return strings.Count(c.log(t), "directory read to its end") == len(objects)
	})
	c.stop(t, 15*time.Second)

	got := map[string]int{}
	records(t, out, func(_ pcommon.Map, r plog.LogRecord) {
		operation, _ := r.Attributes().Get("aws.s3.operation")
		status, found := r.Attributes().Get("http.response.status_code")
		switch {
		case strings.HasSuffix(r.EventName(), ".malformed"):
			got["malformed"]++
		case found:
			got[fmt.Sprint(operation.Str(), " ", status.Int())]++
		default:
			got[fmt.Sprint(operation.Str(), " -1")]++
		}
	})
	assert.Equal(t, want, got)
	gotSums := back.metrics.sums()
	for _, s := range []sums{wantSums, gotSums} { // what the slow reader counts
		maps.DeleteFunc(s, func(of series, _ sum) bool { return of.metric != requestsName && of.metric != ioName })
	}
	assertSums(t, wantSums, gotSums)
	assert.NotEmpty(t, wantSums)
	t.Logf("%d malformed records, %d kinds of others, %d series", want["malformed"], len(want)-1, len(wantSums))
}

// generated returns n lines of a format that next makes, without line breaks, and
// without sizes whose sum is more than a counter holds.
func generated(n int, format string, next func() string) (lines []string) {
	large := func(one string) bool {
		r, _ := slowreader.Read(format, one)
		return max(r.BytesSent, r.ObjectSize) > 1e12
	}
	for len(lines) < n {
		if line := next(); !strings.ContainsAny(line, "\n\r\x00") && !slices.ContainsFunc(slowreader.Split(line), large) {
			lines = append(lines, line)
		}
	}
	return lines
}

// alternating returns the lines of a and b by turns.
func alternating(a, b []string) (lines []string) {
	for i := range a {
		lines = append(lines, a[i], b[i])
	}
	return lines
}

// countSlowly counts the records of a line, and adds up the metrics of those that
// are well-formed.
func countSlowly(format, line string, records map[string]int, s sums) {
	if strings.Trim(line, " ") == "" {
		return
	}
	for _, one := range slowreader.Split(line) {
		r, ok := slowreader.Read(format, one)
		if !ok {
			records["malformed"]++
			continue
		}
		records[fmt.Sprint(r.Operation, " ", r.Status)]++
		s.count(&accesslog.Record{
			Bucket: valid(r.Bucket), Operation: r.Operation, Status: int32(r.Status), ErrorCode: valid(r.ErrorCode),
			BytesSent: r.BytesSent, ObjectSize: r.ObjectSize, TotalTime: -1, TurnAroundTime: -1,
		})
	}
}

// valid returns s as attributes have it.
func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
