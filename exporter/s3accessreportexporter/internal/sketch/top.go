package sketch

import (
	"cmp"
	"iter"
	"slices"
)

// Entry is a text and what was counted of it.
type Entry struct {
	Hash  uint64
	Count uint64 // never too low
	Over  uint64 // Count is too high by at most this
	Side  uint64 // what came along while the text was in the list
	Last  int64  // the caller's
	Text  []byte
}

// Top holds the texts with the highest counts, by the algorithm Space-Saving of Metwally,
// Agrawal and El Abbadi: a new text takes the place of the lowest one, and its count. A
// text whose true count is above the lowest count is in the list.
type Top struct {
	most  int
	floor uint64 // what a text that fell out of the list can have been counted, at most
	slots []Entry
	heap  []node  // the lowest count first
	place []int32 // of each slot in the heap
	index []int32 // slots by hash, linear probing; 0 is empty, else slot+1
}

// node is a slot and its count.
type node struct {
	count uint64
	slot  int32
}

// NewTop returns an empty list of at most `most` texts.
func NewTop(most int) *Top { return &Top{most: most} }

// Add counts a text and returns its entry, which is valid until the list is changed. Of a
// text that was not known, the caller sets Text.
func (t *Top) Add(hash, count, side uint64) (e *Entry, known bool) {
	if slot := t.find(hash); slot >= 0 {
		e := &t.slots[slot]
		e.Count += count
		e.Side += side
		place := t.place[slot]
		t.heap[place].count = e.Count
		t.down(place)
		return e, true
	}
	base := t.Lowest()
	if len(t.slots) < t.most {
		return t.insert(Entry{Hash: hash, Count: base + count, Over: base, Side: side}), false
	}
	slot := t.heap[0].slot
	e = &t.slots[slot]
	t.forget(e.Hash)
	e.Hash, e.Over, e.Count, e.Side, e.Last, e.Text = hash, base, base+count, side, 0, e.Text[:0]
	t.remember(slot)
	t.heap[0].count = e.Count
	t.down(0)
	return e, false
}

// Len returns how many texts are in the list.
func (t *Top) Len() int { return len(t.slots) }

// Full reports whether a further text would take the place of one.
func (t *Top) Full() bool { return len(t.slots) >= t.most }

// Lowest returns what the true count of a text outside of the list cannot exceed.
func (t *Top) Lowest() uint64 {
	if !t.Full() || len(t.heap) == 0 {
		return t.floor
	}
	return max(t.floor, t.heap[0].count)
}

// Entries returns the entries, the highest count first; equal counts by text. They are
// valid until the list is changed.
func (t *Top) Entries() []Entry {
	all := slices.Clone(t.slots)
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Text, b.Text))
	})
	return all
}

// Merge adds another list. What is in one list only counts in the other as its lowest, so
// that no count gets too low.
func (t *Top) Merge(other *Top) {
	all := make([]Entry, 0, len(t.slots)+len(other.slots))
	mine, theirs := t.Lowest(), other.Lowest()
	for _, e := range t.slots {
		if slot := other.find(e.Hash); slot >= 0 {
			o := &other.slots[slot]
			e.Count, e.Over, e.Side = e.Count+o.Count, e.Over+o.Over, e.Side+o.Side
			if o.Last > e.Last {
				e.Last, e.Text = o.Last, o.Text
			}
		} else {
			e.Count, e.Over = e.Count+theirs, e.Over+theirs
		}
		all = append(all, e)
	}
	for _, e := range other.slots {
		if t.find(e.Hash) < 0 {
			e.Count, e.Over = e.Count+mine, e.Over+mine
			all = append(all, e)
		}
	}
	t.floor = mine + theirs
	t.fill(all)
}

// Shrink lets at most `most` texts stay.
func (t *Top) Shrink(most int) {
	t.most = most
	if len(t.slots) > most {
		t.fill(slices.Clone(t.slots))
	}
}

// Most returns how many texts the list may hold.
func (t *Top) Most() int { return t.most }

// Bytes returns about how much memory the list takes.
func (t *Top) Bytes() int {
	n := 120 + cap(t.slots)*64 + cap(t.heap)*16 + 4*cap(t.place) + 4*cap(t.index)
	for i := range t.slots {
		n += cap(t.slots[i].Text)
	}
	return n
}

// fill lets the list be the highest of all.
func (t *Top) fill(all []Entry) {
	if len(all) > t.most {
		all = t.highest(all)
	}
	n := len(all)
	t.slots, t.heap, t.place = make([]Entry, 0, n), make([]node, 0, n), make([]int32, 0, n)
	t.index = make([]int32, indexSize(n))
	for i := range all {
		t.insert(all[i])
	}
}

// highest returns as many of the highest as may be; of equal ones those with the lowest
// hashes.
func (t *Top) highest(all []Entry) []Entry {
	counts := make([]uint64, len(all))
	for i := range all {
		counts[i] = all[i].Count
	}
	slices.Sort(counts)
	lowest := counts[len(all)-t.most]
	t.floor = max(t.floor, counts[len(all)-t.most-1])
	most := make([]Entry, 0, t.most)
	var equal []Entry
	for _, e := range all {
		if e.Count > lowest {
			most = append(most, e)
		} else if e.Count == lowest {
			equal = append(equal, e)
		}
	}
	slices.SortFunc(equal, func(a, b Entry) int { return cmp.Compare(a.Hash, b.Hash) })
	return append(most, equal[:t.most-len(most)]...)
}

func (t *Top) insert(e Entry) *Entry {
	slot := int32(len(t.slots))
	t.slots = append(t.slots, e)
	t.heap = append(t.heap, node{})
	t.place = append(t.place, 0)
	if len(t.index) < indexSize(len(t.slots)) {
		t.index = make([]int32, indexSize(len(t.slots)))
		for i := range t.slots {
			t.remember(int32(i))
		}
	} else {
		t.remember(slot)
	}
	t.up(node{e.Count, slot})
	return &t.slots[slot]
}

// indexSize returns how long the index of n slots is, with room for more.
func indexSize(n int) int {
	size := 16
	for size < 2*n {
		size *= 2
	}
	return size
}

// Hashes returns the hashes of all texts.
func (t *Top) Hashes() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i := range t.slots {
			if !yield(t.slots[i].Hash) {
				return
			}
		}
	}
}

// Total returns the sum of all counts.
func (t *Top) Total() (n uint64) {
	for i := range t.slots {
		n += t.slots[i].Count
	}
	return n
}

// Restore adds what Entries returned, and lets Lowest be at least what it was.
func (t *Top) Restore(lowest uint64, entries ...Entry) {
	t.floor = max(t.floor, lowest)
	for _, e := range entries {
		t.insert(e)
	}
}

// The heap.

func (t *Top) put(place int32, n node) {
	t.heap[place] = n
	t.place[n.slot] = place
}

// up puts a node in the last place, or nearer to the root.
func (t *Top) up(n node) {
	place := int32(len(t.heap) - 1)
	for place > 0 {
		parent := (place - 1) / 2
		if t.heap[parent].count <= n.count {
			break
		}
		t.put(place, t.heap[parent])
		place = parent
	}
	t.put(place, n)
}

// down moves the node of a place, whose count grew, away from the root.
func (t *Top) down(place int32) {
	n, most := t.heap[place], int32(len(t.heap))
	for {
		least := 2*place + 1
		if least+1 < most && t.heap[least+1].count < t.heap[least].count {
			least++
		}
		if least >= most || t.heap[least].count >= n.count {
			break
		}
		t.put(place, t.heap[least])
		place = least
	}
	t.put(place, n)
}

// The index.

func (t *Top) find(hash uint64) int32 {
	if len(t.index) == 0 {
		return -1
	}
	mask := uint64(len(t.index) - 1)
	for i := hash & mask; t.index[i] != 0; i = (i + 1) & mask {
		if slot := t.index[i] - 1; t.slots[slot].Hash == hash {
			return slot
		}
	}
	return -1
}

func (t *Top) remember(slot int32) {
	mask := uint64(len(t.index) - 1)
	i := t.slots[slot].Hash & mask
	for t.index[i] != 0 {
		i = (i + 1) & mask
	}
	t.index[i] = slot + 1
}

// forget takes a hash out and moves up what stands behind it.
func (t *Top) forget(hash uint64) {
	mask := uint64(len(t.index) - 1)
	i := hash & mask
	for t.slots[t.index[i]-1].Hash != hash {
		i = (i + 1) & mask
	}
	for j := (i + 1) & mask; t.index[j] != 0; j = (j + 1) & mask {
		home := t.slots[t.index[j]-1].Hash & mask
		if (j-home)&mask >= (j-i)&mask {
			t.index[i] = t.index[j]
			i = j
		}
	}
	t.index[i] = 0
}
