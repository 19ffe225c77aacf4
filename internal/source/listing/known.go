package listing

import (
	"strings"

	"github.com/zeebo/xxh3"
)

// ID identifies one version of an object: XXH3-128 of bucket, key and ETag. The
// time of modification is not part of it: copying a bucket changes that.
type ID [16]byte

// IDOf returns the ID of an object; etag without quotes.
func IDOf(bucket, key, etag string) ID {
	b := append(make([]byte, 0, 512), bucket...) // on the stack, unless it has to grow
	b = append(b, 0)
	b = append(b, key...)
	b = append(b, 0)
	b = append(b, etag...)
	return xxh3.Hash128(b).Bytes()
}

type ids map[ID]struct{}

// known holds the objects that a list may show again although they were handed
// out, or counted as skipped, before. Groups are what is dropped at once, when
// lists do not reach back to them any more. Their names sort by time.
type known struct {
	hours map[string]ids // simple layout, YYYY-MM-DD-hh
	days  map[string]ids // partitioned, YYYY/MM/DD of the path

	// Keys that tell no time: those of this poll and of the one before.
	strays, oldStrays ids
}

func newKnown() known {
	return known{hours: map[string]ids{}, days: map[string]ids{}, strays: ids{}}
}

// add is false when id is in the group already.
func add(groups map[string]ids, group string, id ID) bool {
	g := groups[group]
	if g == nil {
		g = ids{}
		groups[strings.Clone(group)] = g // a part of a key would keep the key
	}
	before := len(g)
	g[id] = struct{}{}
	return len(g) > before
}

// addStray is false when id is known.
func (k *known) addStray(id ID) bool {
	_, old := k.oldStrays[id]
	_, now := k.strays[id]
	k.strays[id] = struct{}{}
	return !old && !now
}

// dropStrays forgets the keys that the poll that ends did not show.
func (k *known) dropStrays() {
	k.oldStrays, k.strays = k.strays, make(ids, len(k.strays))
}

// drop forgets the groups before the first ones that are listed again.
func drop(groups map[string]ids, first string) {
	for group := range groups {
		if group < first {
			delete(groups, group)
		}
	}
}
