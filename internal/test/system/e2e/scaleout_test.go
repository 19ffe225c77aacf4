package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

// counter is where one of several collectors comes to a queue: it notes which
// messages the collector got.
type counter struct {
	mu       sync.Mutex // guards everything below
	given    map[string]time.Time
	receipts []string
}

func newCounter() *counter { return &counter{given: map[string]time.Time{}} }

// serve passes a call on, and notes what was answered before the collector knows
// it: what it has a receipt of can always be told.
func (c *counter) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	c.note(answer.Body.Bytes())
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (c *counter) note(out []byte) {
	var answered struct {
		Messages []struct{ MessageId, ReceiptHandle string }
	}
	_ = json.Unmarshal(out, &answered) // an answer to something else has none
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range answered.Messages {
		c.given[m.MessageId] = time.Now()
		c.receipts = append(c.receipts, m.ReceiptHandle)
	}
}

// held returns the messages, by id, that the collector got last and that are
// not deleted.
func (c *counter) held(q *fakesqs.Queue) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return q.Held(c.receipts)
}

// got tells when the collector got a message last.
func (c *counter) got(id string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.given[id]
}

// Three collectors share a queue, one dies. The others get what it held when its
// visibility is over. They do not know how far it came, so what comes twice is
// records of these messages, and of no others.
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
	for deadline := time.Now().Add(limit(10 * time.Second)); victim < 0; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "none of them holds a message")
		for i := range counters {
			if len(counters[i].held(shared.queue)) > 0 {
				victim = i
			}
		}
	}
	all[victim].kill(t)
	died := time.Now()
	held := counters[victim].held(shared.queue)
	before, _ := shared.back.figures()
	others := []int{(victim + 1) % 3, (victim + 2) % 3}
	all[others[0]].until(t, time.Minute, "an empty queue", func() bool { return len(shared.queue.Bodies()) == 0 })
	took := time.Since(died)
	most := time.Duration(0)
	for _, i := range others {
		assert.NotEmpty(t, counters[i].given, "it had nothing to do")
		all[i].stop(t, 15*time.Second)
		for id := range held {
			most = max(most, counters[i].got(id).Sub(died))
		}
	}
	assert.Less(t, most, limit(visibility+2*time.Second), "until the others got what it held")

	again, finished := c.recordsOf(held), 0
	for id, body := range held {
		if containsKeys(before, c.recordsOf(map[string]string{id: body})) {
			finished++
		}
	}
	twice := shared.back.assertAll(t, c.want)
	got, _ := shared.back.figures()
	for id, n := range got {
		if n > 1 {
			assert.Contains(t, again, id, "it came twice, but the dead one did not hold its message")
		}
	}
	t.Logf("%d records in %d objects; the dead one held %d messages with %d records, all of which were accepted of %d messages: the others had them %.1f s later, all was done after %.1f s; %d records came twice",
		len(c.want), len(c.objects), len(held), len(again), finished, most.Seconds(), took.Seconds(), twice)
}

// recordsOf returns the records of the objects that messages name.
func (c *corpus) recordsOf(messages map[string]string) uids {
	all := uids{}
	for _, body := range messages {
		for key, records := range c.records {
			if strings.Contains(body, keyInEvent(key)) {
				maps.Copy(all, records)
			}
		}
	}
	return all
}

func containsKeys(all, some uids) bool {
	for id := range some {
		if all[id] == 0 {
			return false
		}
	}
	return true
}
