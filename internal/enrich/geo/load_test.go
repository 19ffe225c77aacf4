package geo

import (
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Two databases are swapped a thousand times each while others look up: every
// lookup answers, with a place that one pair of them had.
func TestSwappedUnderLoad(t *testing.T) {
	swaps := 300
	if testing.Short() {
		swaps = 100
	}
	codes := []string{"DE", "FR"}
	var places, systems [2][]byte
	for i, code := range codes {
		places[i] = everywhere(t, code)
		systems[i] = everywhere(t, "AS-"+code)
	}
	place, system := stored(t, "place.mmdb", places[0]), stored(t, "system.mmdb", systems[0])
	r := newRig(t, place, system)

	var stop atomic.Bool
	var lookups, swapped atomic.Int64
	var readers sync.WaitGroup
	for reader := range 4 {
		readers.Go(func() {
			last, seen := "", int64(0)
			for i := reader; !stop.Load(); i++ {
				lookups.Add(1)
				addr := netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)})
				p := r.Lookup(addr)
				if p == nil || p.CountryISOCode != "DE" && p.CountryISOCode != "FR" || p.ASNumber-64496 > 1 ||
					p.ASOrganization != "Example "+codes[p.ASNumber-64496] {
					t.Errorf("%s: %+v", addr, p)
					return
				}
				if p.CountryISOCode != last {
					last = p.CountryISOCode
					seen++
				}
				runtime.Gosched()
			}
			swapped.Add(seen)
		})
	}
	for i := range swaps {
		store(t, place, places[(i+1)%2])
		store(t, system, systems[(i+1)%2])
		require.Equal(t, []LoadOutcome{Loaded, Loaded}, outcomes(r.look()), "swap %d", i)
		require.Equal(t, codes[(i+1)%2], r.country("192.0.2.1"))
	}
	stop.Store(true)
	readers.Wait()
	assert.Greater(t, swapped.Load(), int64(swaps/10), "the readers saw the swaps")
	t.Logf("%d lookups over %d swaps", lookups.Load(), 2*swaps)
}

// As soon as an address was looked up once, its whole network costs nothing, in
// each family, with several databases, and also where nothing is known.
func TestCachedLookupsAllocateNothing(t *testing.T) {
	for _, r := range []*rig{newRig(t, testFile("berlin")), newRig(t, testFile("berlin"), sample)} {
		for first, next := range map[string]string{
			"192.0.2.1":        "192.0.2.5",
			"::ffff:192.0.2.1": "::ffff:192.0.2.5",
			"2001:db8::1":      "2001:db8::2",
			"198.51.100.1":     "198.51.100.2",
			"8.8.8.8":          "8.8.4.4",
			"10.0.0.1":         "10.0.0.2",
		} {
			r.at(first)
			addr := netip.MustParseAddr(next)
			assert.Zero(t, testing.AllocsPerRun(100, func() { // 25 addresses of the network, in turn
				r.Lookup(addr)
				if addr = addr.Next(); addr.As16()[15] == 30 {
					addr = netip.MustParseAddr(next)
				}
			}), next)
		}
	}
}

// A new file is decoded once for each place, no more.
func TestAllocationsAfterASwap(t *testing.T) {
	path := stored(t, "test.mmdb", everywhere(t, "DE"))
	r := newRig(t, path)
	r.at("192.0.2.1")
	store(t, path, everywhere(t, "FR"))
	r.look()
	r.at("192.0.2.1")
	addr := netip.MustParseAddr("192.0.2.1")
	assert.Zero(t, testing.AllocsPerRun(100, func() { r.Lookup(addr) }))
}

// However many positions come, the cache has its slots, and what it returns is
// what was put there for this position.
func TestTheCacheIsBounded(t *testing.T) {
	c := newCache(2)
	entries := make([]*cached, 3*cacheSlots)
	for i := range entries {
		entries[i] = &cached{at: position{uint32(i + 1), uint32(i % 7)}}
		c.put(entries[i])
		if c.get(&entries[i].at) != entries[i] {
			t.Fatal("not kept:", i)
		}
	}
	kept := 0
	for _, entry := range entries {
		if got := c.get(&entry.at); got == entry {
			kept++
		} else if got != nil {
			t.Fatal("another position's:", got.at)
		}
	}
	assert.LessOrEqual(t, kept, cacheSlots)
	assert.Greater(t, kept, cacheSlots*9/10, "positions spread over the slots")
}

// Positions as files have them, neighbours a few bytes apart, spread.
func TestAHalfFullCacheKeepsNearlyAll(t *testing.T) {
	for _, step := range []uint32{1, 3, 16, 64, 77, 4096} {
		c := newCache(1)
		for i := range uint32(cacheSlots / 2) {
			c.put(&cached{at: position{i*step + 1}})
		}
		kept := 0
		for i := range uint32(cacheSlots / 2) {
			if c.get(&position{i*step + 1}) != nil {
				kept++
			}
		}
		assert.Greater(t, kept, cacheSlots/2*96/100, "%d bytes apart", step)
	}
}

// A network's addresses, and those of one place in many networks, have slots of
// their own.
func TestRecentAddressesSpread(t *testing.T) {
	for _, format := range []string{"192.0.%[2]d.%[1]d", "20.%d.%d.7", "2001:db8:%x:%x::1", "2001:db8:%x%02x::1", "2001:db8::%x:%x"} {
		r := newRecent()
		found := &cached{}
		addrs := make([]address, 0, 2048)
		for i := range cap(addrs) {
			addrs = append(addrs, addressOf(netip.MustParseAddr(fmt.Sprintf(format, i%256, i/256))))
			r.put(addrs[i], found)
		}
		kept := 0
		for _, a := range addrs {
			if r.get(a) != nil {
				kept++
			}
		}
		assert.Greater(t, kept, len(addrs)*9/10, format)
	}
}

// Many write the same few slots at once: what is read is always what was written
// for the address that was asked for.
func TestRecentAddressesUnderLoad(t *testing.T) {
	r := recent{make([]recentSlot, recentSlots)}
	var addrs []address // of the same slot
	found := map[address]*cached{}
	for i := uint64(1); len(addrs) < 8; i++ {
		if a := (address{i * 3, i}); r.slot(a) == r.slot(address{3, 1}) {
			addrs = append(addrs, a)
			found[a] = &cached{}
		}
	}
	var hits atomic.Int64
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 50_000 {
				a := addrs[(i*7+worker)%len(addrs)]
				if got := r.get(a); got == nil {
					r.put(a, found[a])
				} else if got == found[a] {
					hits.Add(1)
				} else {
					t.Error("another address's")
				}
			}
		})
	}
	all.Wait()
	for _, a := range addrs { // no slot stays taken
		r.put(a, found[a])
		assert.Same(t, found[a], r.get(a))
		hits.Add(1)
	}
	assert.Positive(t, hits.Load())
}
