package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// Messages of 12,000 objects that are denied, as under a deleted key, come before those
// of 400 that can be read: none of these waits for them.
func TestDeniedObjectsOfAQueueHideNone(t *testing.T) {
	t.Parallel()
	program(t)
	for name, receives := range map[string]int{"no redrive policy": 0, "redrive policy": 10} {
		t.Run(name, func(t *testing.T) {
			const denied, readable = 12_000, 400
			text := samplelogs.Records(91, 10*readable)
			want := uids{}
			want.add(joined(text))
			var gets atomic.Int64
			s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				gets.Add(1)
				w.Header().Set("X-Amz-Request-Id", "0123456789ABCDEF")
				var i int
				if n, _ := fmt.Sscanf(r.URL.Path, "/logs/readable/%d", &i); n != 1 || r.Method != http.MethodGet {
					w.Header().Set("Content-Type", "application/xml")
					w.WriteHeader(http.StatusForbidden)
					_, _ = w.Write([]byte(`<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`))
					return
				}
				w.Header().Set("ETag", fmt.Sprintf(`"e%d"`, i))
				_, _ = w.Write(joined(text[10*i : 10*i+10]))
			}))
			t.Cleanup(s3.Close)
			sqs := fakesqs.Start()
			t.Cleanup(sqs.Close)
			queue := sqs.CreateQueue("logs", fakesqs.Settings{MaxReceives: receives, DeadLetter: sqs.CreateQueue("dead", fakesqs.Settings{})})
			send := func(key string, i int) {
				queue.Send(strings.NewReplacer("KEY", fmt.Sprint(key, i), "ETAG", fmt.Sprint("e", i)).Replace(
					`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"KEY","eTag":"ETAG"}}}]}`))
			}
			for i := range denied {
				send("denied/", i)
			}
			for i := range readable {
				send("readable/", i)
			}
			out := filepath.Join(t.TempDir(), "records.jsonl")
			c := start(t, setup{
				receivers: "s3_access_logs: {" + strings.Join([]string{
					fmt.Sprintf("aws: {endpoint: %q, force_path_style: true}", s3.URL),
					fmt.Sprintf("queue: {url: %q, visibility_timeout: 5m, wait_time: 1s}", queue.URL()),
				}, ", ") + "}",
				exporters: "file: {path: " + out + "}",
				env:       []string{"AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", "AWS_EC2_METADATA_DISABLED=true"},
			})
			begin := time.Now()
			c.settled(t, 2*time.Minute, "ok", readable)
			t.Log("read after", time.Since(begin), "and", gets.Load(), "GETs;", c.metric(t, "otelcol_receiver_s3_access_logs_queue_messages_waiting", ""), "messages wait")
			c.stop(t, 15*time.Second)
			assertSame(t, want, records(t, out, nil))
			assert.Contains(t, c.log(t), "reading objects: access denied: s3://logs/denied/")
		})
	}
}
