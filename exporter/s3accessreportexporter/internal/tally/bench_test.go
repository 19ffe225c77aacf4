//go:build unix

package tally

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// A day with 65,536 records, again and again: a record costs at most 2 microseconds of
// the processor (cpu-ns/op), which other processes do not change much.
//
//	go test -run '^$' -bench Add -benchmem -benchtime 1000000x -cpu 1 ./internal/tally
func BenchmarkAdd(b *testing.B) {
	for name, keys := range map[string]int{"few keys": 200, "many keys": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			batch := make([]Record, 1<<16)
			for i := range batch {
				batch[i] = made(random, 0)
				r := &batch[i]
				r.Time = now - msDay + int64(i)*(msDay/int64(len(batch)))
				r.Key = fmt.Sprintf("orders/dt=2026-11-%02d/part-%05d.parquet", i%30, random.IntN(keys))
				r.Marks &= 1 << Denied
			}
			of := New(720 * time.Hour)
			i := 0
			b.ReportAllocs()
			before := processor()
			for b.Loop() {
				if i%len(batch) == 0 && i > 0 {
					for j := range batch {
						batch[j].Time += msDay
					}
				}
				r := &batch[i%len(batch)]
				r.UID = uint64(i) + 1
				of.Add(r, r.Time)
				i++
			}
			b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

func BenchmarkSave(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	of := New(720 * time.Hour)
	for i := range 300_000 {
		r := made(random, random.Int64N(20*minDay))
		r.UID = uint64(i) + 1
		of.Add(&r, now)
	}
	for b.Loop() {
		n := 0
		for part := range of.Save() {
			n += len(part)
		}
		b.ReportMetric(float64(n)/(1<<20), "MiB")
	}
}

// processor returns the time that this process had a processor, in ns.
func processor() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
