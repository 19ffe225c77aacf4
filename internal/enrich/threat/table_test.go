package threat

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// entry is an item for tests.
func entry(feed uint16, prefix string, confidence int16, more ...func(*item)) item {
	it := item{prefix: netip.MustParsePrefix(prefix), detail: &detail{feed: feed, confidence: confidence}}
	for _, change := range more {
		change(&it)
	}
	return it
}

func between(from, until uint32) func(*item) {
	return func(it *item) { it.validity = validity{from, until} }
}

func by(actor string) func(*item) { return func(it *item) { it.detail.actor = actor } }

var feedNames = []string{"first", "second", "third"}

func TestMostConfidentWinsThenMostSpecific(t *testing.T) {
	table := newTable(feedNames, []item{
		entry(0, "203.0.113.0/24", 90, by("WIDE")),
		entry(1, "203.0.113.0/28", 50, by("NARROW")),
		entry(2, "203.0.113.7/32", 50),
		entry(0, "203.0.113.8/32", 90, by("EQUAL")),
		entry(1, "198.51.100.0/24", 20),
		entry(2, "198.51.100.0/24", 20),
		entry(2, "198.51.100.0/24", 20, by("NAMED")),
		entry(1, "2001:db8::/32", 15),
		entry(0, "2001:db8:1::/48", 85),
	}, 0)
	for addr, want := range map[string]enrich.Threat{
		"203.0.113.7":   {Indicator: "203.0.113.0/24", Confidence: enrich.High, Group: "WIDE", Feed: "first", Feeds: feedNames},
		"203.0.113.8":   {Indicator: "203.0.113.8", Confidence: enrich.High, Group: "EQUAL", Feed: "first", Feeds: []string{"first", "second"}},
		"203.0.113.1":   {Indicator: "203.0.113.0/24", Confidence: enrich.High, Group: "WIDE", Feed: "first", Feeds: []string{"first", "second"}},
		"203.0.113.255": {Indicator: "203.0.113.0/24", Confidence: enrich.High, Group: "WIDE", Feed: "first", Feeds: []string{"first"}},
		"198.51.100.1":  {Indicator: "198.51.100.0/24", Confidence: enrich.Low, Group: enrich.Unassigned, Feed: "second", Feeds: []string{"second", "third"}},
		"2001:db8::1":   {Indicator: "2001:db8::/32", Confidence: enrich.Low, Type: "ipv6-addr", Group: enrich.Unassigned, Feed: "second", Feeds: []string{"second"}},
		"2001:db8:1::1": {Indicator: "2001:db8:1::/48", Confidence: enrich.High, Type: "ipv6-addr", Group: enrich.Unassigned, Feed: "first", Feeds: []string{"first", "second"}},
	} {
		if want.Type == "" {
			want.Type = "ipv4-addr"
		}
		got := table.lookup(netip.MustParseAddr(addr), 0)
		require.NotNil(t, got, addr)
		assert.Equal(t, want, *got, addr)
	}
	for _, addr := range []string{"203.0.112.255", "203.0.114.0", "0.0.0.0", "255.255.255.255", "2001:db9::", "::"} {
		assert.Nil(t, table.lookup(netip.MustParseAddr(addr), 0), addr)
	}
}

func TestActorBeforeNone(t *testing.T) {
	table := newTable(feedNames, []item{entry(0, "192.0.2.1/32", 50), entry(0, "192.0.2.1/32", 50, by("NAMED"))}, 0)
	assert.Equal(t, "NAMED", table.lookup(netip.MustParseAddr("192.0.2.1"), 0).Group)
}

func TestIndicatorsMatchOnlyWhileTheyAreValid(t *testing.T) {
	table := newTable(feedNames, []item{
		entry(0, "203.0.113.0/24", 20),
		entry(1, "203.0.113.7/32", 90, between(100, 200)),
		entry(2, "198.51.100.1/32", 90, between(0, 150)),
	}, 0)
	inside, alone := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.1")
	for _, now := range []int64{0, 99, 100, 149, 150, 199, 200, 1 << 40, 120, 50} { // back in time too
		want, feeds := "203.0.113.0/24", []string{"first"}
		if now >= 100 && now < 200 {
			want, feeds = "203.0.113.7", []string{"first", "second"}
		}
		got := table.lookup(inside, now)
		require.NotNil(t, got, now)
		assert.Equal(t, want, got.Indicator, now)
		assert.Equal(t, feeds, got.Feeds, now)
		assert.Equal(t, now < 150, table.lookup(alone, now) != nil, now)
	}
}

func TestEdgesOfTheAddressSpace(t *testing.T) {
	table := newTable(feedNames, []item{
		entry(0, "0.0.0.0/8", 50), entry(0, "255.0.0.0/8", 50), entry(0, "255.255.255.255/32", 50),
		entry(0, "254.0.0.0/8", 50), entry(0, "ffff:ffff::/32", 50),
	}, 0)
	for addr, want := range map[string]string{
		"0.0.0.0": "0.0.0.0/8", "0.255.255.255": "0.0.0.0/8", "1.0.0.0": "", "253.255.255.255": "",
		"254.0.0.0": "254.0.0.0/8", "255.0.0.0": "255.0.0.0/8", "255.255.255.254": "255.0.0.0/8", "255.255.255.255": "255.255.255.255",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "ffff:ffff::/32",
	} {
		got := ""
		if threat := table.lookup(netip.MustParseAddr(addr), 0); threat != nil {
			got = threat.Indicator
		}
		assert.Equal(t, want, got, addr)
	}
}

// What the table finds is what looking at every item finds.
func TestTableFindsWhatLookingAtAllFinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 2, 10, 300, 3000} {
		items := randomItems(rng, n)
		table := newTable(feedNames, slices.Clone(items), 50)
		for range 2000 {
			addr := randomNear(rng, items)
			now := int64(rng.IntN(120))
			want, got := slowLookup(items, addr, now), table.lookup(addr, now)
			if want == nil {
				require.Nil(t, got, "%v at %d", addr, now)
				continue
			}
			require.NotNil(t, got, "%v at %d", addr, now)
			require.Equal(t, *want, *got, "%v at %d", addr, now)
		}
	}
}

// randomItems are crowded, so that many are inside others or the same.
func randomItems(rng *rand.Rand, n int) []item {
	var items []item
	for range n {
		addr := netip.AddrFrom4([4]byte{192, 0, byte(rng.IntN(4)), byte(rng.IntN(256))})
		if rng.IntN(3) == 0 {
			addr = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, byte(rng.IntN(4)), 15: byte(rng.IntN(256))})
		}
		p := netip.PrefixFrom(addr, addr.BitLen()-rng.IntN(addr.BitLen()*5/8)).Masked()
		it := item{prefix: p, detail: &detail{feed: uint16(rng.IntN(3)), confidence: int16(rng.IntN(5) * 25)}}
		if rng.IntN(3) == 0 {
			it.from = uint32(rng.IntN(50))
			it.until = it.from + uint32(rng.IntN(60)) + 1
		}
		items = append(items, it)
	}
	return items
}

func randomNear(rng *rand.Rand, items []item) netip.Addr {
	if len(items) == 0 || rng.IntN(20) == 0 {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], rng.Uint32())
		return netip.AddrFrom4(b)
	}
	p := items[rng.IntN(len(items))].prefix
	near := []netip.Addr{p.Addr(), lastOf(p), p.Addr().Prev(), lastOf(p).Next()}[rng.IntN(4)]
	if !near.IsValid() {
		return p.Addr()
	}
	return near
}

func slowLookup(items []item, addr netip.Addr, now int64) *enrich.Threat {
	var best *item
	var feeds []uint16
	for i := range items {
		it := &items[i]
		if !it.prefix.Contains(addr) || now < int64(it.from) || it.ended(now) {
			continue
		}
		feeds = append(feeds, it.detail.feed)
		if best == nil || it.detail.confidence > best.detail.confidence || it.detail.confidence == best.detail.confidence &&
			(it.prefix.Bits() > best.prefix.Bits() || it.prefix.Bits() == best.prefix.Bits() && it.detail.feed < best.detail.feed) {
			best = it
		}
	}
	if best == nil {
		return nil
	}
	slices.Sort(feeds)
	threat := (&table{feeds: feedNames}).threatOf(best, slices.Compact(feeds))
	return &threat
}

func TestLookupAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	table := newTable(feedNames, []item{entry(0, "203.0.113.0/24", 20, between(100, 200)), entry(0, "2001:db8::/32", 20)}, 150)
	for _, text := range []string{"203.0.113.7", "2001:db8::1", "192.0.2.1", "2001:db9::1"} {
		addr := netip.MustParseAddr(text)
		assert.Zero(t, testing.AllocsPerRun(100, func() { table.lookup(addr, 150) }), text)
	}
}

func TestReplacingOneFeedLeavesTheOthers(t *testing.T) {
	old := newTable(feedNames, []item{entry(0, "192.0.2.1/32", 50), entry(1, "192.0.2.2/32", 50)}, 0)
	renewed := old.with(map[uint16]*list{1: {items: []item{entry(1, "192.0.2.3/32", 50)}}}, 0)
	for addr, want := range map[string]bool{"192.0.2.1": true, "192.0.2.2": false, "192.0.2.3": true} {
		assert.Equal(t, want, renewed.lookup(netip.MustParseAddr(addr), 0) != nil, addr)
	}
	assert.NotNil(t, old.lookup(netip.MustParseAddr("192.0.2.2"), 0), "the old one is unchanged")
}

// Of a large table so many answers are ready at most; those that take each other's place
// stay right.
func TestReadyAnswersAreBounded(t *testing.T) {
	const n = 2*maxAnswers + 1
	items := make([]item, n)
	d := &detail{confidence: 50}
	at := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}) }
	for i := range items {
		items[i] = item{prefix: netip.PrefixFrom(at(i), 32), detail: d}
	}
	table := newTable(feedNames, items, 0)
	for range 2 {
		for i := range n {
			require.Equal(t, at(i).String(), table.lookup(at(i), 0).Indicator)
		}
	}
	assert.Len(t, table.ready, maxAnswers)
}
