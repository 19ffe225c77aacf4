// Package nearest finds the right name for one that is wrong.
package nearest

import (
	"slices"
	"strings"
)

// Of returns the name that is the fewest changes of a character away, the first of
// several, "" when there are no names. One that goes on where the wrong one ends counts as
// more than one change away, and less than two.
func Of(name string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	far := func(right string) int { // half changes
		if len(name) > 2 && strings.HasPrefix(strings.ToLower(right), strings.ToLower(name)) {
			return min(3, 2*Distance(name, right))
		}
		return 2 * Distance(name, right)
	}
	return slices.MinFunc(names, func(a, b string) int { return far(a) - far(b) })
}

// Distance returns how many bytes have to be added, removed or replaced to make b of a,
// in any case (the Levenshtein distance).
func Distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1) // from a[:i] to each b[:k]
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for k := range len(b) {
			replaced := diagonal
			if a[i] != b[k] {
				replaced++
			}
			diagonal = row[k+1]
			row[k+1] = min(replaced, row[k]+1, row[k+1]+1)
		}
	}
	return row[len(b)]
}
