package s3io

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func anyQueue(tb testing.TB) *Queue {
	tb.Helper()
	q, err := NewQueue(context.Background(), "https://sqs.us-east-1.amazonaws.com/111122223333/access-logs", Config{})
	require.NoError(tb, err)
	tb.Cleanup(q.Close)
	return q
}

// batchAnswer is SQS's answer to a batch.
type batchAnswer struct {
	Successful []types.DeleteMessageBatchResultEntry
	Failed     []types.BatchResultErrorEntry
}

// read returns what the answer says of entries with these ids.
func (a *batchAnswer) read(q *Queue, ids ...string) []error {
	var succeeded []string
	for _, s := range a.Successful {
		succeeded = append(succeeded, value(s.Id))
	}
	return q.entryErrors("sqs:DeleteMessage", ids, succeeded, a.Failed)
}

func TestEntriesOfABatch(t *testing.T) {
	failed := func(code, message string) string {
		return `{"Failed":[{"Id":"a","SenderFault":true,"Code":"` + code + `","Message":"` + message + `"}]}`
	}
	for name, c := range map[string]struct {
		answer string
		kind   error // nil: it was done
		says   string
	}{
		"done":                         {`{"Successful":[{"Id":"a"}]}`, nil, ""},
		"done, twice":                  {`{"Successful":[{"Id":"a"},{"Id":"a"}]}`, nil, ""},
		"done, with one of another":    {`{"Successful":[{"Id":"b"},{"Id":"a"}],"Failed":[{"Id":"c","Code":"InternalError"}]}`, nil, ""},
		"nothing":                      {`{}`, source.ErrUnreachable, "does not tell what became of every message; if it lasts, check queue.url"},
		"others only":                  {`{"Successful":[{"Id":"b"},{"Id":""}],"Failed":[{"Id":"c"}]}`, source.ErrUnreachable, "does not tell"},
		"done and stale":               {`{"Successful":[{"Id":"a"}],"Failed":[{"Id":"a","Code":"ReceiptHandleIsInvalid"}]}`, source.ErrUnreachable, "does not tell"},
		"done and failed":              {`{"Successful":[{"Id":"a"}],"Failed":[{"Id":"a","Code":"InternalError"}]}`, source.ErrUnreachable, "InternalError"},
		"stale and failed":             {`{"Failed":[{"Id":"a","Code":"ReceiptHandleIsInvalid"},{"Id":"a","Code":"InternalError"}]}`, source.ErrUnreachable, "InternalError"},
		"failed and stale":             {`{"Failed":[{"Id":"a","Code":"InternalError"},{"Id":"a","Code":"ReceiptHandleIsInvalid"}]}`, source.ErrUnreachable, "InternalError"},
		"a stale receipt":              {failed("ReceiptHandleIsInvalid", ""), ErrReceipt, "receipt is no longer valid"},
		"a stale receipt, long":        {failed("AWS.SimpleQueueService.ReceiptHandleIsInvalid", ""), ErrReceipt, ""},
		"a stale receipt, as a shape":  {failed("com.amazonaws.sqs#ReceiptHandleIsInvalid", ""), ErrReceipt, ""},
		"visible again":                {failed("MessageNotInflight", ""), ErrReceipt, ""},
		"visible again, long":          {failed("AWS.SimpleQueueService.MessageNotInflight", ""), ErrReceipt, ""},
		"an expired receipt":           {failed("InvalidParameterValue", "Value r for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."), ErrReceipt, ""},
		"an expired receipt, in words": {failed("InvalidParameterValueException", "The receipt handle has expired."), ErrReceipt, ""},
		"an expired receipt, long":     {failed("AWS.SimpleQueueService.InvalidParameterValue", "... parameter ReceiptHandle is invalid"), ErrReceipt, ""},
		"another parameter":            {failed("InvalidParameterValue", "Value 43200 for parameter VisibilityTimeout is invalid."), source.ErrUnreachable, "VisibilityTimeout"},
		"no permission":                {failed("AccessDenied", "no"), source.ErrDenied, "one message: AccessDenied: no; allow sqs:DeleteMessage on arn:aws:sqs:us-east-1:111122223333:access-logs"},
		"no permission, long":          {failed("AWS.SimpleQueueService.AccessDeniedException", "no"), source.ErrDenied, "allow sqs:DeleteMessage on"},
		"no permission for the key":    {failed("KMS.AccessDeniedException", "no"), source.ErrDenied, "kms:Decrypt"},
		"too many":                     {failed("RequestThrottled", "slow"), source.ErrUnreachable, "passes by itself"},
		"out of order":                 {failed("InternalError", "oops"), source.ErrUnreachable, "passes by itself"},
		"without a code":               {failed("", ""), source.ErrUnreachable, "does not speak"},
	} {
		t.Run(name, func(t *testing.T) {
			var a batchAnswer
			require.NoError(t, json.Unmarshal([]byte(c.answer), &a))
			err := a.read(anyQueue(t), "a")[0]
			if c.kind == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.says)
			assert.NotEqual(t, errors.Is(err, ErrReceipt), errors.Is(err, source.ErrUnreachable), "either for ever, or to be tried again")
		})
	}
}

// An answer to another call must not name the entries of this one.
func TestEntriesAreNamedByTheirReceipts(t *testing.T) {
	assert.NotEqual(t, entryID("delete", 0, "r"), entryID("change", 0, "r"))
	assert.NotEqual(t, entryID("delete", 0, "r"), entryID("delete", 1, "r"))
	assert.NotEqual(t, entryID("delete", 0, "r"), entryID("delete", 0, "s"))
	assert.Regexp(t, `^[A-Za-z0-9_-]{1,80}$`, entryID("change", 9, "r"), "what SQS takes")
}

// Whatever an answer says, a message counts as deleted only if the answer says
// so and nothing else, and is never forgotten but for its receipt.
func FuzzEntriesOfABatch(f *testing.F) {
	for _, seed := range []string{
		`{"Successful":[{"Id":"a"},{"Id":"b"}],"Failed":[]}`,
		`{"Successful":[{"Id":"a"}],"Failed":[{"Id":"b","Code":"AccessDenied","Message":"no","SenderFault":true}]}`,
		`{"Failed":[{"Id":"b","Code":"InvalidParameterValue","Message":"Value r for parameter ReceiptHandle is invalid."},{"Id":"b"}]}`,
		`{"Successful":[{"Id":"0"}]}`, `{}`,
	} {
		f.Add([]byte(seed))
	}
	q := anyQueue(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		var a batchAnswer
		if json.Unmarshal(body, &a) != nil {
			return
		}
		ids := []string{"a", "b"}
		for i, err := range a.read(q, ids...) {
			done := slices.ContainsFunc(a.Successful, func(s types.DeleteMessageBatchResultEntry) bool { return value(s.Id) == ids[i] })
			var codes []string
			for _, e := range a.Failed {
				if value(e.Id) == ids[i] {
					codes = append(codes, queueCode(value(e.Code)))
				}
			}
			switch {
			case err == nil:
				assert.True(t, done && len(codes) == 0)
			case errors.Is(err, ErrReceipt):
				assert.False(t, done)
				for _, code := range codes {
					assert.Contains(t, []string{"ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue"}, code)
				}
			default:
				require.ErrorIs(t, err, source.ErrUnreachable)
				assert.False(t, done && len(codes) == 0)
			}
		}
	})
}
