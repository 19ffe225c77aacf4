package checkpoint

import (
	"encoding/binary"
	"math/bits"
)

// A table is at most 9/10 full, and grows by a sixteenth: the 18 bytes of a pair
// then take 20.0 to 21.3. More room would make it little faster, since most of a
// look-up is one cache miss.
const minHomes = 64

// loose is a flag in a slot: the pair is in no page yet.
const loose = 1 << 15

// table is a set of pairs, ID and slot. It is a sorted array with gaps:
//
//	homes                                                tail
//	| a . | b c d . . | e f . . | g . . h i j k l m . . .| . . . |
//
// The hash gives each ID a home, in the order of the IDs; the ID is there, or in
// the first place after it that keeps the order, with no gap between. So a
// look-up walks from the home to the first gap or greater ID, about five places,
// and growing is one pass from the front to the back. The tail is for IDs whose
// home is near the end.
//
// The zero value is an empty table. contains must not run concurrently with insert; it
// reads only ids. without makes a new table and only reads.
type table struct {
	ids   []hash
	slots []uint16 // of ids, by index; with flags
	homes uint64
	n     int // pairs
}

// hash is an ID as two numbers in big-endian order; both zero is a gap.
type hash struct{ hi, lo uint64 }

// hashOf never returns a gap: it takes the ID zero for the ID one.
func hashOf(id ID) hash {
	h := hash{binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])}
	if h == (hash{}) {
		h.lo = 1
	}
	return h
}

func (h hash) id() (id ID) {
	binary.BigEndian.PutUint64(id[:8], h.hi)
	binary.BigEndian.PutUint64(id[8:], h.lo)
	return id
}

func (h hash) less(other hash) bool {
	return h.hi < other.hi || h.hi == other.hi && h.lo < other.lo
}

// home scales the hash to a place.
func (t *table) home(h hash) uint64 {
	place, _ := bits.Mul64(h.hi, t.homes)
	return place
}

// find returns the place of the first pair with this hash, or where it belongs.
func (t *table) find(h hash) uint64 {
	i := t.home(h)
	for i < uint64(len(t.ids)) && t.ids[i] != (hash{}) && t.ids[i].less(h) {
		i++
	}
	return i
}

// contains reports whether there is a pair with this ID.
func (t *table) contains(id ID) bool {
	h := hashOf(id)
	i := t.find(h)
	return i < uint64(len(t.ids)) && t.ids[i] == h
}

// insert adds a pair with a flag, 0 or loose, or returns false when the table has
// the pair already. It reallocates unless the table has room.
func (t *table) insert(id ID, slot, flag uint16) bool {
	if t.n >= capacity(t.homes) {
		*t = t.without(nil, 1)
	}
	h := hashOf(id)
	i := t.find(h)
	for ; i < uint64(len(t.ids)) && t.ids[i] == h; i++ {
		if t.slots[i]&^loose == slot {
			return false
		}
	}
	gap := i
	for gap < uint64(len(t.ids)) && t.ids[gap] != (hash{}) {
		gap++
	}
	if gap == uint64(len(t.ids)) {
		t.ids = append(t.ids, hash{}) // the tail is full: it gets longer
		t.slots = append(t.slots, 0)
	}
	copy(t.ids[i+1:gap+1], t.ids[i:gap])
	copy(t.slots[i+1:gap+1], t.slots[i:gap])
	t.ids[i], t.slots[i] = h, slot|flag
	t.n++
	return true
}

// loosePlaces returns the places of up to limit loose pairs with this slot, valid
// until the next insert.
func (t *table) loosePlaces(slot uint16, limit int) []int {
	places := make([]int, 0, limit)
	for i, other := range t.slots {
		if other == slot|loose {
			if places = append(places, i); len(places) == limit {
				break
			}
		}
	}
	return places
}

// looseIDs returns the IDs of all loose pairs by slot.
func (t *table) looseIDs() map[uint16][]ID {
	all := map[uint16][]ID{}
	for i, slot := range t.slots {
		if slot&loose != 0 {
			all[slot&^loose] = append(all[slot&^loose], t.ids[i].id())
		}
	}
	return all
}

// without returns a table of the pairs whose slot is not in dropped, with room
// for more further pairs.
func (t *table) without(dropped map[uint16]bool, more int) table {
	kept := t.n
	if len(dropped) > 0 {
		kept = 0
		for i, h := range t.ids {
			if h != (hash{}) && !dropped[t.slots[i]&^loose] {
				kept++
			}
		}
	}
	homes := homesFor(kept + max(more, kept/16))
	places := homes + 128 + homes/1024 // longer than any run of random hashes
	next := table{ids: make([]hash, places), slots: make([]uint16, places), homes: homes, n: kept}
	free := uint64(0) // everything before is taken, or before the next home
	for i, h := range t.ids {
		if h == (hash{}) || dropped[t.slots[i]&^loose] {
			continue
		}
		free = max(free, next.home(h))
		if free == uint64(len(next.ids)) {
			next.ids = append(next.ids, hash{})
			next.slots = append(next.slots, 0)
		}
		next.ids[free], next.slots[free] = h, t.slots[i]
		free++
	}
	return next
}

// hasRoom reports whether more pairs fit without a new table.
func (t *table) hasRoom(more int) bool { return t.n+more <= capacity(t.homes) }

func capacity(homes uint64) int { return int(homes / 10 * 9) }

// homesFor returns how many homes n pairs need.
func homesFor(n int) uint64 { return max(uint64(n/9+1)*10, minHomes) }
