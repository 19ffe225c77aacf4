package source

import "github.com/zeebo/xxh3"

// ID identifies one version of an object. An alias, so that a store that knows
// nothing of sources can be a Progress.
type ID = [16]byte

// Identify returns the ID of an object: XXH3-128 of bucket, key and ETag, the
// latter without quotes. The time of modification is not part of it: copying a
// bucket changes that.
func Identify(bucket, key, etag string) ID {
	b := append(make([]byte, 0, 512), bucket...) // on the stack, unless it has to grow
	b = append(b, 0)
	b = append(b, key...)
	b = append(b, 0)
	b = append(b, etag...)
	return xxh3.Hash128(b).Bytes()
}

// Progress is what was committed, in this life and those before it. It is safe
// for concurrent use.
type Progress interface {
	// Done reports whether nothing of an object is left to do.
	Done(id ID) bool
	// Reached returns how much of an unfinished object is committed, in
	// decompressed bytes, and how many attempts it was charged.
	Reached(id ID) (offset int64, attempts int)
	// Cursors returns what sources noted, by name. The values are not to be
	// written to.
	Cursors() map[string][]byte
	// Groups lists the groups that hold objects.
	Groups() []string
}

// Change is what a source has to be committed besides the objects it handed out.
type Change struct {
	Cursors map[string][]byte // to be noted; an empty value removes one
	Done    map[string][]ID   // what is done without having been handed out, by group
	Forget  []string          // groups that no object of will be met again; before Done
}

// Stateful is a Source with state of its own. Change returns what changed since
// it was called last, and the maps are the caller's. It is called before each
// commit, every few seconds while there is none, and a last time before Close,
// by one goroutine at a time. What was acknowledged before the call is committed
// at the latest together with it.
type Stateful interface {
	Change() Change
}
