package s3accesslogsreceiver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

// What a permanent refusal does.
const (
	refusalWait = "wait"
	refusalDrop = "drop"
)

// payload is what is delivered as one: the log records of a batch, the data points of a
// request. Its items are identified by their index.
type payload interface {
	items() int
	size(item int) int // estimated OTLP bytes
	// offer passes items, in ascending order, to the pipeline once. On an error it
	// returns those that the pipeline did not accept.
	offer(ctx context.Context, items []int) (left []int, err error)
	// dropped logs an item that is dropped because the pipeline refuses it while it
	// accepts others.
	dropped(item int, err error)
	// givenUp logs items that are dropped without searching them.
	givenUp(items []int, err error)
}

// refusals is shared by the deliveries of a signal.
type refusals struct {
	policy       string // refusalWait or refusalDrop
	retry        configretry.BackOffConfig
	what         string // name of a payload, for messages
	hint         string // what the operator can do
	countOutcome func(outcome string)
	report       func(error) // that nothing is accepted; nil when something is
	log          *zap.Logger // sampled
	fits         sizeLimit
	offers       offers
	left         atomic.Bool // nothing more is offered, see run.leave

	// clock is a logical clock: it orders beginnings of offers and refusals of single
	// items.
	clock     atomic.Int64
	accepted  atomic.Int64 // when the latest offer began that was accepted
	unhealthy atomic.Bool  // reported
}

// tick advances the clock and returns it.
func (r *refusals) tick() int64 { return r.clock.Add(1) }

// accept notes that something was accepted whose offer began at a tick.
func (r *refusals) accept(begin int64) {
	for {
		before := r.accepted.Load()
		if before >= begin || r.accepted.CompareAndSwap(before, begin) {
			break
		}
	}
	if r.unhealthy.Load() && r.unhealthy.Swap(false) {
		r.report(nil)
	}
}

// refuseAll reports that the pipeline accepts nothing, once until it accepts something.
func (r *refusals) refuseAll(err error) {
	if !r.unhealthy.Swap(true) {
		r.report(fmt.Errorf("the pipeline accepts nothing: %s; %s; %s", errorText(err), r.whileWaiting(), r.hint))
	}
}

// whileWaiting says what becomes of what is not accepted.
func (r *refusals) whileWaiting() string {
	if d := r.retry.MaxElapsedTime; d > 0 {
		return fmt.Sprintf("reading waits, and drops what is not accepted within `retry_on_failure::max_elapsed_time`, %v", d)
	}
	return "nothing is lost: reading waits"
}

// settle offers a payload until all of it is accepted or dropped, and returns how
// many items were dropped; or until ctx is done, and returns its error and the items
// that are left.
func (r *refusals) settle(ctx context.Context, p payload) (dropped int, left []int, err error) {
	o := newOffering(r, p)
	for o.left > 0 {
		t := o.next()
		if t.waits {
			if o.refusalsInRow > 0 && (!o.accepted || o.refusalsInRow >= 2*o.depth) {
				r.refuseAll(o.latest)
			}
			if err := o.wait(ctx); err != nil || o.left == 0 {
				return o.dropped, o.remaining(), err
			}
		}
		if err := o.try(ctx, t); err != nil {
			return o.dropped, o.remaining(), err
		}
	}
	o.learn()
	return o.dropped, nil, nil
}

// itemsOf returns the items with these keys, matching each key once; all items when not
// every key has a match.
func itemsOf(keys []string, items []int, key func(item int) string) (found []int) {
	missing := make(map[string]int)
	for _, k := range keys {
		missing[k]++
	}
	for _, item := range items {
		if k := key(item); missing[k] > 0 {
			missing[k]--
			found = append(found, item)
		}
	}
	if len(found) == 0 || len(found) != len(keys) {
		return items
	}
	return found
}

// isRefusal reports whether an error is a permanent refusal. One that wraps a deadline is
// not, even if marked permanent, since the outcome is unknown.
func isRefusal(err error) bool {
	return consumererror.IsPermanent(err) && !errors.Is(err, context.DeadlineExceeded) &&
		grpcstatus.Code(err) != codes.DeadlineExceeded
}

// maybeThrottled reports whether a refusal may be due to a quota: gRPC has the same code
// for a message that is too large and for a quota.
func maybeThrottled(err error) bool { return grpcstatus.Code(err) == codes.ResourceExhausted }

// maxErrorText bounds a back end's text in the log and the status, in bytes.
const maxErrorText = 500

// errorText returns the truncated text of a back end's error.
func errorText(err error) string {
	text := err.Error()
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "..."
	}
	return text
}
