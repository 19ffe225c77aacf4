package geo

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"
)

// recentSlots is how many addresses are cached at most: half a megabyte of them.
const (
	recentSlots = 1 << recentBits
	recentBits  = 14
)

// recent caches the results of recent addresses, so that a repeated address costs
// neither a walk down each tree nor a lock nor an allocation. It is safe for
// concurrent use.
type recent struct {
	slots []recentSlot
}

// recentSlot holds one address. A reader that finds another version after it has
// read the rest than before has read something that was being written.
//
//	version  even --a writer takes the slot--> odd --it has written--> even + 2
type recentSlot struct {
	version   atomic.Uint64
	high, low atomic.Uint64
	found     atomic.Pointer[cached]
}

func newRecent() recent { return recent{make([]recentSlot, recentSlots)} }

// address is one in the form of IPv6, IPv4 inside it, without a zone.
type address struct{ high, low uint64 }

func addressOf(addr netip.Addr) address {
	bytes := addr.As16()
	return address{binary.BigEndian.Uint64(bytes[:8]), binary.BigEndian.Uint64(bytes[8:])}
}

// get returns the result for an address, nil if it is not cached.
func (r *recent) get(a address) *cached {
	s := r.slot(a)
	version := s.version.Load()
	high, low, found := s.high.Load(), s.low.Load(), s.found.Load()
	if version%2 != 0 || high != a.high || low != a.low || s.version.Load() != version {
		return nil
	}
	return found
}

// put caches a result, unless another writer is at the same slot.
func (r *recent) put(a address, found *cached) {
	s := r.slot(a)
	version := s.version.Load()
	if version%2 != 0 || !s.version.CompareAndSwap(version, version+1) {
		return
	}
	s.high.Store(a.high)
	s.low.Store(a.low)
	s.found.Store(found)
	s.version.Store(version + 2)
}

func (r *recent) slot(a address) *recentSlot {
	hash := a.high * fibonacci
	hash = (hash ^ hash>>32 ^ a.low) * fibonacci
	return &r.slots[hash>>(64-recentBits)]
}
