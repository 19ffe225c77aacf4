package s3io_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

func startQueue(t *testing.T, set fakesqs.Settings) (*fakesqs.Server, *fakesqs.Queue, *s3io.Queue) {
	t.Helper()
	srv := fakesqs.Start()
	t.Cleanup(srv.Close)
	remote := srv.CreateQueue("access-logs", set)
	return srv, remote, openQueue(t, remote.URL())
}

func openQueue(t *testing.T, url string) *s3io.Queue {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	q, err := s3io.NewQueue(context.Background(), url, s3io.Config{})
	require.NoError(t, err)
	t.Cleanup(q.Close)
	return q
}

func TestMessagesAreReceivedAndDeleted(t *testing.T) {
	_, remote, q := startQueue(t, fakesqs.Settings{})
	ids := []string{remote.Send("one"), remote.Send("two"), remote.Send("three")}
	ctx := context.Background()

	got, err := q.Receive(ctx, s3io.Receive{Max: 2, Visibility: time.Minute})
	require.NoError(t, err)
	require.Len(t, got, 2)
	assert.Equal(t, "one", got[0].Body)
	assert.Equal(t, ids[1], got[1].ID)
	assert.Equal(t, 1, got[0].Receives)

	errs, err := q.Delete(ctx, []string{got[0].Receipt, got[1].Receipt})
	require.NoError(t, err)
	assert.Equal(t, []error{nil, nil}, errs)
	assert.Equal(t, []string{"three"}, remote.Bodies())
}

func TestVisibilityIsChanged(t *testing.T) {
	srv, remote, q := startQueue(t, fakesqs.Settings{})
	remote.Send("one")
	ctx := context.Background()
	got, err := q.Receive(ctx, s3io.Receive{Max: 10, Visibility: time.Minute})
	require.NoError(t, err)

	srv.Advance(50 * time.Second)
	errs, err := q.SetVisibility(ctx, []s3io.Visibility{{Receipt: got[0].Receipt, For: time.Minute}})
	require.NoError(t, err)
	require.Equal(t, []error{nil}, errs)
	srv.Advance(50 * time.Second)
	assert.Equal(t, 1, remote.Stats().InFlight, "extended")

	_, err = q.SetVisibility(ctx, []s3io.Visibility{{Receipt: got[0].Receipt}})
	require.NoError(t, err)
	again, err := q.Receive(ctx, s3io.Receive{Max: 10, Visibility: time.Minute})
	require.NoError(t, err)
	require.Len(t, again, 1)
	assert.Equal(t, 2, again[0].Receives)
}

// One message of a batch whose receipt is not valid does not fail the others.
func TestInvalidReceiptsAreTold(t *testing.T) {
	srv, remote, q := startQueue(t, fakesqs.Settings{})
	remote.Send("one")
	ctx := context.Background()
	got, err := q.Receive(ctx, s3io.Receive{Max: 10, Visibility: time.Minute})
	require.NoError(t, err)

	errs, err := q.SetVisibility(ctx, []s3io.Visibility{{Receipt: "bogus", For: time.Minute}, {Receipt: got[0].Receipt, For: time.Minute}})
	require.NoError(t, err)
	require.ErrorIs(t, errs[0], s3io.ErrReceipt)
	require.NoError(t, errs[1])

	errs, err = q.Delete(ctx, []string{"bogus"})
	require.NoError(t, err)
	require.ErrorIs(t, errs[0], s3io.ErrReceipt)

	srv.Fail("DeleteMessageBatch", 1, fakesqs.EntryFailure)
	errs, err = q.Delete(ctx, []string{got[0].Receipt})
	require.NoError(t, err)
	require.ErrorIs(t, errs[0], source.ErrUnreachable)
	assert.NotErrorIs(t, errs[0], s3io.ErrReceipt)
}

// One message of a batch that fails does not fail the others, and is forgotten
// only when its receipt is what is wrong.
func TestFailedEntriesAreToldApart(t *testing.T) {
	for name, c := range map[string]struct {
		fault fakesqs.Fault
		kind  error
		says  string
	}{
		"no permission":      {fakesqs.EntryDenied, source.ErrDenied, "allow %s on arn:aws:sqs:us-east-1:111122223333:access-logs"},
		"left out":           {fakesqs.EntryMissing, source.ErrUnreachable, "the answer to %s does not tell"},
		"in trouble":         {fakesqs.EntryFailure, source.ErrUnreachable, "passes by itself"},
		"visible again":      {fakesqs.NotInFlight, s3io.ErrReceipt, "MessageNotInflight"},
		"an expired receipt": {fakesqs.StaleReceipt, s3io.ErrReceipt, "InvalidParameterValue"},
		"an invalid receipt": {fakesqs.BadReceipt, s3io.ErrReceipt, "ReceiptHandleIsInvalid"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, remote, q := startQueue(t, fakesqs.Settings{})
			remote.Send("one")
			remote.Send("two")
			ctx := context.Background()
			got, err := q.Receive(ctx, s3io.Receive{Max: 10, Visibility: time.Minute})
			require.NoError(t, err)
			c.fault.Of = "one"
			srv.Fail("ChangeMessageVisibilityBatch", 1, c.fault)
			srv.Fail("DeleteMessageBatch", 1, c.fault)
			check := func(action string, errs []error, err error) {
				require.NoError(t, err)
				require.ErrorIs(t, errs[0], c.kind)
				require.ErrorContains(t, errs[0], strings.ReplaceAll(c.says, "%s", action))
				require.NoError(t, errs[1])
			}
			errs, err := q.SetVisibility(ctx, []s3io.Visibility{{Receipt: got[0].Receipt, For: time.Hour}, {Receipt: got[1].Receipt, For: time.Hour}})
			check("sqs:ChangeMessageVisibility", errs, err)
			errs, err = q.Delete(ctx, []string{got[0].Receipt, got[1].Receipt})
			check("sqs:DeleteMessage", errs, err)
			assert.Equal(t, []string{"one"}, remote.Bodies())
		})
	}
}

// A message that could never be deleted is not taken; the others are.
func TestMessagesWithoutIdOrReceiptAreLeftOut(t *testing.T) {
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = w.Write([]byte(`{"Messages":[{"MessageId":"1","Body":"b"},{"MessageId":"2","ReceiptHandle":"r","Body":"b"},{"ReceiptHandle":"r","Body":"b"},null]}`))
	}))
	t.Cleanup(front.Close)
	got, err := openQueue(t, front.URL+"/1/q").Receive(context.Background(), s3io.Receive{Max: 10, Visibility: time.Minute})
	require.ErrorIs(t, err, source.ErrUnreachable)
	require.ErrorContains(t, err, "a message has no MessageId or no ReceiptHandle; if it lasts, check queue.url")
	assert.Equal(t, []s3io.Message{{ID: "2", Receipt: "r", Body: "b", Receives: 1}}, got)
}

// An answer to another call, as a proxy may give it, settles nothing.
func TestSomebodyElsesAnswerSettlesNothing(t *testing.T) {
	srv, remote, _ := startQueue(t, fakesqs.Settings{})
	remote.Send("one")
	var other []byte // the answer to the first batch
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		srv.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "Batch") {
			if other == nil {
				other = body
			}
			body = other
		}
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		_, _ = w.Write(body)
	}))
	t.Cleanup(front.Close)
	q := openQueue(t, front.URL+"/111122223333/access-logs")
	ctx := context.Background()
	got, err := q.Receive(ctx, s3io.Receive{Max: 10, Visibility: time.Minute})
	require.NoError(t, err)
	errs, err := q.SetVisibility(ctx, []s3io.Visibility{{Receipt: got[0].Receipt, For: time.Hour}})
	require.NoError(t, err)
	require.NoError(t, errs[0])
	errs, err = q.Delete(ctx, []string{got[0].Receipt})
	require.NoError(t, err)
	require.ErrorIs(t, errs[0], source.ErrUnreachable)
	assert.ErrorContains(t, errs[0], "does not tell what became of every message")
}

func TestRedrivePolicyIsRead(t *testing.T) {
	srv, _, q := startQueue(t, fakesqs.Settings{})
	n, err := q.MaxReceives(context.Background())
	require.NoError(t, err)
	assert.Zero(t, n)

	dead := srv.CreateQueue("dead", fakesqs.Settings{})
	q = openQueue(t, srv.CreateQueue("with", fakesqs.Settings{MaxReceives: 7, DeadLetter: dead}).URL())
	n, err = q.MaxReceives(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 7, n)
}

func TestAReceiveIsCancelled(t *testing.T) {
	_, _, q := startQueue(t, fakesqs.Settings{})
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	begin := time.Now()
	_, err := q.Receive(ctx, s3io.Receive{Max: 1, Wait: 20 * time.Second, Visibility: time.Minute})
	require.ErrorIs(t, err, context.Canceled)
	assert.Less(t, time.Since(begin), 10*time.Second)
}

func TestQueueErrorsSayWhatToDo(t *testing.T) {
	receive := func(q *s3io.Queue) error {
		_, err := q.Receive(context.Background(), s3io.Receive{Max: 1, Visibility: time.Minute})
		return err
	}
	remove := func(q *s3io.Queue) error {
		_, err := q.Delete(context.Background(), []string{"r"})
		return err
	}
	extend := func(q *s3io.Queue) error {
		_, err := q.SetVisibility(context.Background(), []s3io.Visibility{{Receipt: "r"}})
		return err
	}
	signature := func(message string) fakesqs.Fault {
		return fakesqs.Fault{Status: http.StatusForbidden, Code: "InvalidSignatureException", Message: message}
	}
	for name, c := range map[string]struct {
		action string
		call   func(*s3io.Queue) error
		fault  fakesqs.Fault
		kind   error
		says   string
	}{
		"receive denied":                {"ReceiveMessage", receive, fakesqs.Denied, source.ErrDenied, "allow sqs:ReceiveMessage on arn:aws:sqs:us-east-1:111122223333:access-logs"},
		"delete denied":                 {"DeleteMessageBatch", remove, fakesqs.Denied, source.ErrDenied, "allow sqs:DeleteMessage on"},
		"extend denied":                 {"ChangeMessageVisibilityBatch", extend, fakesqs.Denied, source.ErrDenied, "allow sqs:ChangeMessageVisibility on"},
		"denied with 400":               {"ReceiveMessage", receive, fakesqs.Fault{Status: http.StatusBadRequest, Code: "AccessDeniedException"}, source.ErrDenied, "sqs:ReceiveMessage"},
		"KMS denied":                    {"ReceiveMessage", receive, fakesqs.Fault{Status: http.StatusBadRequest, Code: "KmsAccessDenied"}, source.ErrDenied, "kms:Decrypt"},
		"KMS denied, by its other name": {"ReceiveMessage", receive, fakesqs.Fault{Status: http.StatusBadRequest, Code: "KMS.AccessDeniedException"}, source.ErrDenied, "allow kms:Decrypt on the KMS key that encrypts the queue"},
		"KMS disabled":                  {"ReceiveMessage", receive, fakesqs.Fault{Status: http.StatusBadRequest, Code: "KmsDisabled"}, source.ErrDenied, "make it usable"},
		"KMS throttled":                 {"ReceiveMessage", receive, fakesqs.Fault{Status: http.StatusBadRequest, Code: "KmsThrottled"}, source.ErrUnreachable, "passes by itself"},
		"throttled":                     {"ReceiveMessage", receive, fakesqs.Throttled, source.ErrUnreachable, "passes by itself"},
		"unavailable":                   {"ReceiveMessage", receive, fakesqs.Unavailable, source.ErrUnreachable, "503"},
		"wrong key":                     {"ReceiveMessage", receive, fakesqs.Fault{Status: http.StatusForbidden, Code: "UnrecognizedClientException"}, s3io.ErrWrongCredentials, "AWS_ACCESS_KEY_ID"},
		"wrong region":                  {"ReceiveMessage", receive, signature("Credential should be scoped to a valid region."), s3io.ErrWrongRegion, "now us-east-1"},
		"wrong secret":                  {"ReceiveMessage", receive, signature("It does not match. The Canonical String for this request should have been 'POST x-amz-security-token:planted'"), s3io.ErrWrongCredentials, "It does not match."},
		"wrong clock":                   {"ReceiveMessage", receive, signature("Signature expired: 20260131T000000Z is now earlier"), s3io.ErrWrongCredentials, "clock"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, _, q := startQueue(t, fakesqs.Settings{})
			srv.Fail(c.action, fakesqs.Always, c.fault)
			err := c.call(q)
			require.ErrorIs(t, err, c.kind)
			require.ErrorIs(t, err, source.ErrUnreachable, "it can heal")
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "\n")
			assert.NotContains(t, err.Error(), "planted")
		})
	}
}

func TestNoSuchQueue(t *testing.T) {
	srv, _, _ := startQueue(t, fakesqs.Settings{})
	q := openQueue(t, srv.URL+"/111122223333/other")
	_, err := q.Receive(context.Background(), s3io.Receive{Max: 1, Visibility: time.Minute})
	require.ErrorIs(t, err, s3io.ErrNoSuchQueue)
	assert.ErrorContains(t, err, "check the region, the account and the name in queue.url (us-east-1 was asked)")
}

func TestWhatIsNotSQSIsTold(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("<html>not found</html>"))
	}))
	t.Cleanup(page.Close)
	_, err := openQueue(t, page.URL+"/1/q").Receive(context.Background(), s3io.Receive{Max: 1, Visibility: time.Minute})
	require.ErrorIs(t, err, source.ErrUnreachable)

	page.Close()
	_, err = openQueue(t, page.URL+"/1/q").Receive(context.Background(), s3io.Receive{Max: 1, Visibility: time.Minute})
	require.ErrorIs(t, err, source.ErrUnreachable)
	assert.ErrorContains(t, err, "check the network and queue.url")
}

func TestQueueURLs(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://sqs.us-east-1.amazonaws.com/111122223333/q": true,
		"http://127.0.0.1:7103/000000000000/q":               true,
		"http://localhost/q":                                 true,
		"":                                                   false,
		"q":                                                  false,
		"arn:aws:sqs:us-east-1:111122223333:q":               false,
		"https://sqs.us-east-1.amazonaws.com/":               false,
		"ftp://sqs.us-east-1.amazonaws.com/1/q":              false,
		"https://sqs.us-east-1.amazonaws.com/1/q?Action=x":      false,
		"https://sqs.us-east-1.amazonaws.com/1/q#planted":       false,
		"https://user:planted@sqs.us-east-1.amazonaws.com/1/q":  false,
		"https://planted@sqs.us-east-1.amazonaws.com/1/q":       false,
		"https://sqs.us-east-1.amazonaws.com/1/q?token=planted": false,
		"https://user:planted@%zz/1/q":                          false,
		"http://%zz/1/q":                                        false,
	} {
		_, err := s3io.NewQueue(context.Background(), url, s3io.Config{})
		if ok {
			require.NoError(t, err, url)
			continue
		}
		require.ErrorContains(t, err, "`queue::url` is", url)
		assert.NotContains(t, err.Error(), "planted")
	}
}

func TestTheDepthIsWhatTheQueueSays(t *testing.T) {
	srv, remote, q := startQueue(t, fakesqs.Settings{})
	for range 3 {
		remote.Send("one")
	}
	ctx := context.Background()
	_, err := q.Receive(ctx, s3io.Receive{Max: 1, Visibility: time.Minute})
	require.NoError(t, err)
	got, err := q.Depth(ctx)
	require.NoError(t, err)
	assert.Equal(t, s3io.Depth{Visible: 2, InFlight: 1}, got)

	srv.Fail("GetQueueAttributes", 1, fakesqs.Fault{Status: 403, Code: "AccessDeniedException"})
	_, err = q.Depth(ctx)
	require.ErrorIs(t, err, source.ErrDenied)
	assert.ErrorContains(t, err, "sqs:GetQueueAttributes")
}

func TestADepthThatIsNoNumberIsAnErrorOfTheServer(t *testing.T) {
	for _, attributes := range []string{
		`{}`, `{"ApproximateNumberOfMessages":"many","ApproximateNumberOfMessagesNotVisible":"1"}`,
		`{"ApproximateNumberOfMessages":"-1","ApproximateNumberOfMessagesNotVisible":"1"}`,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			_, _ = w.Write([]byte(`{"Attributes":` + attributes + `}`))
		}))
		t.Cleanup(srv.Close)
		_, err := openQueue(t, srv.URL+"/111122223333/access-logs").Depth(t.Context())
		require.ErrorIs(t, err, source.ErrUnreachable, attributes)
		assert.ErrorContains(t, err, "it is not a number of messages")
	}
}
