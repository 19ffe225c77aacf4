// Package seen knows the last uids of records, so that a record that comes again counts
// once: a ring of 64-bit parts in the order in which they came, and a table of fixed size
// to look them up. It is not safe for concurrent use.
package seen

// Most is how many uids are known.
const Most = 1_000_000

// slots is a power of two, more than twice Most.
const slots = 1 << 21

// Window holds the last Most uids. It takes 24 MiB at most.
type Window struct {
	table []uint64 // linear probing; 0 is empty
	ring  []uint64
	next  int // where the ring is written, once it is full
}

// New returns an empty window.
func New() *Window {
	return &Window{table: make([]uint64, slots), ring: make([]uint64, 0, Most)}
}

// Add reports whether a uid is new, and knows it from then on.
func (w *Window) Add(uid uint64) bool {
	uid = max(uid, 1)
	i := home(uid)
	for w.table[i] != 0 {
		if w.table[i] == uid {
			return false
		}
		i = (i + 1) & (slots - 1)
	}
	if len(w.ring) < Most {
		w.ring = append(w.ring, uid)
		w.table[i] = uid
		return true
	}
	w.forget(w.ring[w.next])
	w.ring[w.next] = uid
	w.next = (w.next + 1) % Most
	i = home(uid) // what stood behind the forgotten one moved
	for w.table[i] != 0 {
		i = (i + 1) & (slots - 1)
	}
	w.table[i] = uid
	return true
}

// Len returns how many uids are known.
func (w *Window) Len() int { return len(w.ring) }

// At returns the uid that came i-th of those that are known.
func (w *Window) At(i int) uint64 {
	if len(w.ring) == Most {
		i = (i + w.next) % Most
	}
	return w.ring[i]
}

// home spreads uids, which need not be random, over the table.
func home(uid uint64) uint64 { return uid * 0x9E3779B97F4A7C15 >> 43 }

// forget takes a uid out of the table and moves up what stands behind it.
func (w *Window) forget(uid uint64) {
	const mask = slots - 1
	i := home(uid)
	for w.table[i] != uid {
		i = (i + 1) & mask
	}
	for j := (i + 1) & mask; w.table[j] != 0; j = (j + 1) & mask {
		if (j-home(w.table[j]))&mask >= (j-i)&mask {
			w.table[i] = w.table[j]
			i = j
		}
	}
	w.table[i] = 0
}
