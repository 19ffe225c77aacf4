package s3accesslogsreceiver

import (
	"slices"
	"sync"
)

const (
	growAfter    = 100 // accepted pieces; doubled each time that a larger size is refused
	maxGrowAfter = 6400
	growth       = 8 // by an eighth
)

// sizeLimit is the size in bytes that a back end accepts, learned when it refused a
// larger one, as the limits of gateways and of gRPC are in bytes. It grows back slowly,
// and is removed when it reaches what was refused.
type sizeLimit struct {
	mu      sync.Mutex // guards everything below
	size    int        // maximum of a piece; 0 means no limit
	fits    int        // the largest size that was accepted
	refused int        // the largest size that was refused, when the limit was learned
	count   int        // pieces accepted since size changed
	after   int        // count at which size grows
	grown   bool       // since a refusal
}

// limit returns the maximum size of a piece, 0 for no limit.
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

// refuse notes a piece that was refused while a limit was known. Whatever the reason,
// pieces are limited to an accepted size for some time.
func (l *sizeLimit) refuse(size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > l.fits && size > l.fits {
		l.set(l.fits)
	}
}

// learn notes that pieces of up to the size refused were refused, and then their items
// accepted in pieces of up to the size accepted.
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

// cut returns the first items up to the limit, and the others.
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

// learn sets the size limit if everything accepted is smaller than everything refused.
// Refusals of pieces with a dropped item do not count: their reason is the item.
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

// size returns the cached size of an item.
func (o *offering) size(item int) int {
	if o.sizes == nil {
		o.sizes = make([]int, len(o.states))
	}
	if o.sizes[item] == 0 {
		o.sizes[item] = o.payload.size(item)
	}
	return o.sizes[item]
}
