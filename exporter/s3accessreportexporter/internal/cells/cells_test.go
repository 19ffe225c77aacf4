package cells

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type count struct{ n int }

func (c *count) Add(o *count) { c.n += o.n }

func TestCellsGrowWiderAndLoseNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	ages := NewAges()
	c := New[count](ages)
	exact := map[[2]int64]int{} // minute and key
	const end = 400 * 1440
	for step := range 6 {
		for range 3000 {
			minute, key := random.Int64N(end), random.Uint32N(4)
			c.At(minute, key).n++
			exact[[2]int64{minute, int64(key)}]++
		}
		level := min(step, Levels-2)
		ages[level] = (end - int64(10*1440*(level+1))) / Widths[level+1] * Widths[level+1]
		c.Age()
		want := map[[2]int64]int{}
		for at, n := range exact {
			width := Widths[ages.Level(at[0])]
			want[[2]int64{at[0] - at[0]%width, at[1]}] += n
		}
		got := map[[2]int64]int{}
		last := int64(-1)
		for cell := range c.All() {
			require.GreaterOrEqual(t, cell.Minute, last)
			last = cell.Minute
			got[[2]int64{cell.Minute, int64(cell.Key)}] = cell.Value.n
		}
		require.Equal(t, want, got)
		require.Equal(t, len(want), c.Len())
	}
	before := int64(300 * 1440)
	c.Drop(before)
	for cell := range c.All() {
		assert.Greater(t, cell.Minute+cell.Width, before)
	}
	from, to, found := c.Oldest(0)
	require.True(t, found)
	assert.Equal(t, Widths[1], to-from)
}
