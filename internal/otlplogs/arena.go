package otlplogs

import "unsafe"

const (
	arenaBlockMin  = 512
	arenaBlockMax  = 8 << 10
	arenaPerRecord = 64 // bytes that a usual record needs: its uid and part of a key
)

// arena is where strings are made that are not part of a line. A block is
// written from front to back and never again, because the strings handed out
// point into it; it lives as long as any of them.
type arena struct {
	block []byte
	next  int // size of the next block
}

// newArena returns an arena for about this many records.
func newArena(records int) arena {
	return arena{next: min(max(records*arenaPerRecord, arenaBlockMin), arenaBlockMax)}
}

// room returns an empty slice with a capacity of at least n, to be appended to
// and given to seal before room is called again.
func (a *arena) room(n int) []byte {
	if cap(a.block)-len(a.block) < n {
		a.block = make([]byte, 0, max(n, a.next))
		a.next = min(2*a.next, arenaBlockMax)
	}
	return a.block[len(a.block):]
}

// seal returns what was appended to the slice from room as a string. Nothing
// may write to b afterwards.
func (a *arena) seal(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	// When b outgrew its room it has memory of its own, and the block stays.
	if len(b) <= cap(a.block)-len(a.block) {
		a.block = a.block[:len(a.block)+len(b)]
	}
	// b is in the used part of a block now, or was moved out of it: either
	// way, no one writes to it again.
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// hex returns id in lower-case hexadecimal digits.
func (a *arena) hex(id [16]byte) string {
	const digits = "0123456789abcdef"
	text := a.room(2 * len(id))[:2*len(id)]
	for i, b := range id {
		text[2*i], text[2*i+1] = digits[b>>4], digits[b&15]
	}
	return a.seal(text)
}
