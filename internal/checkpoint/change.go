package checkpoint

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// Change collects what one commit changes. The zero value is an empty change.
// It is not safe for concurrent use; a Store reads it in Commit only, so it can be
// Reset and used again when that has returned nil, or added to and committed again
// when it has failed.
type Change struct {
	forget  []string
	reached map[ID]reached
	done    map[string][]ID // by group
	cursors map[string][]byte
	deltas  []delta
}

// reached is how far an unfinished object is.
type reached struct {
	group    string
	offset   int64
	attempts int
}

// delta is what a commit adds to a section.
type delta struct {
	section string
	payload []byte
}

// Done notes that an object is done. Its offset is dropped, also one from the same
// change.
func (c *Change) Done(group string, id ID) {
	if c.done == nil {
		c.done = map[string][]ID{}
	}
	c.done[group] = append(c.done[group], id)
}

// Reached notes how much of an unfinished object is delivered, in decompressed
// bytes, and its number of attempts. Both replace earlier values; negative ones
// count as 0. The object belongs to group from now on.
func (c *Change) Reached(group string, id ID, offset int64, attempts int) {
	if c.reached == nil {
		c.reached = map[ID]reached{}
	}
	c.reached[id] = reached{group, max(offset, 0), max(attempts, 0)}
}

// Cursor notes a source's own value under a name; an empty value removes it.
// The value must not change until the change was committed.
func (c *Change) Cursor(name string, value []byte) {
	if c.cursors == nil {
		c.cursors = map[string][]byte{}
	}
	c.cursors[name] = value
}

// Forget drops all objects of a group, done or not, as it was before this
// change: what the same change adds to the group stays.
func (c *Change) Forget(group string) { c.forget = append(c.forget, group) }

// Delta adds to a section; see Section. The payload must not change until the
// change was committed.
func (c *Change) Delta(section string, payload []byte) {
	c.deltas = append(c.deltas, delta{section, payload})
}

// Empty reports whether there is nothing to commit.
func (c *Change) Empty() bool {
	return len(c.forget)+len(c.reached)+len(c.done)+len(c.cursors)+len(c.deltas) == 0
}

// Reset empties the change for its next use.
func (c *Change) Reset() {
	clear(c.forget)
	clear(c.reached)
	clear(c.done)
	clear(c.cursors)
	clear(c.deltas)
	c.forget, c.deltas = c.forget[:0], c.deltas[:0]
}

// groups returns the names of the groups that the change adds to, sorted.
func (c *Change) groups() []string {
	names := slices.Collect(maps.Keys(c.done))
	for _, r := range c.reached {
		names = append(names, r.group)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// size is about how long the encoding is.
func (c *Change) size() int {
	n := 64 + 32*len(c.reached) + 32*len(c.forget)
	for group, ids := range c.done {
		n += len(group) + idLen*(len(ids)+1)
	}
	for name, value := range c.cursors {
		n += len(name) + len(value) + 8
	}
	for _, d := range c.deltas {
		n += len(d.section) + len(d.payload) + 8
	}
	return n
}

// appendTo appends the content of a journal entry:
//
//	forgotten groups, groups, (group, ids) of done objects,
//	(id, group, offset, attempts) of unfinished ones, (name, cursor), (section, delta)
//
// where a group is its index among the groups.
func (c *Change) appendTo(b []byte) []byte {
	b = appendStrings(b, c.forget)
	groups := c.groups()
	b = appendStrings(b, groups)
	b = binary.AppendUvarint(b, uint64(len(c.done)))
	for i, group := range groups {
		if ids := c.done[group]; len(ids) > 0 {
			b = binary.AppendUvarint(b, uint64(i))
			b = appendIDs(b, ids)
		}
	}
	b = appendUnfinished(b, c.reached, groups)
	b = appendCursors(b, c.cursors)
	b = binary.AppendUvarint(b, uint64(len(c.deltas)))
	for _, d := range c.deltas {
		b = wire.AppendString(wire.AppendString(b, d.section), d.payload)
	}
	return b
}

// decodeChange reads what appendTo wrote. Cursors and deltas are parts of b.
func decodeChange(b []byte) (*Change, error) {
	r := newReader(b)
	c := &Change{forget: r.strings()}
	groups := r.strings()
	for range r.Count(2) {
		if i := r.Below(uint64(len(groups))); r.Err() == nil {
			for _, id := range r.ids() {
				c.Done(groups[i], id)
			}
		}
	}
	c.reached = r.unfinished(groups)
	c.cursors = r.cursors()
	for range r.Count(2) {
		c.Delta(r.String(), r.Bytes())
	}
	return c, r.End()
}

func appendStrings(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = wire.AppendString(b, s)
	}
	return b
}

func (r reader) strings() []string {
	list := make([]string, r.Count(1))
	for i := range list {
		list[i] = r.String()
	}
	return list
}

// appendUnfinished writes each object's group as its index in the sorted groups.
func appendUnfinished(b []byte, objects map[ID]reached, groups []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(objects)))
	for id, o := range objects {
		i, _ := slices.BinarySearch(groups, o.group)
		b = append(b, id[:]...)
		b = binary.AppendUvarint(b, uint64(i))
		b = binary.AppendUvarint(b, uint64(o.offset))
		b = binary.AppendUvarint(b, uint64(o.attempts))
	}
	return b
}

func (r reader) unfinished(groups []string) map[ID]reached {
	n := r.Count(idLen + 3)
	objects := make(map[ID]reached, n)
	for range n {
		id := r.id()
		i := r.Below(uint64(len(groups)))
		offset := int64(r.Below(1 << 63))
		attempts := int(r.Below(1 << 63))
		if r.Err() != nil {
			break
		}
		objects[id] = reached{groups[i], offset, attempts}
	}
	return objects
}

func appendCursors(b []byte, cursors map[string][]byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(cursors)))
	for name, value := range cursors {
		b = wire.AppendString(wire.AppendString(b, name), value)
	}
	return b
}

func (r reader) cursors() map[string][]byte {
	n := r.Count(2)
	cursors := make(map[string][]byte, n)
	for range n {
		name := r.String()
		cursors[name] = r.Bytes()
	}
	return cursors
}
