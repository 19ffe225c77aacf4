package tally

import "strings"

// other is the name of what is beyond a limit.
const other = "_other"

// names numbers texts in the order in which they come, up to a limit. What comes then
// shares the number after the last.
type names struct {
	most   int
	list   []string
	number map[string]uint16
	beyond map[uint64]struct{} // hashes of names without a number of their own, for a while
}

// mostBeyond is how many names without a number are told apart.
const mostBeyond = 1000

func newNames(most int) names {
	return names{most: most, number: map[string]uint16{}, beyond: map[uint64]struct{}{}}
}

// of returns the number of a name, and whether it was known or is numbered now.
func (n *names) of(name string, hash func(string) uint64) (uint16, bool) {
	if i, found := n.number[name]; found {
		return i, true
	}
	if len(n.list) < n.most {
		name = strings.Clone(name)
		i := uint16(len(n.list))
		n.list = append(n.list, name)
		n.number[name] = i
		return i, true
	}
	if len(n.beyond) < mostBeyond {
		n.beyond[hash(name)] = struct{}{}
	}
	return uint16(n.most), false
}
