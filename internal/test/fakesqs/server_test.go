package fakesqs

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The tests speak the protocol by hand; those of s3io speak it through the SDK.

type client struct {
	t *testing.T
	q *Queue
	h *http.Client
}

func start(t *testing.T, set Settings) (*Server, client) {
	t.Helper()
	s := Start()
	t.Cleanup(s.Close)
	return s, use(t, s.CreateQueue("q", set))
}

func use(t *testing.T, q *Queue) client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return client{t, q, &http.Client{Transport: transport}}
}

type response struct {
	Type     string `json:"__type"`
	Messages []struct {
		MessageID, ReceiptHandle, Body, MD5OfBody string
		Attributes                                map[string]string
	}
	Successful []struct{ ID string }
	Failed     []struct {
		ID, Code    string
		SenderFault bool
	}
	Attributes map[string]string
}

func (c client) call(action string, in fields) (status int, out response) {
	c.t.Helper()
	in["QueueUrl"] = c.q.URL()
	body, err := json.Marshal(in)
	require.NoError(c.t, err)
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.q.server.URL, bytes.NewReader(body))
	require.NoError(c.t, err)
	req.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	resp, err := c.h.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	require.NoError(c.t, json.NewDecoder(resp.Body).Decode(&out))
	return resp.StatusCode, out
}

// receive takes one message and returns its handle and count, "" when there is none.
func (c client) receive() (handle string, count int) {
	c.t.Helper()
	status, out := c.call("ReceiveMessage", fields{"AttributeNames": []string{"All"}})
	require.Equal(c.t, http.StatusOK, status)
	if len(out.Messages) == 0 {
		return "", 0
	}
	count, err := strconv.Atoi(out.Messages[0].Attributes["ApproximateReceiveCount"])
	require.NoError(c.t, err)
	return out.Messages[0].ReceiptHandle, count
}

func TestAMessageIsHiddenUntilItsVisibilityEnds(t *testing.T) {
	s, c := start(t, Settings{Visibility: time.Minute})
	id := c.q.Send("one")
	first, count := c.receive()
	require.NotEmpty(t, first)
	assert.Equal(t, 1, count)
	none, _ := c.receive()
	assert.Empty(t, none)

	s.Advance(time.Minute)
	second, count := c.receive()
	assert.Equal(t, 2, count)
	assert.Equal(t, 2, c.q.Receives(id))
	assert.NotEqual(t, first, second)

	status, _ := c.call("DeleteMessage", fields{"ReceiptHandle": first})
	assert.Equal(t, http.StatusOK, status, "the answer of a stale receipt")
	assert.Equal(t, Stats{InFlight: 1, MaxInFlight: 1}, c.q.Stats(), "deletes nothing")
	status, out := c.call("ChangeMessageVisibility", fields{"ReceiptHandle": first, "VisibilityTimeout": 0})
	assert.Equal(t, http.StatusBadRequest, status, out.Type)

	status, _ = c.call("DeleteMessage", fields{"ReceiptHandle": second})
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, Stats{MaxInFlight: 1, Deleted: 1}, c.q.Stats())
}

func TestALongPollEndsWithAMessage(t *testing.T) {
	for name, arrive := range map[string]func(*Server, *Queue){
		"sent":              func(_ *Server, q *Queue) { q.Send("two") },
		"redelivered":       func(_ *Server, q *Queue) { q.RedeliverEarly() },
		"the clock moves":   func(s *Server, _ *Queue) { s.Advance(time.Hour) },
		"visible by itself": func(*Server, *Queue) {},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := start(t, Settings{Visibility: time.Second})
			c.q.Send("one")
			_, _ = c.receive()
			time.AfterFunc(20*time.Millisecond, func() { arrive(s, c.q) })
			begin := time.Now()
			_, out := c.call("ReceiveMessage", fields{"WaitTimeSeconds": 20})
			require.Len(t, out.Messages, 1)
			assert.Less(t, time.Since(begin), 10*time.Second)
		})
	}
}

func TestALongPollEndsWithoutAMessage(t *testing.T) {
	_, c := start(t, Settings{})
	begin := time.Now()
	_, out := c.call("ReceiveMessage", fields{"WaitTimeSeconds": 1})
	assert.Empty(t, out.Messages)
	assert.GreaterOrEqual(t, time.Since(begin), time.Second)
}

func TestAMessageMovesToTheDeadLetterQueue(t *testing.T) {
	s := Start()
	t.Cleanup(s.Close)
	dead := s.CreateQueue("dead", Settings{})
	c := use(t, s.CreateQueue("q", Settings{MaxReceives: 2, DeadLetter: dead}))
	c.q.Send("one")
	for range 2 {
		handle, _ := c.receive()
		require.NotEmpty(t, handle)
		c.q.RedeliverEarly()
	}
	handle, _ := c.receive()
	assert.Empty(t, handle)
	assert.Equal(t, []string{"one"}, dead.Bodies())
	assert.Empty(t, c.q.Bodies())

	_, out := c.call("GetQueueAttributes", fields{"AttributeNames": []string{"RedrivePolicy"}})
	assert.JSONEq(t, `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111122223333:dead","maxReceiveCount":2}`, out.Attributes["RedrivePolicy"])
}

func TestVisibilityEndsTwelveHoursAfterTheReceipt(t *testing.T) {
	s, c := start(t, Settings{Visibility: 12 * time.Hour})
	c.q.Send("one")
	handle, _ := c.receive()
	s.Advance(6 * time.Hour)
	change := func(seconds int) int {
		status, _ := c.call("ChangeMessageVisibility", fields{"ReceiptHandle": handle, "VisibilityTimeout": seconds})
		return status
	}
	assert.Equal(t, http.StatusOK, change(5*3600))
	assert.Equal(t, http.StatusBadRequest, change(7*3600))
	assert.Equal(t, http.StatusBadRequest, change(-1))
	assert.Equal(t, http.StatusOK, change(0))
	assert.Equal(t, http.StatusBadRequest, change(60), "it is not in flight any more")
	assert.Equal(t, 2, c.q.Stats().Changes)
}

func TestBatchesTellTheirEntriesApart(t *testing.T) {
	s, c := start(t, Settings{})
	c.q.Send("one")
	handle, _ := c.receive()
	entries := []fields{{"Id": "good", "ReceiptHandle": handle}, {"Id": "bad", "ReceiptHandle": "bogus"}}

	s.Fail("DeleteMessageBatch", 1, EntryFailure)
	_, out := c.call("DeleteMessageBatch", fields{"Entries": entries})
	require.Len(t, out.Failed, 2)
	assert.False(t, out.Failed[0].SenderFault)

	_, out = c.call("DeleteMessageBatch", fields{"Entries": entries})
	require.Len(t, out.Successful, 1)
	require.Len(t, out.Failed, 1)
	assert.Equal(t, "bad", out.Failed[0].ID)
	assert.Equal(t, "ReceiptHandleIsInvalid", out.Failed[0].Code)
	assert.True(t, out.Failed[0].SenderFault)
}

func TestAFaultOfOneMessageIsNotThatOfOthers(t *testing.T) {
	s, c := start(t, Settings{})
	entries := make([]fields, 2)
	for i, body := range []string{"one", "two"} {
		c.q.Send(body)
		handle, _ := c.receive()
		entries[i] = fields{"Id": body, "ReceiptHandle": handle, "VisibilityTimeout": 60}
	}
	denied, missing := EntryDenied, EntryMissing
	denied.Of, missing.Of = "one", "one"
	s.Fail("ChangeMessageVisibilityBatch", 1, denied)
	_, out := c.call("ChangeMessageVisibilityBatch", fields{"Entries": entries})
	require.Len(t, out.Failed, 1)
	assert.Equal(t, "one", out.Failed[0].ID)
	assert.Equal(t, "AccessDenied", out.Failed[0].Code)

	s.Fail("DeleteMessageBatch", 1, missing)
	_, out = c.call("DeleteMessageBatch", fields{"Entries": entries})
	assert.Empty(t, out.Failed)
	require.Len(t, out.Successful, 1)
	assert.Equal(t, "two", out.Successful[0].ID)
	assert.Equal(t, []string{"one"}, c.q.Bodies())
}

func TestWrongRequestsAreRefused(t *testing.T) {
	_, c := start(t, Settings{})
	eleven := make([]fields, 11)
	for i := range eleven {
		eleven[i] = fields{"Id": strconv.Itoa(i), "ReceiptHandle": "h"}
	}
	for want, in := range map[string]struct {
		action string
		fields fields
	}{
		"com.amazonaws.sqs#InvalidParameterValueException": {"ReceiveMessage", fields{"MaxNumberOfMessages": 11}},
		"com.amazonaws.sqs#TooManyEntriesInBatchRequest":   {"DeleteMessageBatch", fields{"Entries": eleven}},
		"com.amazonaws.sqs#EmptyBatchRequest":              {"ChangeMessageVisibilityBatch", fields{}},
		"com.amazonaws.sqs#BatchEntryIdsNotDistinct":       {"DeleteMessageBatch", fields{"Entries": []fields{{"Id": "a"}, {"Id": "a"}}}},
		"com.amazonaws.sqs#InvalidAction":                  {"PurgeEverything", fields{}},
	} {
		status, out := c.call(in.action, in.fields)
		assert.Equal(t, http.StatusBadRequest, status)
		assert.Equal(t, want, out.Type)
	}
	c.q = &Queue{server: c.q.server, name: "absent"}
	_, out := c.call("ReceiveMessage", fields{})
	assert.Equal(t, "com.amazonaws.sqs#QueueDoesNotExist", out.Type)
}

func TestFaultsComeAsOrderedAndHeal(t *testing.T) {
	s, c := start(t, Settings{})
	s.Fail("SendMessage", 2, Unavailable)
	s.Fail("SendMessage", Always, Throttled)
	var got []int
	for range 4 {
		status, _ := c.call("SendMessage", fields{"MessageBody": "x"})
		got = append(got, status)
	}
	assert.Equal(t, []int{503, 503, 400, 400}, got)
	assert.Empty(t, c.q.Bodies())
	s.Heal("SendMessage")
	status, _ := c.call("SendMessage", fields{"MessageBody": "x"})
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, 5, s.Calls("SendMessage"))
}

// An answer that is lost leaves a message in flight that nobody has.
func TestALostAnswer(t *testing.T) {
	s, c := start(t, Settings{})
	c.q.Send("one")
	lost := Unavailable
	lost.Lost = true
	s.Fail("ReceiveMessage", 1, lost)
	status, _ := c.call("ReceiveMessage", fields{})
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, 1, c.q.Stats().InFlight)
}
