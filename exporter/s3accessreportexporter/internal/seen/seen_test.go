package seen

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWindowKnowsTheLastOnes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	w := New()
	var all []uint64
	for len(all) < Most+300_000 {
		uid := random.Uint64()
		if len(all)%2 == 0 {
			uid = uint64(len(all)) + 2 // not random: neighbours
		}
		require.True(t, w.Add(uid))
		all = append(all, uid)
	}
	assert.Equal(t, Most, w.Len())
	last := all[len(all)-Most:]
	for i, uid := range last {
		if w.At(i) != uid || w.Add(uid) {
			t.Fatalf("the %d-th of the last %d is not known", i, Most)
		}
	}
	assert.True(t, w.Add(all[0]), "what came before them is forgotten")
}

func TestWindowTakesAtMost24MiB(t *testing.T) {
	w := New()
	for uid := range uint64(Most + 10) {
		w.Add(uid + 1)
	}
	const word = int(unsafe.Sizeof(w.table[0]))
	assert.LessOrEqual(t, (cap(w.table)+cap(w.ring))*word, 24<<20)
}

func TestUIDZeroIsOne(t *testing.T) {
	w := New()
	assert.True(t, w.Add(0))
	assert.False(t, w.Add(0))
}

func BenchmarkAdd(b *testing.B) {
	w := New()
	random := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		w.Add(random.Uint64())
	}
}
