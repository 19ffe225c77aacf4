package nearest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"kitten", "sitting", 3},
		{"concurency", "concurrency", 1},
		{"Prefix", "prefix", 0},
		{"flaw", "lawn", 2},
	} {
		assert.Equal(t, c.want, Distance(c.a, c.b), c)
		assert.Equal(t, c.want, Distance(c.b, c.a), c)
	}
}

func TestOf(t *testing.T) {
	assert.Equal(t, "prefix", Of("prefixs", []string{"name", "prefix", "prefixes"}))
	assert.Equal(t, "a", Of("b", []string{"a", "c"}), "the first of several")
	assert.Equal(t, "start_from", Of("start", []string{"shard", "start_from"}), "it goes on where the wrong one ends")
	assert.Empty(t, Of("a", nil))
}
