package s3accesslogsreceiver

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func text(records []string) []byte { return []byte(strings.Join(records, "\n") + "\n") }

// isGet tells a GET of an object from a list.
func isGet(r *http.Request) bool {
	return r.Method == http.MethodGet && !r.URL.Query().Has("list-type")
}

func startS3(t *testing.T) *s3test.Server {
	t.Helper()
	server := s3test.Start(t)
	server.SetEnv(t)
	server.CreateBucket(t, "logs")
	return server
}

func startQueue(t *testing.T) (*fakesqs.Server, *fakesqs.Queue) {
	t.Helper()
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	return sqs, sqs.CreateQueue("access-logs", fakesqs.Settings{})
}

func startupQueue(endpoint, queueURL string) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.AWS = s3io.Config{Endpoint: endpoint, ForcePathStyle: true}
	cfg.Queue = configoptional.Some(queue.Config{
		URL: queueURL, VisibilityTimeout: 10 * time.Second, WaitTime: time.Second, Remember: time.Hour,
	})
	return cfg
}

// notification is S3's about startupKey.
func notification(etag string) string {
	return fmt.Sprintf(`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":%q,"eTag":%q}}}]}`, startupKey, etag)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, waitLimit, 20*time.Millisecond, what)
}

func counted(t *testing.T, tel *componenttest.Telemetry, name string, n int64) func() bool {
	return func() bool { return readTelemetry(t, tel)[name] >= n }
}

func TestObjectOverwrittenBetweenListAndGet(t *testing.T) {
	server := startS3(t)
	records := samplelogs.Records(71, 60)
	server.Put(t, "logs", startupKey, text(records[:20]))
	var lists atomic.Int64
	overwrite := sync.OnceFunc(func() { server.Put(t, "logs", startupKey, text(records[20:])) })
	url := interpose(t, server.Endpoint, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if isGet(r) {
			overwrite()
		} else {
			lists.Add(1)
		}
		pass.ServeHTTP(w, r)
	})
	sink := new(consumertest.LogsSink)
	tel, _ := startMeasured(t, startupBucket(url, "logs"), sink)
	eventually(t, "the new version", counted(t, tel, "objects ok", 1))
	polled := lists.Load()
	eventually(t, "further polls", func() bool { return lists.Load() >= polled+3 })
	assert.Equal(t, uidsOf(records[20:]...), uids(sink.AllLogs()))
	got := readTelemetry(t, tel)
	assert.EqualValues(t, 1, got["objects ok"])
	assert.Zero(t, got["objects gone"])
	assert.EqualValues(t, 1, got["api.requests s3.get ok"])
	eventually(t, "the count of all lists, second looks as well", func() bool {
		return readTelemetry(t, tel)["api.requests s3.list ok"] == lists.Load()
	})
}

// Offsets of the old version mean nothing in the new one, which is read from its
// beginning; what was delivered of the old one stands.
func TestObjectOverwrittenWhileItIsRead(t *testing.T) {
	server := startS3(t)
	before, after := samplelogs.Records(72, 6000), samplelogs.Records(73, 4000)
	server.Put(t, "logs", startupKey, text(before))
	var begun atomic.Bool
	url := interpose(t, server.Endpoint, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if !isGet(r) || begun.Swap(true) {
			pass.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		pass.ServeHTTP(answer, r)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
		server.Put(t, "logs", startupKey, text(after))
		panic(http.ErrAbortHandler) // breaks the connection
	})
	sink := new(consumertest.LogsSink)
	tel, r := startMeasured(t, startupBucket(url, "logs"), sink)
	eventually(t, "the new version", counted(t, tel, "objects ok", 1))
	got := uids(sink.AllLogs())
	for uid := range uidsOf(after...) {
		require.Equal(t, 1, got[uid])
		delete(got, uid)
	}
	assert.Greater(t, len(got), 1000, "of the old version")
	old := uidsOf(before...)
	for uid, n := range got {
		require.Equal(t, 1, n)
		require.Equal(t, 1, old[uid])
	}
	assert.Zero(t, readTelemetry(t, tel)["records malformed"])
	assert.Contains(t, r.awaitLogged(t, "object was overwritten")["object"], startupKey)
}

func TestNotifiedObjectThatWasOverwritten(t *testing.T) {
	server := startS3(t)
	records := samplelogs.Records(74, 60)
	old := server.Put(t, "logs", startupKey, text(records[:20]))
	now := server.Put(t, "logs", startupKey, text(records[20:]))
	_, remote := startQueue(t)
	remote.Send(notification(old))
	sink := new(consumertest.LogsSink)
	tel, _ := startMeasured(t, startupQueue(server.Endpoint, remote.URL()), sink)
	eventually(t, "the new version", counted(t, tel, "queue.messages deleted", 1))
	assert.Zero(t, readTelemetry(t, tel)["objects already_done"])
	remote.Send(notification(now))
	remote.Send(notification(old))
	eventually(t, "the later notifications", counted(t, tel, "queue.messages deleted", 3))
	got := readTelemetry(t, tel)
	assert.EqualValues(t, 1, got["objects ok"])
	assert.EqualValues(t, 2, got["objects already_done"])
	assert.Zero(t, got["objects gone"])
	assert.Zero(t, got["queue.messages returned"])
	assert.EqualValues(t, 2, got["api.requests s3.list ok"])
	assert.Equal(t, uidsOf(records[20:]...), uids(sink.AllLogs()))
}

// The two notifications of an object that was overwritten at once come together.
func TestBothNotificationsOfAnOverwrittenObject(t *testing.T) {
	server := startS3(t)
	records := samplelogs.Records(75, 60)
	_, queue := startQueue(t)
	queue.Send(notification(server.Put(t, "logs", startupKey, text(records[:20]))))
	queue.Send(notification(server.Put(t, "logs", startupKey, text(records[20:]))))
	sink := new(consumertest.LogsSink)
	tel, _ := startMeasured(t, startupQueue(server.Endpoint, queue.URL()), sink)
	eventually(t, "both messages", counted(t, tel, "queue.messages deleted", 2))
	assert.Equal(t, uidsOf(records[20:]...), uids(sink.AllLogs()))
}

// pages answers like a proxy that wants one to sign in, while it is set.
type pages struct {
	on    atomic.Bool
	shown atomic.Int64
}

func (p *pages) serve(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	if r.URL.Query().Has("list-type") || !p.on.Load() {
		pass.ServeHTTP(w, r)
		return
	}
	p.shown.Add(1)
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("ETag", `"of the page"`)
	_, _ = io.WriteString(w, strings.Repeat("<p>Please sign in.</p>\n", 40))
}

func TestPagesAreNoObjects(t *testing.T) {
	server := startS3(t)
	records := samplelogs.Records(76, 40)
	etag := server.Put(t, "logs", startupKey, text(records))
	says := []string{
		"reading objects: storage is out of reach: s3://logs/" + startupKey, `the answer has ETag "of the page" instead of "` + etag + `"`,
		"what answered does not speak S3: check aws.endpoint and proxies",
	}
	t.Run("bucket", func(t *testing.T) {
		p := &pages{}
		p.on.Store(true)
		sink := new(consumertest.LogsSink)
		cfg := startupBucket(interpose(t, server.Endpoint, p.serve), "logs")
		r := startNamed(t, "pages", cfg, sink)
		r.awaitTrouble(t, says...)
		assert.Zero(t, sink.LogRecordCount())
		p.on.Store(false)
		r.awaitRecovery(t, sink, records)
	})
	t.Run("queue", func(t *testing.T) {
		p := &pages{}
		p.on.Store(true)
		sqs, queue := startQueue(t)
		queue.Send(notification(etag))
		sink := new(consumertest.LogsSink)
		r := startNamed(t, "pages-of-a-queue", startupQueue(interpose(t, server.Endpoint, p.serve), queue.URL()), sink)
		r.awaitTrouble(t, says...)
		assert.Zero(t, sink.LogRecordCount())
		p.on.Store(false)
		eventually(t, "the returned message", func() bool { return queue.Stats().Changes > 0 })
		assert.Zero(t, queue.Stats().Deleted)
		sqs.Advance(time.Minute)
		r.awaitRecovery(t, sink, records)
		eventually(t, "the deleted message", func() bool { return queue.Stats().Deleted == 1 })
	})
}
