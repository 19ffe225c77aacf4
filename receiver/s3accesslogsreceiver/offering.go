package s3accesslogsreceiver

import (
	"context"
	"math/bits"
	"slices"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// lastOffers is how often the last items of a payload are offered again, with the
// back-off, when no other item is left whose acceptance could show whether the item or
// the back end is at fault.
const lastOffers = 5

// quotaOffers is the same for an item whose refusals may be due to a quota that others
// use up.
const quotaOffers = 20

// offering is the delivery of a payload to the pipeline.
//
// A piece that is refused is cut in halves, and these again, down to single items. An
// item that is refused alone is a suspect. It is offered again once something was
// accepted whose offer began after that refusal, and dropped when it is refused again:
// the back end worked in between.
//
// There is no wait as long as something is accepted now and then. After depth refusals
// in a row single items from all over the payload are offered; after twice as many, each
// offer waits for the back-off, and alternates between everything left and a single
// item. Offers also wait when only suspects are left.
type offering struct {
	*refusals
	payload payload
	retry   *retryTimer
	depth   int // refusals on the way from all items down to one

	states   []itemState
	left     int     // items that are not done
	pending  [][]int // a stack of pieces, less items that are done or suspects by now
	suspects []int   // may include items done by now; the oldest first
	dropped  int

	refusalsInRow int   // refusals since anything was accepted
	seen          int64 // refusals.accepted when refusalsInRow was set to 0
	accepted      bool  // anything of this payload was accepted
	throttled     bool  // the latest offer was of a single item, and may have exceeded a quota
	latest        error // the latest refusal
	turns         int   // turns with a wait
	probed        int   // the item that was last offered as a probe

	sizes          []int   // by item; 0 means not computed
	taken, refused [][]int // pieces, for learn
}

type itemState struct {
	done, dropped bool
	throttled     bool  // its refusal may have been due to a quota
	offers        uint8 // after a wait, when a refusal alone does not drop it
	suspected     int64 // the tick of its refusal alone; 0 means none
}

func newOffering(r *refusals, p payload) *offering {
	n := p.items()
	o := &offering{
		refusals: r, payload: p, retry: newRetryTimer(r.retry), depth: bits.Len(uint(n-1)) + 1,
		states: make([]itemState, n), left: n, seen: r.accepted.Load(),
	}
	o.pending = [][]int{allItems(n)}
	return o
}

func allItems(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// turn is what is offered next.
type turn struct {
	items []int
	waits bool // for the back-off, before the offer
	all   bool // everything left is offered; its pieces stay pending
}

func (o *offering) next() turn {
	if at := o.refusals.accepted.Load(); at > o.seen {
		o.seen, o.refusalsInRow = at, 0
	}
	o.suspects = slices.DeleteFunc(o.suspects, func(i int) bool { return o.states[i].done })
	if len(o.suspects) > 0 && o.acceptedSince(o.suspects[0]) {
		// What was accepted may have used up a quota.
		return turn{items: o.suspects[:1:1], waits: o.throttled || o.states[o.suspects[0]].throttled}
	}
	top := o.top()
	switch {
	case top != nil && o.refusalsInRow < o.depth:
		first, others := o.cut(top)
		o.pending = o.pending[:len(o.pending)-1]
		if len(others) > 0 {
			o.pending = append(o.pending, others)
		}
		return turn{items: first, waits: o.throttled}
	case top != nil && o.refusalsInRow < 2*o.depth:
		return turn{items: o.probe(), waits: o.throttled}
	}
	if o.turns++; o.turns%2 == 1 && (top != nil || !o.accepted) {
		first, _ := o.cut(o.remaining())
		return turn{items: first, waits: true, all: true}
	}
	return turn{items: o.probe(), waits: true}
}

// top returns the piece on top of the stack, or nil when only suspects are left.
func (o *offering) top() []int {
	settled := func(i int) bool { return o.states[i].done || o.states[i].suspected > 0 }
	for n := len(o.pending); n > 0; n = len(o.pending) {
		piece := o.pending[n-1]
		if slices.ContainsFunc(piece, settled) {
			piece = slices.DeleteFunc(slices.Clone(piece), settled)
		}
		if len(piece) > 0 {
			return piece
		}
		o.pending = o.pending[:n-1]
	}
	return nil
}

// acceptedSince reports whether anything was accepted whose offer began after the item
// was refused alone.
func (o *offering) acceptedSince(item int) bool {
	since := o.states[item].suspected
	return since > 0 && since < o.refusals.accepted.Load()
}

// remaining returns the items that are not done.
func (o *offering) remaining() (items []int) {
	for i := range o.states {
		if !o.states[i].done {
			items = append(items, i)
		}
	}
	return items
}

// probe returns one item, each time from another part of the payload; a suspect only
// when no others are left.
func (o *offering) probe() []int {
	n := len(o.states)
	for step := stride(n); ; {
		o.probed = (o.probed + step) % n
		if s := &o.states[o.probed]; !s.done && (s.suspected == 0 || len(o.pending) == 0) {
			return []int{o.probed}
		}
	}
}

// stride returns a step of about 0.618 n that is coprime to n, so that it visits all n
// places.
func stride(n int) int {
	step := n*618/1000 + 1
	for a, b := step, n; ; {
		for b != 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return step
		}
		step++
		a, b = step, n
	}
}

// try offers items until the pipeline accepts or refuses them.
func (o *offering) try(ctx context.Context, t turn) error {
	items := t.items
	final := len(items) == 1 && o.acceptedSince(items[0])
	for {
		if o.refusals.left.Load() {
			return context.Canceled
		}
		begin := o.tick()
		o.offers.begin()
		left, err := o.payload.offer(ctx, items)
		o.offers.end(err)
		switch {
		case err == nil:
			o.accept(items, begin)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case len(left) < len(items):
			o.offers.tookPart()
			o.accept(without(items, left), begin)
			items = left
		}
		permanent := isRefusal(err)
		switch {
		case permanent && o.policy == refusalWait:
			o.refuse(items, final, t.all, err)
			return nil
		case permanent, !o.retry.cfg.Enabled:
			o.giveUp(items, err)
			return nil
		}
		o.latest = err
		if err := o.wait(ctx); err != nil || o.left == 0 {
			return err
		}
		o.countOutcome("retried")
	}
}

// accept notes that items were accepted whose offer began at a tick.
func (o *offering) accept(items []int, begin int64) {
	o.settled(items)
	o.accepted, o.throttled = true, false
	o.retry.reset()
	o.refusals.accept(begin)
	if o.fits.limit() > 0 {
		o.fits.accept(o.sizeOf(items))
	}
	if o.left > 0 || len(o.refused) > 0 {
		o.taken = append(o.taken, items)
	}
}

func (o *offering) settled(items []int) {
	for _, i := range items {
		o.states[i].done = true
	}
	o.left -= len(items)
}

// refuse notes a permanent refusal. final means that something was accepted since the
// item was refused before; all is turn.all.
func (o *offering) refuse(items []int, final, all bool, err error) {
	o.refusalsInRow++
	o.latest, o.throttled = err, false
	o.countOutcome("retried")
	o.log.Warn("the pipeline refused "+o.what+" or a part of it permanently, what is left is offered again in parts",
		zap.Int("offered", len(items)), zap.Int("left", o.left), zap.String("error", errorText(err)))
	if len(items) > 1 {
		if !all {
			o.refused = append(o.refused, items)
			if o.fits.limit() > 0 {
				o.fits.refuse(o.sizeOf(items))
			}
			o.split(items)
		}
		return
	}
	o.suspect(items[0], final, err)
}

// suspect notes that an item was refused alone.
func (o *offering) suspect(item int, final bool, err error) {
	s := &o.states[item]
	known, last := s.suspected > 0, len(o.pending) == 0
	s.throttled = maybeThrottled(err)
	o.throttled = s.throttled
	offers := uint8(lastOffers)
	if s.throttled {
		offers = quotaOffers
	}
	switch {
	case !known:
		o.refused = append(o.refused, []int{item})
	case final && !s.throttled:
		o.drop(item, err)
		return
	case final, last && (o.accepted || s.offers > 0):
		if s.offers++; s.offers >= offers {
			o.drop(item, err)
			return
		}
	}
	if !known || final {
		o.suspects = append(slices.DeleteFunc(o.suspects, func(i int) bool { return i == item }), item)
		s.suspected = o.tick()
	}
}

// split puts the halves of a piece on the stack. When nothing else is pending, one half
// has every other item: the half that is held back, to find out whether the back end or
// the items are at fault, then resembles the one that is offered first.
func (o *offering) split(items []int) {
	if len(o.pending) > 0 {
		half := len(items) / 2
		o.pending = append(o.pending, items[half:], items[:half])
		return
	}
	var even, odd []int
	for i, item := range items {
		if i%2 == 0 {
			even = append(even, item)
		} else {
			odd = append(odd, item)
		}
	}
	o.pending = append(o.pending, odd, even)
}

func (o *offering) drop(item int, err error) {
	o.states[item].dropped = true
	o.dropped++
	o.settled([]int{item})
	o.payload.dropped(item, err)
}

// giveUp drops items without searching them.
func (o *offering) giveUp(items []int, err error) {
	o.dropped += len(items)
	o.settled(items)
	o.payload.givenUp(items, err)
}

// wait waits for the back-off, or gives up everything left when max_elapsed_time is
// over.
func (o *offering) wait(ctx context.Context) error {
	wait, ok := o.retry.next()
	if !ok {
		o.giveUp(o.remaining(), o.latest)
		return nil
	}
	o.log.Warn("the pipeline refused "+o.what+", it is tried again",
		zap.Int("left", o.left), zap.Duration("in", wait), zap.String("error", errorText(o.latest)))
	return source.Sleep(ctx, wait)
}

// without returns the items that are not in left, a subsequence of items.
func without(items, left []int) (others []int) {
	for _, i := range items {
		if len(left) > 0 && left[0] == i {
			left = left[1:]
		} else {
			others = append(others, i)
		}
	}
	return others
}
