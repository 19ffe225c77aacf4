package threat

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const millions = 2_000_000

// bigList is a netset of distinct prefixes, all over the address space: three
// quarters are addresses, the rest networks around and beside them.
func bigList(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	seen := make(map[netip.Prefix]bool, n)
	var b bytes.Buffer
	for len(seen) < n {
		p := netip.PrefixFrom(randomAddr(rng), 32)
		if rng.IntN(4) == 0 {
			p = netip.PrefixFrom(p.Addr(), 20+rng.IntN(11)).Masked()
		}
		if check(p) != nil || seen[p] {
			continue
		}
		seen[p] = true
		b.WriteString(p.String())
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// randomAddr is one of the unicast addresses in use.
func randomAddr(rng *rand.Rand) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(11 + rng.IntN(212)), byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32())})
}

func bigFile(tb testing.TB, n int) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "big.netset")
	require.NoError(tb, os.WriteFile(path, bigList(n), 0o644))
	return path
}

func loaded(tb testing.TB, path string) *Indicators {
	tb.Helper()
	x, err := New(Config{}, []Feed{fileFeed("big", path)}, Deps{})
	require.NoError(tb, err)
	tb.Cleanup(x.Close)
	x.Load(tb.Context())
	require.NoError(tb, x.Status()[0].Err)
	return x
}

// go test ./internal/enrich/threat -run '^$' -bench Lookup
//
// known are addresses of the table, in random order, so that nearly every step
// misses the caches; strangers are addresses at random; clients are what a
// bucket sees, where one of twenty requests is by somebody known and clients
// come back.
func BenchmarkLookup(b *testing.B) {
	x := loaded(b, bigFile(b, millions))
	t := x.table.Load()
	rng := rand.New(rand.NewPCG(3, 4))
	known, strangers, clients := make([]netip.Addr, 1<<20), make([]netip.Addr, 1<<20), make([]netip.Addr, 1<<20)
	for i := range known {
		known[i] = t.items[rng.IntN(len(t.items))].prefix.Addr()
		strangers[i] = randomAddr(rng)
	}
	zipf := rand.NewZipf(rng, 1.1, 8, 100_000)
	for i := range clients {
		n := zipf.Uint64()
		if clients[i] = strangers[n]; n%20 == 0 {
			clients[i] = known[n]
		}
	}
	now := time.Now().Unix()
	for name, addrs := range map[string][]netip.Addr{"known": known, "strangers": strangers, "clients": clients} {
		for _, addr := range addrs {
			x.Lookup(addr, now) // the answers are made
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			found := 0
			i := 0
			for b.Loop() {
				if x.Lookup(addrs[i&(1<<20-1)], now) != nil {
					found++
				}
				i++
			}
			b.ReportMetric(float64(found)/float64(i), "found/op")
		})
	}
}

// BenchmarkLoad is a list to a table. Its floor parses the same prefixes by the standard
// library, and does nothing with them.
//
//	go test ./internal/enrich/threat -run '^$' -bench Load -benchtime 3x -count 6 | tee new.txt
//	benchstat -col '/impl@(floor ours)' new.txt
func BenchmarkLoad(b *testing.B) {
	list := bigList(millions)
	b.Run("impl=ours", func(b *testing.B) {
		b.SetBytes(int64(len(list)))
		for b.Loop() {
			l, err := decodeText(testFeed(), list)
			if err != nil {
				b.Fatal(err)
			}
			newTable([]string{"test"}, l.items, 0)
		}
	})
	b.Run("impl=floor", func(b *testing.B) {
		b.SetBytes(int64(len(list)))
		text := string(list)
		for b.Loop() {
			for line := range strings.Lines(text) {
				if _, err := netip.ParsePrefix(strings.TrimSuffix(line, "\n")); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// watchHeap follows the heap until stop is closed, then sends its peak.
func watchHeap() (stop chan struct{}, peak chan uint64) {
	stop, peak = make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		for {
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(2 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	}()
	return stop, peak
}

func peakAbove(stop chan struct{}, peak chan uint64, before uint64) int64 {
	close(stop)
	return int64(<-peak) - int64(before)
}
