package tally

import (
	"math/rand/v2"
	"testing"
	"time"
)

func FuzzAddStored(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 1))
	var c Records
	c.Begin(now)
	for range 50 {
		r := made(random, random.Int64N(1000))
		c.Append(&r)
	}
	f.Add(append([]byte(nil), c.Bytes()...))
	f.Add([]byte{})
	of := New(720 * time.Hour)
	f.Fuzz(func(_ *testing.T, value []byte) {
		_ = of.AddStored(value) // no panic
	})
}

func FuzzRestore(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 1))
	of := New(720 * time.Hour)
	for range 300 {
		r := made(random, random.Int64N(20*minDay))
		of.Add(&r, now)
	}
	for part := range of.Save() {
		f.Add(append([]byte(nil), part...))
	}
	f.Fuzz(func(_ *testing.T, part []byte) {
		again := New(720 * time.Hour)
		if again.Restore(part) == nil { // no panic, and what was read can be used
			_ = again.Memory()
			for range again.Save() {
			}
		}
	})
}
