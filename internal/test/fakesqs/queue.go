package fakesqs

import (
	"slices"
	"strconv"
	"time"
)

const (
	defaultVisibility = 30 * time.Second
	maxVisibility     = 12 * time.Hour // counted from the receipt
)

// Settings are those of a queue. The zero value has those of AWS.
type Settings struct {
	Visibility  time.Duration // of receives that name none; 0: 30 s
	MaxReceives int           // before a message moves to DeadLetter; 0: it never does
	DeadLetter  *Queue
}

// Queue is a queue of a Server, whose mutex guards it.
type Queue struct {
	server *Server
	name   string
	set    Settings

	messages []*message // in the order in which they were sent
	changes  int        // of visibility, by the reader
	deleted  int
	most     int // messages in flight at a time
}

type message struct {
	id, body  string
	sent      time.Time
	receives  int
	handle    string    // of the last receive; "" before
	received  time.Time // the last time
	visibleAt time.Time
}

// CreateQueue makes an empty queue. Names are not checked.
func (s *Server) CreateQueue(name string, set Settings) *Queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	if set.Visibility == 0 {
		set.Visibility = defaultVisibility
	}
	q := &Queue{server: s, name: name, set: set}
	s.queues[name] = q
	return q
}

// URL is the queue's address, for queue.url.
func (q *Queue) URL() string { return q.server.URL + "/" + Account + "/" + q.name }

// Send puts a message in and returns its id.
func (q *Queue) Send(body string) string {
	q.server.mu.Lock()
	defer q.server.mu.Unlock()
	return q.send(body)
}

func (q *Queue) send(body string) string {
	m := &message{id: q.server.newID("message"), body: body, sent: q.server.now()}
	q.messages = append(q.messages, m)
	q.server.changed()
	return m.id
}

// Stats is a queue at one moment.
type Stats struct {
	Visible     int // may be received now
	InFlight    int // received and not visible yet
	MaxInFlight int // at any moment so far
	Deleted     int // by the reader, so far
	Changes     int // of a message's visibility, so far
}

// Stats counts.
func (q *Queue) Stats() Stats {
	q.server.mu.Lock()
	defer q.server.mu.Unlock()
	st := Stats{InFlight: q.inFlight(), MaxInFlight: q.most, Deleted: q.deleted, Changes: q.changes}
	st.Visible = len(q.messages) - st.InFlight
	return st
}

func (q *Queue) inFlight() (n int) {
	for _, m := range q.messages {
		if m.visibleAt.After(q.server.now()) {
			n++
		}
	}
	return n
}

// Bodies returns the messages there are, in flight or not, as they were sent.
func (q *Queue) Bodies() (bodies []string) {
	q.server.mu.Lock()
	defer q.server.mu.Unlock()
	for _, m := range q.messages {
		bodies = append(bodies, m.body)
	}
	return bodies
}

// Receives tells how often a message was received; 0 when there is none.
func (q *Queue) Receives(id string) int {
	q.server.mu.Lock()
	defer q.server.mu.Unlock()
	for _, m := range q.messages {
		if m.id == id {
			return m.receives
		}
	}
	return 0
}

// Held returns the messages, by id, whose last receipt is one of these and that
// are not deleted: what a reader that got them has not finished.
func (q *Queue) Held(receipts []string) map[string]string {
	q.server.mu.Lock()
	defer q.server.mu.Unlock()
	held := map[string]string{}
	for _, m := range q.messages {
		if slices.Contains(receipts, m.handle) {
			held[m.id] = m.body
		}
	}
	return held
}

// RedeliverEarly makes all messages in flight visible, as a standard queue may
// at any time: the next receive gets them again.
func (q *Queue) RedeliverEarly() {
	q.server.mu.Lock()
	defer q.server.mu.Unlock()
	for _, m := range q.messages {
		m.visibleAt = time.Time{}
	}
	q.server.changed()
}

// Purge removes all messages, also those in flight: their receipts are invalid.
func (q *Queue) Purge() {
	q.server.mu.Lock()
	defer q.server.mu.Unlock()
	q.messages = nil
}

// receive takes up to most messages that are visible. Those that were received
// often enough before move to the dead-letter queue instead.
func (q *Queue) receive(most int, visibility time.Duration) (taken []*message) {
	now := q.server.now()
	kept := q.messages[:0:0]
	for _, m := range q.messages {
		if len(taken) == most || m.visibleAt.After(now) {
			kept = append(kept, m)
			continue
		}
		if q.set.MaxReceives > 0 && m.receives >= q.set.MaxReceives {
			q.set.DeadLetter.messages = append(q.set.DeadLetter.messages, &message{id: m.id, body: m.body, sent: m.sent})
			q.server.changed()
			continue
		}
		m.receives++
		m.handle = q.server.newID("handle")
		q.server.handles[m.handle] = m
		m.received, m.visibleAt = now, now.Add(visibility)
		taken = append(taken, m)
		kept = append(kept, m)
	}
	q.messages = kept
	q.most = max(q.most, q.inFlight())
	return taken
}

// nextVisible is when a message in flight becomes visible; zero: there is none.
func (q *Queue) nextVisible() (at time.Time) {
	for _, m := range q.messages {
		if at.IsZero() || m.visibleAt.Before(at) {
			at = m.visibleAt
		}
	}
	return at
}

// remove deletes the message of a receipt, unless there was a later one.
func (q *Queue) remove(handle string) *fault {
	m, ok := q.server.handles[handle]
	if !ok {
		return invalidHandle()
	}
	for i, other := range q.messages {
		if other == m && m.handle == handle {
			q.messages = append(q.messages[:i:i], q.messages[i+1:]...)
			q.deleted++
			break
		}
	}
	return nil
}

// change sets when the message of a receipt is visible again, from now.
func (q *Queue) change(handle string, seconds int) *fault {
	m, ok := q.server.handles[handle]
	now := q.server.now()
	visibility := time.Duration(seconds) * time.Second
	switch {
	case !ok:
		return invalidHandle()
	case seconds < 0 || visibility > maxVisibility:
		return badParameter("Value " + strconv.Itoa(seconds) + " for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.")
	case m.handle != handle || !q.holds(m):
		return badParameter("Value " + handle + " for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
	case !m.visibleAt.After(now):
		return &fault{400, "com.amazonaws.sqs#MessageNotInflight", "The specified message isn't in flight.", "AWS.SimpleQueueService.MessageNotInflight"}
	case now.Add(visibility).Sub(m.received) > maxVisibility:
		return badParameter("Value " + strconv.Itoa(seconds) + " for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].")
	}
	m.visibleAt = now.Add(visibility)
	q.changes++
	if visibility == 0 {
		q.server.changed()
	}
	return nil
}

func (q *Queue) holds(m *message) bool {
	for _, other := range q.messages {
		if other == m {
			return true
		}
	}
	return false
}
