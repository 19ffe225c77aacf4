package s3accesslogsreceiver

import (
	"slices"
	"sync"
)

const (
	growAfter    = 100 // accepted pieces; twice as many each time that growth was refused
	maxGrowAfter = 6400
	growth       = 8 // by the eighth part
)

// sizeLimit is the size that a back end is known to take, learned when it refused
// a larger one. It is in bytes, as the limits of gateways and of gRPC are. It grows
// back slowly, and is forgotten when it reaches what was refused.
type sizeLimit struct {
	mu      sync.Mutex // guards everything below
	size    int        // of a piece, at most; 0: no limit is known
	fits    int        // the largest size that was accepted
	refused int        // the largest size that was not, when the limit was learned
	count   int        // pieces accepted since size changed
	after   int        // how many make it grow
	grown   bool       // since a refusal
}

// limit returns the size of a piece, at most, or 0 when no limit is known.
func (l *sizeLimit) limit() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// accept notes a piece that was accepted while a limit was known.
func (l *sizeLimit) accept(size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size == 0 {
		return
	}
	l.fits = max(l.fits, size)
	if l.count++; l.count < l.after {
		return
	}
	l.count, l.grown = 0, true
	if l.size += l.size/growth + 1; l.size >= l.refused {
		l.size = 0
	}
}

// refuse notes a piece that was refused while a limit was known. Whatever the
// reason, pieces do not get larger than what was accepted for some time.
func (l *sizeLimit) refuse(size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > l.fits && size > l.fits {
		l.set(l.fits)
	}
}

// learn notes that pieces of up to the size refused were not accepted, and then
// all that was in them in pieces of up to the size accepted.
func (l *sizeLimit) learn(refused, accepted int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fits >= refused {
		l.fits = 0
	}
	l.fits, l.refused = max(l.fits, accepted), max(l.refused, refused)
	l.set(l.fits)
}

// set makes size the limit; mu is held.
func (l *sizeLimit) set(size int) {
	l.after = max(l.after, growAfter)
	if l.grown {
		l.after = min(2*l.after, maxGrowAfter)
	}
	l.size, l.count, l.grown = size, 0, false
}

// cut returns as many of the items as are known to fit, and the others.
func (o *offering) cut(items []int) (first, others []int) {
	limit, size := o.fits.limit(), 0
	if limit == 0 {
		return items, nil
	}
	for i, item := range items {
		if size += o.size(item); size > limit && i > 0 {
			return items[:i], items[i:]
		}
	}
	return items, nil
}

// learn tells the limit of sizes that all that was accepted is smaller than all
// that was refused, if that is so. What was refused with an item that was dropped
// tells nothing of sizes.
func (o *offering) learn() {
	var refused []int // sizes
	for _, piece := range o.refused {
		if !slices.ContainsFunc(piece, func(i int) bool { return o.states[i].dropped }) {
			refused = append(refused, o.sizeOf(piece))
		}
	}
	if len(refused) == 0 {
		return
	}
	largest := 0
	for _, piece := range o.taken {
		largest = max(largest, o.sizeOf(piece))
	}
	if 0 < largest && largest < slices.Min(refused) {
		o.fits.learn(slices.Max(refused), largest)
	}
}

func (o *offering) sizeOf(items []int) (size int) {
	for _, i := range items {
		size += o.size(i)
	}
	return size
}

// size asks for the size of an item once.
func (o *offering) size(item int) int {
	if o.sizes == nil {
		o.sizes = make([]int, len(o.states))
	}
	if o.sizes[item] == 0 {
		o.sizes[item] = o.payload.size(item)
	}
	return o.sizes[item]
}
