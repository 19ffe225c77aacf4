package threat

import (
	"sync"
	"unsafe"
)

// maxTexts bounds the texts of all feeds, in bytes: names and descriptions, and what refers
// to them.
const maxTexts = 64 << 20

// size is about how many bytes a detail takes.
func (d *detail) size() int64 {
	return int64(unsafe.Sizeof(*d)) + int64(len(d.actor)+len(d.software)+len(d.provider)+len(d.description))
}

// textRoom counts the bytes of the feeds' texts, by feed.
type textRoom struct {
	mu      sync.Mutex // guards everything below
	inUse   []int64
	reading []int64 // of what takes its place
}

func newTextRoom(feeds int) *textRoom {
	return &textRoom{inUse: make([]int64, feeds), reading: make([]int64, feeds)}
}

// begin begins to count what is read of a feed.
func (t *textRoom) begin(feed uint16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reading[feed] = 0
}

// take takes bytes for a feed that is being read, and reports whether there is room beside
// the other feeds.
func (t *textRoom) take(feed uint16, bytes int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.reading[feed] + bytes
	for i := range t.inUse {
		if i != int(feed) {
			all += max(t.inUse[i], t.reading[i])
		}
	}
	if all > maxTexts {
		return false
	}
	t.reading[feed] += bytes
	return true
}

// end ends the reading of a feed; with replaced, what was read is in use.
func (t *textRoom) end(feed uint16, replaced bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if replaced {
		t.inUse[feed] = t.reading[feed]
	}
	t.reading[feed] = 0
}
