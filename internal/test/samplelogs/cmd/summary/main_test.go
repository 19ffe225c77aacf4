package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// exported is what the file exporter writes for two records and a bad line.
const exported = `{"resourceLogs":[{"resource":{"attributes":[{"key":"aws.s3.bucket","value":{"stringValue":"b"}}]},"scopeLogs":[{"logRecords":[` +
	`{"timeUnixNano":"1794182400000000000","severityNumber":9,"severityText":"INFO","eventName":"aws.s3.server_access","attributes":[{"key":"aws.s3.operation","value":{"stringValue":"REST.GET.OBJECT"}},{"key":"http.response.status_code","value":{"intValue":"200"}},{"key":"user_agent.original","value":{"stringValue":"red\u001b[31m"}}]},` +
	`{"timeUnixNano":"1794182401000000000","eventName":"aws.s3.server_access","attributes":[{"key":"aws.s3.operation","value":{"stringValue":"REST.GET.OBJECT"}}]}]}]}]}
{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"aws.s3.server_access.malformed","attributes":[{"key":"aws.s3.parse_error","value":{"stringValue":"no time"}}]}]}]}]}
`

// emitted are two emissions; the last one has two requests.
const emitted = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"aws.s3.server.requests","unit":"{request}","sum":{"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"2","asInt":"1"}]}}]}]}]}
{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"aws.s3.server.requests","unit":"{request}","sum":{"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"1","asInt":"0"},{"startTimeUnixNano":"1","timeUnixNano":"3","asInt":"REQUESTS"}]}},` +
	`{"name":"aws.s3.server.request.duration","unit":"s","histogram":{"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"3","count":"2","sum":0.5}]}}]}]}]}
`

func TestSummaryFailsWhenRequestsAreMissing(t *testing.T) {
	_, err := summarizeWith(t, "a\nb\n\nc", strings.ReplaceAll(emitted, "REQUESTS", "1"))
	assert.ErrorContains(t, err, "2 records came out")
}

func TestSummaryCountsRecordsAndShowsOne(t *testing.T) {
	page, err := summarize(t, "a\nb\n\nc")
	require.NoError(t, err)
	for _, want := range []string{
		"2 objects (1 of them gzip)", "3 lines", "2 records", "1 malformed", "REST.GET.OBJECT", "no time",
		"1 series  2 {request}", "1 series  2 requests, 250 ms on average",
		"http.response.status_code        200", "red.[31m", "2026-11-09T",
	} {
		assert.Contains(t, page, want)
	}
}

func TestSummaryFailsWhenRecordsAreMissing(t *testing.T) {
	_, err := summarize(t, "a\nb\nc\nd\n")
	assert.EqualError(t, err, "the objects hold 4 lines, the collector gave 2 records and 1 malformed ones")
}

func TestSummaryFailsOnOutputThatWasCutOff(t *testing.T) {
	file := filepath.Join(t.TempDir(), "records.jsonl")
	require.NoError(t, os.WriteFile(file, []byte(exported[:100]), 0o600))
	_, err := readRecords(file)
	assert.ErrorContains(t, err, file)
}

// summarize runs the command over a directory with this text in one object and
// an empty one.
func summarize(t *testing.T, text string) (string, error) {
	t.Helper()
	return summarizeWith(t, text, strings.ReplaceAll(emitted, "REQUESTS", "2"))
}

func summarizeWith(t *testing.T, text, metrics string) (string, error) {
	t.Helper()
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "records.jsonl")
	packed := samplelogs.Object{Lines: strings.Split(text, "\n"), Gzip: true}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "one.gz"), packed.Stored(), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600))
	require.NoError(t, os.WriteFile(out, []byte(exported), 0o600))
	sums := filepath.Join(t.TempDir(), "metrics.jsonl")
	require.NoError(t, os.WriteFile(sums, []byte(metrics), 0o600))
	var page bytes.Buffer
	err := run(&page, dir, out, sums)
	return page.String(), err
}
