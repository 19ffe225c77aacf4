package tally

import "slices"

// busiest is the set of the busiest numbers. As long as there are no more than may be, it
// is not needed, and empty.
type busiest struct {
	totals []uint64
	in     []bool // nil: not needed
}

func newBusiest(numbers int) busiest { return busiest{totals: make([]uint64, numbers)} }

// has reports whether a number is among the busiest.
func (b *busiest) has(number int) bool { return b.in != nil && b.in[number] }

// choose makes the set anew.
func (b *busiest) choose(most int) {
	ranked := make([]int, 0, len(b.totals))
	for number, n := range b.totals {
		if n > 0 {
			ranked = append(ranked, number)
		}
	}
	if len(ranked) <= most {
		b.in = nil
		return
	}
	slices.SortFunc(ranked, func(x, y int) int {
		if b.totals[x] != b.totals[y] {
			return int(min(1, max(-1, int64(b.totals[y]-b.totals[x]))))
		}
		return x - y
	})
	b.in = make([]bool, len(b.totals))
	for _, number := range ranked[:most] {
		b.in[number] = true
	}
}
