package s3accesslogsreceiver

import (
	"context"
	"math/bits"
	"slices"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// lastOffers is how often the last items of a payload are offered again, with the
// back-off, when nothing is left whose acceptance could tell a fault of theirs
// from one of the back end.
const lastOffers = 5

// quotaOffers is the same for an item whose refusals may be those of a quota that
// others use up.
const quotaOffers = 20

// offering is a payload on its way to the pipeline.
//
// A piece that is refused is cut in halves, these in halves, down to single items.
// An item that is refused alone is a suspect. It is offered again when something
// was accepted whose offer began after that refusal, and dropped when it is refused
// again: the back end was well in between.
//
// Refusals cost nothing as long as something is accepted every now and then. After
// depth refusals in a row single items from all over the payload are offered; after
// twice as many there is a wait of the back-off before each offer, which is in turn
// of all that is left and of a single item. When only suspects are left there is a
// wait too.
type offering struct {
	*refusals
	payload payload
	retry   *retryTimer
	depth   int // refusals on the way from all items down to one

	states   []itemState
	left     int     // items that are not done
	pending  [][]int // a stack of pieces; what is done or a suspect by now is no longer part of them
	suspects []int   // with what is done by now; the longest suspected first
	dropped  int

	quiet     int   // refusals since anything was accepted
	seen      int64 // refusals.accepted when quiet was set to 0
	accepted  bool  // anything of this payload was
	throttled bool  // the latest offer was of a single item, and may have been over a quota
	latest    error // refusal
	turns     int   // that were waited for
	probed    int   // the item that was last offered as a probe

	sizes          []int   // by item; 0: it was not asked for
	taken, refused [][]int // pieces, for learn
}

type itemState struct {
	done, dropped bool
	throttled     bool  // its refusal may have been one of too much at a time
	offers        uint8 // after a wait, when the next refusal does not convict it
	suspected     int64 // the moment of its refusal; 0: it was not refused alone
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
	paced bool // there is a wait before
	rest  bool // it is all that is left, whose pieces stay pending
}

func (o *offering) next() turn {
	if at := o.refusals.accepted.Load(); at > o.seen {
		o.seen, o.quiet = at, 0
	}
	o.suspects = slices.DeleteFunc(o.suspects, func(i int) bool { return o.states[i].done })
	if len(o.suspects) > 0 && o.ripe(o.suspects[0]) {
		// What was accepted may have used up a quota.
		return turn{items: o.suspects[:1:1], paced: o.throttled || o.states[o.suspects[0]].throttled}
	}
	top := o.top()
	switch {
	case top != nil && o.quiet < o.depth:
		first, others := o.cut(top)
		o.pending = o.pending[:len(o.pending)-1]
		if len(others) > 0 {
			o.pending = append(o.pending, others)
		}
		return turn{items: first, paced: o.throttled}
	case top != nil && o.quiet < 2*o.depth:
		return turn{items: o.probe(), paced: o.throttled}
	}
	if o.turns++; o.turns%2 == 1 && (top != nil || !o.accepted) {
		first, _ := o.cut(o.remaining())
		return turn{items: first, paced: true, rest: true}
	}
	return turn{items: o.probe(), paced: true}
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

// ripe reports whether anything was accepted whose offer began after the item was
// refused alone.
func (o *offering) ripe(item int) bool {
	since := o.states[item].suspected
	return since > 0 && since < o.refusals.accepted.Load()
}

// remaining returns what is not done.
func (o *offering) remaining() (items []int) {
	for i := range o.states {
		if !o.states[i].done {
			items = append(items, i)
		}
	}
	return items
}

// probe returns one item, each time one of another part of the payload. It is a
// suspect only when no others are left.
func (o *offering) probe() []int {
	n := len(o.states)
	for step := stride(n); ; {
		o.probed = (o.probed + step) % n
		if s := &o.states[o.probed]; !s.done && (s.suspected == 0 || len(o.pending) == 0) {
			return []int{o.probed}
		}
	}
}

// stride returns a step of about 0.618 n that comes by all of n places.
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
	convicting := len(items) == 1 && o.ripe(items[0])
	for {
		begin := o.moment()
		left, err := o.payload.offer(ctx, items)
		switch {
		case err == nil:
			o.accept(items, begin)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case len(left) < len(items):
			o.accept(without(items, left), begin)
			items = left
		}
		no := isRefusal(err)
		switch {
		case no && o.policy == refusalWait:
			o.refuse(items, convicting, t.rest, err)
			return nil
		case no, !o.retry.cfg.Enabled:
			o.giveUp(items, err)
			return nil
		}
		o.latest = err
		if err := o.wait(ctx); err != nil || o.left == 0 {
			return err
		}
		o.tried("retried")
	}
}

// accept notes that items are accepted whose offer began at a moment.
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

// refuse notes a permanent refusal. convicting says that something was accepted
// since the item was refused before, rest that items are those of turn.rest.
func (o *offering) refuse(items []int, convicting, rest bool, err error) {
	o.quiet++
	o.latest, o.throttled = err, false
	o.tried("retried")
	o.log.Warn("the pipeline refused "+o.what+" or a part of it permanently, what is left is offered again in parts",
		zap.Int("offered", len(items)), zap.Int("left", o.left), zap.String("error", words(err)))
	if len(items) > 1 {
		if !rest {
			o.refused = append(o.refused, items)
			if o.fits.limit() > 0 {
				o.fits.refuse(o.sizeOf(items))
			}
			o.split(items)
		}
		return
	}
	o.suspect(items[0], convicting, err)
}

// suspect notes that an item was refused alone.
func (o *offering) suspect(item int, convicting bool, err error) {
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
	case convicting && !s.throttled:
		o.drop(item, err)
		return
	case convicting, last && (o.accepted || s.offers > 0):
		if s.offers++; s.offers >= offers {
			o.drop(item, err)
			return
		}
	}
	if !known || convicting {
		o.suspects = append(slices.DeleteFunc(o.suspects, func(i int) bool { return i == item }), item)
		s.suspected = o.moment()
	}
}

// split puts the halves of a piece on the stack. When nothing else is pending,
// every other item goes into one: then what is held back, to tell a back end in
// trouble from items that it does not want, is like what is offered first.
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

// giveUp drops items without a further look.
func (o *offering) giveUp(items []int, err error) {
	o.dropped += len(items)
	o.settled(items)
	o.payload.givenUp(items, err)
}

// wait waits for the back-off, or gives up all that is left when max_elapsed_time
// is over.
func (o *offering) wait(ctx context.Context) error {
	wait, ok := o.retry.next()
	if !ok {
		o.giveUp(o.remaining(), o.latest)
		return nil
	}
	o.log.Warn("the pipeline refused "+o.what+", it is tried again",
		zap.Int("left", o.left), zap.Duration("in", wait), zap.String("error", words(o.latest)))
	return source.Sleep(ctx, wait)
}

// without returns the items that are not in left, which is a part of them.
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
