package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// TestSessions writes the page of sessions anew, E2E_SESSIONS: what the built collector logs
// over a backfill, and over a back end that goes and comes. `make sessions` runs it.
func TestSessions(t *testing.T) {
	page := os.Getenv("E2E_SESSIONS")
	if page == "" {
		t.Skip("writes a page: run make sessions")
	}
	program(t)
	server := s3test.Start(t)
	server.CreateBucket(t, "my-log-bucket")
	begin := time.Now().UTC().Truncate(24 * time.Hour).Add(-6 * 24 * time.Hour)
	records := samplelogs.Records(7, 100)
	const objects = 3000
	bodies := map[string][]byte{}
	for i := range objects {
		at := begin.Add(time.Duration(i) * 6 * 24 * time.Hour / objects)
		bodies[fmt.Sprintf("access/%s-%016X", at.Format("2006-01-02-15-04-05"), i)] = joined(records)
	}
	put(t, server, "my-log-bucket", bodies)
	slow := newDoor(t, server.Endpoint, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		time.Sleep(50 * time.Millisecond)
		next.ServeHTTP(w, r)
	})
	var away atomic.Bool
	backEnd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if away.Load() {
			http.Error(w, "", http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(backEnd.Close)
	storage := t.TempDir()
	c := start(t, setup{
		receivers: "s3_access_logs: {bucket: {name: my-log-bucket, prefix: access/, start_from: earliest, poll_interval: 1s}, concurrency: 2, storage: file_storage, " +
			strings.TrimSpace(s3At(slow.URL)) + "}",
		exporters:  "otlp_http: {endpoint: \"" + backEnd.URL + "\", sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}",
		extensions: "file_storage: {directory: " + storage + "}",
		env:        server.Env,
	})
	c.logged(t, 3*time.Minute, "caught up: ")
	backfill := len(c.log(t))

	away.Store(true)
	server.Put(t, "my-log-bucket", "access/"+time.Now().UTC().Format("2006-01-02-15-04-05")+"-0123456789ABCDEF", joined(records))
	c.logged(t, time.Minute, "reading has stopped")
	away.Store(false)
	c.logged(t, time.Minute, "the back end accepts again")
	c.until(t, time.Minute, "the object is read", func() bool { return c.objects(t, "ok") == objects+1 })
	c.stop(t, 15*time.Second)
	text := c.log(t)

	local := strings.NewReplacer(slow.URL, "https://s3.eu-west-1.amazonaws.com", backEnd.URL, "https://otlp.example.com")
	session := func(log string) string { return local.Replace(sessionOf(log)) }
	require.NoError(t, os.WriteFile(page, []byte(fmt.Sprintf(sessionPage, objects, session(text[:backfill]), session(text[backfill:]))), 0o644))
}

var (
	fieldsOfEvery = regexp.MustCompile(`"otelcol\.component\.id": "s3_access_logs", "otelcol\.component\.kind": "receiver", "otelcol\.signal": "logs"(, )?`)
	callers       = regexp.MustCompile(`\t[a-z0-9@./_]+\.go:\d+\t`)
)

// sessionOf returns the receiver's lines of a log, without what is the same in all of them.
func sessionOf(log string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `"otelcol.component.id": "s3_access_logs"`) {
			continue
		}
		line = callers.ReplaceAllString(withoutResource(line), " ")
		line = fieldsOfEvery.ReplaceAllString(line, "")
		line = strings.ReplaceAll(strings.ReplaceAll(line, "\t{}", ""), "\t", " ")
		b.WriteString(line)
	}
	return strings.TrimSpace(b.String())
}

const sessionPage = "# Two sessions\n" + `
What the built collector logs, as ` + "`make sessions`" + ` wrote it here: the lines of the receiver,
without the fields that are the same in each; the addresses of the test's servers are
replaced.

## A backfill

A bucket with %d log objects of 100 records, delivered over the last week (the requests in
them are of 9 November). So that there is something to see, each answer of S3 takes 50 ms
and only two objects are read at a time.

` + "```yaml" + `
receivers:
  s3_access_logs:
    bucket: {name: my-log-bucket, prefix: access/, start_from: earliest, poll_interval: 1s}
    concurrency: 2
    storage: file_storage
` + "```\n\n```" + `
%s
` + "```" + `

## A back end that goes and comes

The same collector, a moment later. The back end answers 503, an object arrives, and after
the receiver has said that reading has stopped the back end is back. Then SIGTERM.

` + "```" + `
%s
` + "```\n"
