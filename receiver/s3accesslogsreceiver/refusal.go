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

// payload is what is delivered as one: the log records of a batch, the data points
// of a request. Its items are known by their index.
type payload interface {
	items() int
	size(item int) int // estimated OTLP bytes
	// offer hands items, in ascending order, to the pipeline, once. On an error it
	// returns those that the pipeline did not take.
	offer(ctx context.Context, items []int) (left []int, err error)
	// dropped tells the operator of an item that is dropped because the pipeline
	// refuses it while it takes others.
	dropped(item int, err error)
	// givenUp tells the operator of items that are dropped unsearched.
	givenUp(items []int, err error)
}

// refusals is what the deliveries of a signal have in common.
type refusals struct {
	policy string // refusalWait or refusalDrop
	retry  configretry.BackOffConfig
	what   string // is offered, for messages
	hint   string // what the operator can do
	tried  func(outcome string)
	report func(error) // that nothing is accepted; nil when something is
	log    *zap.Logger // at a bounded rate
	fits   sizeLimit

	// moments counts beginnings of offers and refusals of single items, so that
	// one can be told to have begun after the other.
	moments   atomic.Int64
	accepted  atomic.Int64 // when the latest offer began that was accepted
	unhealthy atomic.Bool  // reported
}

// moment returns a number greater than all before.
func (r *refusals) moment() int64 { return r.moments.Add(1) }

// accept notes that something was accepted that was offered at a moment.
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

// refuseAll reports that the pipeline takes nothing, once until it takes something.
func (r *refusals) refuseAll(err error) {
	if !r.unhealthy.Swap(true) {
		r.report(fmt.Errorf("the pipeline accepts nothing: %s; nothing is lost, reading waits: %s", words(err), r.hint))
	}
}

// settle offers a payload until all of it is accepted or dropped, and returns how
// many items were dropped; or until ctx is done, and returns its error and the items
// that are left.
func (r *refusals) settle(ctx context.Context, p payload) (dropped int, left []int, err error) {
	o := newOffering(r, p)
	for o.left > 0 {
		t := o.next()
		if t.paced {
			if o.quiet > 0 && (!o.accepted || o.quiet >= 2*o.depth) {
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

// itemsOf returns which of the items have these keys, each key as often as it is
// there; all of them when it cannot be told for every key.
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

// isRefusal reports whether an error says no to what was offered. One that wraps
// a deadline leaves open what became of it, however it is marked.
func isRefusal(err error) bool {
	return consumererror.IsPermanent(err) && !errors.Is(err, context.DeadlineExceeded) &&
		grpcstatus.Code(err) != codes.DeadlineExceeded
}

// maybeThrottled reports whether a refusal can be one of too much at a time: gRPC
// has the same code for a message that is too large and for a quota.
func maybeThrottled(err error) bool { return grpcstatus.Code(err) == codes.ResourceExhausted }

// maxWords bounds what a back end can put into the log and the status.
const maxWords = 500

// words are a back end's, cut.
func words(err error) string {
	text := err.Error()
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "..."
	}
	return text
}
