package geo

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// networksOfBenchmark are the /20 of 20.0.0.0/8 that each database of a benchmark has.
const networksOfBenchmark = 1 << 12

// benchmarked returns a DB with a City and an ASN database.
func benchmarked(b *testing.B) *DB {
	b.Helper()
	return newRig(b, testFile("bench/city"), testFile("bench/asn")).DB
}

// A lookup in a City and an ASN database: of a thousand networks that are in the
// cache, of networks that are not, and of both.
//
//	go test -run=- -bench=Lookup -count=6 ./internal/enrich/geo
func BenchmarkLookup(b *testing.B) {
	db := benchmarked(b)
	rng := rand.New(rand.NewPCG(1, 2))
	var addrs [networksOfBenchmark]netip.Addr
	for i, n := range rng.Perm(len(addrs)) {
		addrs[i] = netip.AddrFrom4([4]byte{20, byte(n >> 4), byte(n<<4 | rng.IntN(16)), byte(rng.IntN(256))})
	}
	hot, cold := addrs[:1000], addrs[1000:]
	warm := func() { // leaves the hot ones in the cache, and nothing else
		db.inUse.Store(newDatabases(db.inUse.Load().files))
		for _, addr := range hot {
			db.Lookup(addr)
		}
	}
	for _, percent := range []int{100, 95, 0} {
		b.Run(fmt.Sprintf("%d%%cached", percent), func(b *testing.B) {
			warm()
			b.ReportAllocs()
			i, next := 0, 0
			for b.Loop() {
				addr := hot[i%len(hot)]
				if i++; i%100 >= percent {
					addr = cold[next]
					if next++; next == len(cold) { // from here on they would be cached
						b.StopTimer()
						warm()
						next = 0
						b.StartTimer()
					}
				}
				if db.Lookup(addr) == nil {
					b.Fatal(addr, "is not found")
				}
			}
		})
	}
}

// What it costs to read and verify a file.
//
//	go test -run=- -bench=Load ./internal/enrich/geo
func BenchmarkLoad(b *testing.B) {
	db := benchmarked(b)
	for _, f := range db.inUse.Load().files {
		info, err := os.Stat(f.path)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Base(f.path), func(b *testing.B) {
			b.SetBytes(info.Size())
			for b.Loop() {
				if _, err := load(f.path); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
