package servers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
)

const (
	shortest = 10 * time.Second // visibility that the queue source takes
	event    = `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%d","size":7}}}]}`
)

// outcomes counts what became of messages.
type outcomes struct {
	mu sync.Mutex
	n  map[queue.MessageOutcome]int
}

func (o *outcomes) count(outcome queue.MessageOutcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.n[outcome]++
}

func (o *outcomes) of(outcome queue.MessageOutcome) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.n[outcome]
}

// fauxqs is the second opinion on the SQS of this project: a server by others,
// whose clock cannot be moved.
func TestServersFauxqsAgrees(t *testing.T) {
	faux := fauxqs{t, Fauxqs(t)}
	name := fmt.Sprint("logs-", time.Now().UnixNano())
	faux.create(name+"-dead", "")
	url := faux.create(name, `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:`+name+`-dead","maxReceiveCount":"3"}`)
	const n = 100
	for i := range n {
		faux.call("SendMessage", map[string]any{"QueueUrl": url, "MessageBody": fmt.Sprintf(event, i)})
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	q, err := s3io.NewQueue(t.Context(), url, s3io.Config{})
	require.NoError(t, err)
	t.Cleanup(q.Close)
	receives, err := q.MaxReceives(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, receives)

	seen := &outcomes{n: map[queue.MessageOutcome]int{}}
	ctx, stop := context.WithCancel(t.Context())
	src, err := queue.New(ctx, queue.Config{URL: url, VisibilityTimeout: shortest, WaitTime: time.Second}, queue.Deps{
		SQS: q, Progress: checkpoint.InMemory(),
		Room: func() int { return 30 }, Hooks: queue.Hooks{Message: seen.count},
	})
	require.NoError(t, err)
	works := map[string]*source.Work{}
	for range n {
		w, err := src.Next(t.Context())
		require.NoError(t, err)
		works[w.Object.Key] = w
	}
	require.Len(t, works, n)
	time.Sleep(shortest + 2*time.Second)
	assert.Equal(t, "0 visible, 100 in flight", faux.counts(url), "renewed")

	stop()
	works["0"].Receipt.Nack(0, true)
	delete(works, "0")
	for _, w := range works {
		w.Receipt.Ack()
	}
	require.NoError(t, src.Close())
	assert.Equal(t, "1 visible, 0 in flight", faux.counts(url), "deleted but the one")
	assert.Equal(t, n-1, seen.of(queue.Deleted))
	assert.Equal(t, 1, seen.of(queue.Returned))
	assert.Zero(t, seen.of(queue.Redelivered))

	absent, err := s3io.NewQueue(t.Context(), url+"-absent", s3io.Config{})
	require.NoError(t, err)
	t.Cleanup(absent.Close)
	_, err = absent.Receive(t.Context(), s3io.Receive{Max: 1, Visibility: time.Minute})
	require.ErrorIs(t, err, s3io.ErrNoSuchQueue)
}

type fauxqs struct {
	t        *testing.T
	endpoint string
}

// create makes a queue and returns its address.
func (f fauxqs) create(name, redrivePolicy string) string {
	attributes := map[string]string{}
	if redrivePolicy != "" {
		attributes["RedrivePolicy"] = redrivePolicy
	}
	out := f.call("CreateQueue", map[string]any{"QueueName": name, "Attributes": attributes})
	return fmt.Sprint(out["QueueUrl"])
}

func (f fauxqs) counts(url string) string {
	out := f.call("GetQueueAttributes", map[string]any{"QueueUrl": url, "AttributeNames": []string{"All"}})
	a := out["Attributes"].(map[string]any)
	return fmt.Sprintf("%v visible, %v in flight", a["ApproximateNumberOfMessages"], a["ApproximateNumberOfMessagesNotVisible"])
}

func (f fauxqs) call(action string, in map[string]any) (out map[string]any) {
	f.t.Helper()
	body, err := json.Marshal(in)
	require.NoError(f.t, err)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, f.endpoint, strings.NewReader(string(body)))
	require.NoError(f.t, err)
	req.Close = true
	req.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(f.t, err)
	defer resp.Body.Close()
	require.Equal(f.t, http.StatusOK, resp.StatusCode)
	require.NoError(f.t, json.NewDecoder(resp.Body).Decode(&out))
	return out
}
