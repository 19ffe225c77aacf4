package s3accesslogsreceiver

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// What a queue's redrive policy takes away, what is no log and what is no notification
// is in the log and counted, each once.
func TestTheQueueTellsWhatItCouldNotRead(t *testing.T) {
	server := s3test.Start(t)
	server.SetEnv(t)
	server.CreateBucket(t, "logs")
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	dead := sqs.CreateQueue("dead", fakesqs.Settings{})
	remote := sqs.CreateQueue("access-logs.fifo", fakesqs.Settings{MaxReceives: 4, DeadLetter: dead})
	event := func(key string) string {
		return `{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"` + key + `"}}}`
	}
	for key, content := range map[string]string{
		"good": strings.Join(samplelogs.Records(5, 10), "\n") + "\n", "corrupt": "\x1f\x8bno gzip", "trail": `{"Records":[{"eventVersion":"1.08"}]}`,
	} {
		server.Put(t, "logs", key, []byte(content))
		remote.Send(`{"Records":[` + event(key) + `]}`)
	}
	remote.Send(`{"Records":[{},` + event("good") + `]}`)
	for range 3 {
		remote.Send("hello")
	}

	cfg := createDefaultConfig().(*Config)
	cfg.AWS = s3io.Config{Endpoint: server.Endpoint, ForcePathStyle: true}
	cfg.Queue = configoptional.Some(queue.Config{URL: remote.URL(), VisibilityTimeout: 10 * time.Second, WaitTime: time.Second, Remember: time.Hour})
	tel, r := startMeasured(t, cfg, new(consumertest.LogsSink))
	most := int64(0)
	require.Eventually(t, func() bool {
		most = max(most, readTelemetry(t, tel)["queue.messages.waiting"])
		sqs.Advance(3 * time.Minute)
		return len(dead.Bodies()) == 5
	}, waitLimit, 300*time.Millisecond)

	got := readTelemetry(t, tel)
	assert.Positive(t, most, "the message of the corrupt object waited")
	for outcome, want := range map[string]int64{"ok": 1, "corrupt": 1, "not_a_log": 1} {
		assert.Equal(t, want, got["objects "+outcome], outcome)
	}
	left := r.logged.FilterMessageSnippet("left to the queue's redrive policy, the records before the fault stand: s3://logs/corrupt").All()
	require.Len(t, left, 1)
	assert.Equal(t, "corrupt", left[0].ContextMap()["outcome"])
	assert.Contains(t, left[0].ContextMap()["error"], "compressed data is corrupt")
	assert.Equal(t, 1, r.logged.FilterMessageSnippet("s3://logs/trail holds no access log: set the notification's prefix or key_pattern").Len())
	const unknown = "left to the queue's redrive policy: not a notification of Amazon S3: "
	assert.Equal(t, 1, r.logged.FilterMessageSnippet(unknown+"Records that are not those of S3").Len())
	assert.Equal(t, 1, r.logged.FilterMessageSnippet(unknown+"not JSON").Len(), "the others within the minute are counted")
	assert.Equal(t, 1, r.logged.FilterMessageSnippet("FIFO queue").Len())
	assert.Equal(t, 1, r.logged.FilterMessageSnippet("`storage` is not set: a restart loses counts").Len())
	assert.Equal(t, 1, r.logged.FilterMessageSnippet("; set it to the id of a storage extension, such as file_storage").Len())
	require.NoError(t, r.Shutdown(context.Background()))
}

func TestEachSourceHasItsWordsForMissingStorageAndForeignObjects(t *testing.T) {
	texts := map[string]string{}
	for name, cfg := range map[string]*Config{
		"queue":     {Queue: configoptional.Some(queue.DefaultConfig())},
		"bucket":    {Bucket: configoptional.Some(fleet.DefaultConfig())},
		"directory": {Directory: configoptional.Some(directory.Config{})},
	} {
		texts[name] = cfg.lostWithoutStorage() + "\n" + cfg.notALogHint()
	}
	assert.NotContains(t, texts["queue"], "start_from")
	assert.Contains(t, texts["queue"], "loses counts")
	assert.Contains(t, texts["bucket"], "start_from: latest")
	assert.Contains(t, texts["bucket"], "set bucket.prefix")
	assert.Contains(t, texts["directory"], "set directory.path")
	assert.Len(t, texts, 3, fmt.Sprint(texts))
}
