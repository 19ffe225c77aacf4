package otlplogs

import "go.opentelemetry.io/collector/pdata/plog"

// group is the records of one resource.
type group struct {
	// seen is a key that led here, as it was given. It spares nearly every record
	// making its key canonical.
	seen    resourceKey
	key     resourceKey // canonical
	records plog.LogRecordSlice
	size    int // bytes of everything but the records
}

// groups is the groups of a batch in the order in which they began. Most
// batches have one or two; thousands of small log objects of many buckets,
// merged, may have hundreds.
type groups struct {
	list    []group
	current int                 // the group used last
	index   map[resourceKey]int // of the whole list, once that is long
	size    int                 // bytes of everything but the records
}

// indexedFrom is the length from which on a list is indexed by a map.
const indexedFrom = 8

// find returns the place of the group with a canonical key, or -1.
func (g *groups) find(key resourceKey) int {
	if g.index != nil {
		if i, ok := g.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range g.list {
		if g.list[i].key == key {
			return i
		}
	}
	return -1
}

// insert adds a group that is not there yet and returns its place.
func (g *groups) insert(added group) int {
	g.list = append(g.list, added)
	g.size += added.size
	switch {
	case g.index != nil:
		g.index[added.key] = len(g.list) - 1
	case len(g.list) == indexedFrom:
		g.index = make(map[resourceKey]int, 2*indexedFrom)
		for i := range g.list {
			g.index[g.list[i].key] = i
		}
	}
	return len(g.list) - 1
}

// merge moves the records of other, which is empty afterwards, behind those of
// g. It copies a pointer a record.
func (g *groups) merge(other *groups) {
	for i := range other.list {
		from := &other.list[i]
		if to := g.find(from.key); to >= 0 {
			from.records.MoveAndAppendTo(g.list[to].records)
		} else {
			g.insert(*from)
		}
	}
	*other = groups{}
}

// cached returns the place of the group that this key, as it was given, led to
// before, or -1 when that is not known at once.
func (g *groups) cached(key *resourceKey) int {
	if g.current < len(g.list) && g.list[g.current].seen == *key {
		return g.current
	}
	if g.index == nil {
		for i := range g.list {
			if g.list[i].seen == *key {
				return i
			}
		}
	}
	return -1
}

// add returns a new record of the group with this key.
func (b *Batch) add(key resourceKey) plog.LogRecord {
	g := &b.groups
	i := g.cached(&key)
	if i < 0 {
		canonical := key.canonical()
		if i = g.find(canonical); i < 0 {
			i = g.insert(b.newGroup(canonical))
		}
		g.list[i].seen = key
	}
	g.current = i
	return g.list[i].records.AppendEmpty()
}

// newGroup returns an empty group. The first one has room for all the records
// that the batch expects.
func (b *Batch) newGroup(key resourceKey) group {
	added := group{key: key, records: plog.NewLogRecordSlice(), size: b.converter.groupSize(key)}
	added.records.EnsureCapacity(b.expected)
	b.expected = 0
	return added
}
