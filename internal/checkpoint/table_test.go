package checkpoint

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func randomID(r *rand.Rand) (id ID) {
	binary.BigEndian.PutUint64(id[:8], r.Uint64())
	binary.BigEndian.PutUint64(id[8:], r.Uint64())
	return id
}

// requireOrder checks what the table's comment promises of its places.
func requireOrder(t *testing.T, tab *table) {
	t.Helper()
	var last hash
	n, gap := 0, -1
	for i, h := range tab.ids {
		if h == (hash{}) {
			gap = i
			continue
		}
		n++
		require.False(t, h.less(last), "place %d", i)
		require.LessOrEqual(t, tab.home(h), uint64(i))
		require.Less(t, gap, int(tab.home(h)), "a gap between home and place %d", i)
		last = h
	}
	require.Equal(t, tab.n, n)
}

func TestTableIsASetOfPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for name, makeID := range map[string]func() ID{
		"hashes": func() ID { return randomID(random) },
		"few":    func() ID { return ID{15: byte(random.IntN(200))} },
		"in the tail": func() ID {
			return ID{255, 255, 255, 255, 255, 255, 255, 255, 14: byte(random.IntN(8)), 15: byte(random.IntN(200))}
		},
		"one home": func() ID { return ID{8: byte(random.IntN(20)), 15: byte(random.IntN(200))} },
	} {
		t.Run(name, func(t *testing.T) {
			type pair struct {
				id   ID
				slot uint16
			}
			var tab table
			want, ids := map[pair]bool{}, map[ID]int{}
			for range 6000 {
				p := pair{makeID(), uint16(random.IntN(3))}
				if p.id == (ID{}) {
					p.id[15] = 1 // the same to a table
				}
				require.Equal(t, !want[p], tab.insert(p.id, p.slot, uint16(random.IntN(2))*loose))
				if !want[p] {
					want[p] = true
					ids[p.id]++
				}
			}
			requireOrder(t, &tab)
			less := tab.without(map[uint16]bool{1: true}, 100)
			requireOrder(t, &less)
			for p := range want {
				require.True(t, tab.contains(p.id))
				if p.slot == 1 {
					ids[p.id]--
				}
			}
			for id, n := range ids {
				require.Equal(t, n > 0, less.contains(id))
			}
			for range 1000 {
				id := randomID(random)
				require.Equal(t, ids[id] > 0, less.contains(id))
			}
		})
	}
}

func TestEmptyTableContainsNothing(t *testing.T) {
	var tab table
	assert.False(t, tab.contains(ID{}))
	assert.False(t, tab.contains(ID{255, 255, 255, 255, 255, 255, 255, 255}))
	tab = tab.without(map[uint16]bool{0: true}, 0)
	assert.False(t, tab.contains(ID{}))
}

// The zero ID, which no object has but by a chance of 1 in 2^128, is kept too.
func TestTableKeepsTheZeroID(t *testing.T) {
	var tab table
	require.True(t, tab.insert(ID{}, 3, loose))
	require.False(t, tab.insert(ID{}, 3, loose))
	assert.True(t, tab.contains(ID{}))
}

func TestTableStaysWithinItsBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	var tab table
	worst := 0.0
	for n := 1; n <= 300_000; n++ {
		require.True(t, tab.insert(randomID(random), 0, 0))
		if n >= 20_000 {
			worst = math.Max(worst, float64(18*cap(tab.ids))/float64(n))
		}
	}
	assert.Less(t, worst, 21.6, "bytes per ID")
}
