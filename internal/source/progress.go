package source

import "github.com/zeebo/xxh3"

// ID identifies one version of an object. It is an alias, so that a store that does
// not import this package can be a Progress.
type ID = [16]byte

// Identify returns the ID of an object: XXH3-128 of bucket, key and unquoted ETag.
// The time of modification is not part of it: copying a bucket changes that.
func Identify(bucket, key, etag string) ID {
	b := append(make([]byte, 0, 512), bucket...) // on the stack, unless it has to grow
	b = append(b, 0)
	b = append(b, key...)
	b = append(b, 0)
	b = append(b, etag...)
	return xxh3.Hash128(b).Bytes()
}

// Progress is what was committed by this process and earlier ones. It is safe for
// concurrent use.
type Progress interface {
	// Done reports whether an object is done.
	Done(id ID) bool
	// Reached returns how much of an unfinished object is committed, in
	// decompressed bytes, and its number of attempts.
	Reached(id ID) (offset int64, attempts int)
	// Cursors returns the cursors of sources by name. The values must not be written to.
	Cursors() map[string][]byte
	// Groups lists the groups that hold objects.
	Groups() []string
}

// Change is what a source wants committed besides the objects it handed out.
type Change struct {
	Cursors map[string][]byte // an empty value removes one
	Done    map[string][]ID   // objects that are done without having been handed out, by group
	Forget  []string          // groups whose objects will not be seen again; applied before Done
}

// SetCursor adds a cursor's value; an empty one removes it.
func (c *Change) SetCursor(name string, value []byte) {
	if c.Cursors == nil {
		c.Cursors = map[string][]byte{}
	}
	c.Cursors[name] = value
}

// AddDone adds objects of a group that are done.
func (c *Change) AddDone(group string, ids ...ID) {
	if c.Done == nil {
		c.Done = map[string][]ID{}
	}
	c.Done[group] = append(c.Done[group], ids...)
}

// Stateful is a Source with state of its own. Change returns what changed since the
// last call; the caller owns the maps. It is called before each commit, every few
// seconds while there is none, and a last time before Close, by one goroutine at a
// time. Everything acknowledged before the call is committed no later than the result.
type Stateful interface {
	Change() Change
}
