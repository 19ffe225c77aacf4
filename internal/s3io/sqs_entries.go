package s3io

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/zeebo/xxh3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// ErrReceipt is the error of one message: its receipt is no longer valid, since its
// visibility timeout is over, or it was deleted.
var ErrReceipt = errors.New("receipt is no longer valid")

// entryID names the entry at a position of a batch. An answer to another batch or
// call, as from a caching proxy, names none of this batch's entries.
func entryID(call string, at int, receipt string) string {
	return fmt.Sprintf("%s-%d-%016x", call, at, xxh3.HashString(receipt))
}

// entryErrors returns an answer's result for each entry of a batch: nil for success,
// ErrReceipt when it never can succeed, and another error when it is to be retried,
// also when the answer has no result for the entry, or two. Results of unknown entries
// are ignored.
func (q *Queue) entryErrors(action string, ids, succeeded []string, failed []types.BatchResultErrorEntry) []error {
	errs := make([]error, len(ids))
	done := make([]bool, len(ids))
	position := make(map[string]int, len(ids))
	for i, id := range ids {
		position[id] = i
	}
	for _, id := range succeeded {
		if i, ours := position[id]; ours {
			done[i] = true
		}
	}
	for i := range failed {
		at, ours := position[value(failed[i].Id)]
		if ours && (errs[at] == nil || errors.Is(errs[at], ErrReceipt)) {
			errs[at] = q.entryError(action, &failed[i])
		}
	}
	for i, err := range errs {
		unsaid, both := err == nil && !done[i], done[i] && errors.Is(err, ErrReceipt)
		if unsaid || both {
			errs[i] = q.fail("the answer to "+action+" does not tell what became of every message",
				hintQueue, source.ErrUnreachable)
		}
	}
	return errs
}

// entryError says what is wrong with one entry of a batch.
func (q *Queue) entryError(action string, f *types.BatchResultErrorEntry) error {
	a := answer{code: value(f.Code), message: value(f.Message)}
	what := "one message: " + brief(a.code+": "+a.message)
	if a.stale() {
		return fmt.Errorf("%w: %s", ErrReceipt, what)
	}
	hint, kind := q.judge(action, a)
	return q.fail(what, hint, kind, source.ErrUnreachable)
}

// stale reports whether an entry failed because of its receipt. SQS's SenderFault does
// not say so: it is also set for a missing permission.
func (a answer) stale() bool {
	switch queueCode(a.code) {
	case "ReceiptHandleIsInvalid", "MessageNotInflight":
		return true
	case "InvalidParameterValue":
		message := strings.ToLower(a.message)
		return strings.Contains(message, "receipthandle") || strings.Contains(message, "receipt handle")
	default:
		return false
	}
}
