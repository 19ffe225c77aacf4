package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counter is where one of several collectors comes to a queue: it notes which
// messages the collector got and which ones it deleted.
type counter struct {
	mu      sync.Mutex // guards everything below
	given   map[string]time.Time
	bodies  map[string]string
	receipt map[string]string // message by receipt
	deleted map[string]bool
}

func newCounter() *counter {
	return &counter{
		given: map[string]time.Time{}, bodies: map[string]string{},
		receipt: map[string]string{}, deleted: map[string]bool{},
	}
}

// serve passes a call on, and notes what was called for and answered.
func (c *counter) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	text, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(text)))
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c.note(action, text, answer.Body.Bytes())
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (c *counter) note(action string, in, out []byte) {
	var called struct {
		Entries []struct{ ReceiptHandle string }
	}
	var answered struct {
		Messages []struct{ MessageId, ReceiptHandle, Body string }
	}
	_, _ = json.Unmarshal(in, &called), json.Unmarshal(out, &answered) // one that failed has neither
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range answered.Messages {
		c.given[m.MessageId], c.bodies[m.MessageId], c.receipt[m.ReceiptHandle] = time.Now(), m.Body, m.MessageId
	}
	if action == "DeleteMessageBatch" {
		for _, e := range called.Entries {
			c.deleted[c.receipt[e.ReceiptHandle]] = true
		}
	}
}

// held returns the messages, by id, that the collector got and did not delete.
func (c *counter) held() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := map[string]string{}
	for id, body := range c.bodies {
		if !c.deleted[id] {
			held[id] = body
		}
	}
	return held
}

// got tells when the collector got a message last.
func (c *counter) got(id string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.given[id]
}

// Three collectors share a queue, one dies. The others get what it held when its
// visibility is over. They do not know how far it came, so what may come twice is
// the records of these messages.
func TestThreeCollectorsOnOneQueueAndOneDies(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(87, 600, 6, 400)
	shared := newFollowing(t, queueFeed(t, c))
	shared.back.set(func(b *back) { b.slow = 20 * time.Millisecond })
	var all [3]*collector
	var counters [3]*counter
	for i := range all {
		counters[i] = newCounter()
		f, feed := *shared, *shared.feed
		feed.source = strings.Replace(feed.source, feed.sqs.URL, newDoor(t, feed.sqs.URL, counters[i].serve).URL, 1)
		f.feed, f.storage = &feed, t.TempDir()
		all[i] = f.start(t)
	}
	shared.back.reached(t, time.Minute, len(c.want)/3)
	victim := -1
	for deadline := time.Now().Add(10 * time.Second); victim < 0; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "none of them holds a message")
		for i := range counters {
			if len(counters[i].held()) > 0 {
				victim = i
			}
		}
	}
	all[victim].kill(t)
	died := time.Now()
	held := counters[victim].held()
	others := []int{(victim + 1) % 3, (victim + 2) % 3}
	all[others[0]].until(t, time.Minute, "an empty queue", func() bool { return len(shared.queue.Bodies()) == 0 })
	took := time.Since(died)
	for _, i := range others {
		assert.NotEmpty(t, counters[i].bodies, "it had nothing to do")
		all[i].stop(t, 15*time.Second)
	}

	again, most := 0, time.Duration(0)
	for id, body := range held {
		for key, records := range c.records {
			if strings.Contains(body, keyInEvent(key)) {
				again += len(records)
			}
		}
		for _, i := range others {
			most = max(most, counters[i].got(id).Sub(died))
		}
	}
	twice := shared.back.assertAll(t, c.want)
	assert.LessOrEqual(t, twice, again)
	assert.Less(t, most, visibility+2*time.Second, "until the others got what it held")
	t.Logf("%d records in %d objects; the dead one held %d messages with %d records: the others had them %.1f s later, all was done after %.1f s; %d records came twice, %d may",
		len(c.want), len(c.objects), len(held), again, most.Seconds(), took.Seconds(), twice, again)
}
