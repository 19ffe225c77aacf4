package geo

import (
	"sync/atomic"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

const (
	// cacheSlots, 65,536, bounds the cached places. A full cache takes about 15 MB with
	// the names, 130 MB with the longest possible texts.
	cacheSlots = cacheWays << groupBits
	// cacheWays is how many slots a position can be in: one cache line of them.
	cacheWays = 8
	groupBits = 13

	// spread is the multiplier of Fibonacci hashing, which spreads numbers that lie
	// in regular steps; the high bits of the product are the well mixed ones.
	fibonacci = 0x9e3779b97f4a7c15
)

// cache holds merged records by position. It is safe for concurrent use: an entry
// never changes once it is in a slot, and two that put the same position at once
// leave it there twice at worst.
type cache struct {
	files int                      // how many numbers of a position are used
	slots []atomic.Pointer[cached] // groups of cacheWays
	puts  *atomic.Uint32           // chooses which of a full group is replaced: the oldest, roughly
}

// cached is the result at a position. It never changes.
type cached struct {
	at    position
	empty bool // there are no records, or nothing of use in them
	place enrich.Place
}

// result returns the place, or nil.
func (c *cached) result() *enrich.Place {
	if c.empty {
		return nil
	}
	return &c.place
}

func newCache(files int) cache {
	return cache{files: files, slots: make([]atomic.Pointer[cached], cacheSlots), puts: new(atomic.Uint32)}
}

// get returns the result at a position, nil if it is not cached.
func (c *cache) get(at *position) *cached {
	group := c.group(at)
	for i := range group {
		if entry := group[i].Load(); entry != nil && entry.at == *at {
			return entry
		}
	}
	return nil
}

// put caches the result at a position.
func (c *cache) put(entry *cached) {
	group := c.group(&entry.at)
	slot := &group[c.puts.Add(1)%cacheWays]
	for i := range group {
		if group[i].Load() == nil {
			slot = &group[i]
			break
		}
	}
	slot.Store(entry)
}

// group returns the slots that a position can be in.
func (c *cache) group(at *position) []atomic.Pointer[cached] {
	var hash uint64
	for _, offset := range at[:c.files] {
		hash = (hash ^ uint64(offset)) * fibonacci
		hash ^= hash >> 32
	}
	first := hash * fibonacci >> (64 - groupBits) * cacheWays
	return c.slots[first : first+cacheWays]
}
