package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

// No Loki runs here: what it would be sent is compared with the lines, at the paths and
// with the headers that its documentation names.
func TestExamplesOfLoki(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(109, 40, 2, 500)
	for example, counts := range map[string]bool{"loki.yaml": false, "loki-and-prometheus.yaml": true, "dashboards.yaml": true} {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			s := newExampleSink(t, "")
			c.runToEnd(t, example, bucketExample(t, c, "LOKI_URL="+s.http, "PROMETHEUS_URL="+s.http, "SSL_CERT_FILE="+s.caFile,
				"GEO_DATABASE="+absolute(t, sampleGeo), "THREAT_FEED="+absolute(t, sampleFeed)))
			paths := []string{"/otlp/v1/logs"}
			if counts {
				paths = append(paths, "/api/v1/otlp/v1/metrics")
				assert.EqualValues(t, len(c.want), s.requests())
			}
			assert.ElementsMatch(t, paths, slices.Collect(maps.Keys(s.headers)))
			assert.Equal(t, "application/x-protobuf", s.headers["/otlp/v1/logs"].Get("Content-Type"))
			if example == "loki.yaml" {
				assert.Equal(t, "default", s.headers["/otlp/v1/logs"].Get("X-Scope-OrgID"))
			}
			s.assertRecords(t, c.want)
			s.assertLines(t, c)
		})
	}
}

// assertLines compares the bodies with the lines, and what Loki makes labels and
// structured metadata of with the fields.
func (s *exampleSink) assertLines(t *testing.T, c *corpus) {
	t.Helper()
	lines := map[string]accesslog.Record{}
	for _, text := range c.objects {
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			var r accesslog.Record
			require.NoError(t, accesslog.Parse(line, &r))
			lines[line] = r
		}
	}
	same, redacted := 0, 0
	for _, logs := range s.logs {
		for _, rl := range logs.ResourceLogs().All() {
			resource := rl.Resource().Attributes().AsRaw()
			assert.Equal(t, "s3_access_logs", resource["service.name"])
			for _, sl := range rl.ScopeLogs().All() {
				for _, record := range sl.LogRecords().All() {
					r, found := lines[record.Body().Str()]
					if !found {
						assert.Contains(t, record.Body().Str(), "REDACTED")
						redacted++
						continue
					}
					assertFields(t, &r, resource, record)
					same++
				}
			}
		}
	}
	assert.Equal(t, len(c.want), same+redacted)
	assert.Greater(t, same, redacted)
}

func assertFields(t *testing.T, r *accesslog.Record, resource map[string]any, record plog.LogRecord) {
	t.Helper()
	attributes := record.Attributes().AsRaw()
	assert.Equal(t, r.Bucket, resource["aws.s3.bucket"])
	for name, value := range map[string]string{"aws.s3.operation": r.Operation, "client.address": r.RemoteIP, "user_agent.original": r.UserAgent} {
		if value != "" {
			assert.Equal(t, value, attributes[name])
		}
	}
	if r.Status != accesslog.Absent {
		assert.EqualValues(t, r.Status, attributes["http.response.status_code"])
	}
	assert.EqualValues(t, r.Time, record.Timestamp().AsTime().Unix())
	assert.Equal(t, "aws.s3.server_access", record.EventName())
}

// The times between which all records are.
var (
	longAgo = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	farOff  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

func TestServersExampleOfVictoriaLogs(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(110, 40, 2, 500)
	victoria := servers.VictoriaLogs(t)
	c.runToEnd(t, "victorialogs.yaml", bucketExample(t, c, "VICTORIALOGS_URL="+victoria.URL()))
	got, failed := uids{}, 0
	for _, row := range victoria.Query(t, `{service.name="s3_access_logs",event_name="aws.s3.server_access",aws.s3.bucket!=""}`, longAgo, farOff) {
		got[row["log.record.uid"]]++
		if row["http.response.status_code"] >= "400" {
			failed++
		}
		assert.Contains(t, row["_msg"], row["aws.request_id"], "the line")
	}
	assertSame(t, c.want, got)

	// The queries in the example's comments.
	text, err := os.ReadFile(filepath.Join(examplesDir, "victorialogs.yaml"))
	require.NoError(t, err)
	queries := regexp.MustCompile(`(?m)^#.* (\{service.name=.*)$`).FindAllStringSubmatch(string(text), -1)
	require.Len(t, queries, 2)
	assert.Positive(t, failed)
	assert.Len(t, victoria.Query(t, queries[0][1], longAgo, farOff), failed)
	assert.Equal(t, []servers.Row{{"count(*)": strconv.Itoa(len(c.want))}}, victoria.Query(t, queries[1][1], longAgo, farOff))
}

// The sample week, weeks and years later: as many records as lines, each at the time of
// its request.
func TestServersBackfillOfVictoriaLogs(t *testing.T) {
	t.Parallel()
	program(t)
	week := &shown{objects: map[string][]byte{}}
	week.readSamples(t)
	wanted, hours, lines := uids{}, map[string]string{}, 0
	perHour := map[time.Time]int{}
	for _, stored := range week.objects {
		text, err := samplelogs.ReadText(stored)
		require.NoError(t, err)
		wanted.add(text)
		lines += linesOf(text)
		eachRecord(text, func(r *accesslog.Record) { perHour[time.Unix(r.Time, 0).UTC().Truncate(time.Hour)]++ })
	}
	for hour, n := range perHour {
		hours[hour.Format(time.RFC3339)] = strconv.Itoa(n)
	}
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	put(t, server, "logs", week.objects)
	victoria := servers.VictoriaLogs(t)
	running := startExample(t, "victorialogs.yaml", exampleAt(t, server, "VICTORIALOGS_URL="+victoria.URL()))
	running.settled(t, time.Minute, "ok", len(week.objects))
	running.stop(t, 20*time.Second)

	count := func(logsql string) string {
		rows := victoria.Query(t, logsql+" | stats count() n", longAgo, farOff)
		require.Len(t, rows, 1)
		return rows[0]["n"]
	}
	assert.Equal(t, strconv.Itoa(lines), count("*"))
	assert.Equal(t, strconv.Itoa(week.malformed), count(`{event_name="aws.s3.server_access.malformed"}`))
	got, gotHours := uids{}, map[string]string{}
	for _, row := range victoria.Query(t, "* | stats by (log.record.uid) count() n", longAgo, farOff) {
		n, err := strconv.Atoi(row["n"])
		require.NoError(t, err)
		got[row["log.record.uid"]] = n
	}
	assertSame(t, wanted, got)
	for _, row := range victoria.Query(t, `{event_name="aws.s3.server_access"} | stats by (_time:1h) count() n`, longAgo, farOff) {
		gotHours[row["_time"]] = row["n"]
	}
	assert.Equal(t, hours, gotHours)
	t.Logf("%d lines in %d objects, %d hours", lines, len(week.objects), len(hours))
}
