// Package cells holds sums by time and key in cells that grow wider with age: minutes,
// then hours, days, weeks and four weeks. It decides nothing about when. It is not safe
// for concurrent use.
package cells

import (
	"iter"
	"maps"
	"math"
	"slices"
)

// Levels is how many widths there are.
const Levels = 5

// Widths are the widths of cells, in minutes. Each is a multiple of the one before.
var Widths = [Levels]int64{1, 60, 1440, 7 * 1440, 28 * 1440}

// Ages says which width the cells of a time have: that of the first level whose age is not
// later than the time. The last level takes the rest. Ages are minutes since 1970.
type Ages [Levels - 1]int64

// Level returns the level of a time, in minutes since 1970.
func (a *Ages) Level(minute int64) int {
	for level, from := range a {
		if minute >= from {
			return level
		}
	}
	return Levels - 1
}

// NewAges returns ages by which all cells are a minute wide.
func NewAges() *Ages {
	a := &Ages{}
	for i := range a {
		a[i] = math.MinInt64
	}
	return a
}

// Sum is what cells hold.
type Sum[V any] interface {
	*V
	Add(other *V)
}

// Cells are the cells of one kind. Several kinds share their ages.
type Cells[V any, P Sum[V]] struct {
	ages   *Ages
	blocks [Levels]map[int64]*block[V] // by time, in units of the next width
	n      int
}

type block[V any] struct {
	index  map[uint64]int32
	keys   []uint64 // minute within the block, then key
	values []V
}

// New returns no cells.
func New[V any, P Sum[V]](ages *Ages) *Cells[V, P] {
	c := &Cells[V, P]{ages: ages}
	for i := range c.blocks {
		c.blocks[i] = map[int64]*block[V]{}
	}
	return c
}

// Len returns how many cells there are.
func (c *Cells[V, P]) Len() int { return c.n }

// At returns the cell of a time, in minutes since 1970, and a key. It is valid until the
// cells are changed.
func (c *Cells[V, P]) At(minute int64, key uint32) *V {
	return c.at(c.ages.Level(minute), minute, key)
}

func (c *Cells[V, P]) at(level int, minute int64, key uint32) *V {
	of, span := floorDiv(minute, Widths[level]), span(level)
	number := floorDiv(minute, span)
	b := c.blocks[level][number]
	if b == nil {
		b = &block[V]{index: map[uint64]int32{}}
		c.blocks[level][number] = b
	}
	k := uint64(of*Widths[level]-number*span)<<32 | uint64(key)
	i, found := b.index[k]
	if !found {
		i = int32(len(b.keys))
		b.index[k] = i
		b.keys = append(b.keys, k)
		var zero V
		b.values = append(b.values, zero)
		c.n++
	}
	return &b.values[i]
}

// span is how many minutes a level's block covers: one cell of the next level.
func span(level int) int64 { return Widths[min(level+1, Levels-1)] }

// Age moves what is older than the ages allow to wider cells. It is called for all kinds
// that share ages when these changed. An age is a multiple of the next width.
func (c *Cells[V, P]) Age() {
	for level, from := range c.ages {
		for number, b := range c.blocks[level] {
			start := number * span(level)
			if start >= from {
				continue
			}
			delete(c.blocks[level], number)
			c.n -= len(b.keys)
			for i, k := range b.keys {
				P(c.at(level+1, start+int64(k>>32), uint32(k))).Add(&b.values[i])
			}
		}
	}
}

// Oldest returns the time of a level's oldest block, in minutes, and of the end of it.
func (c *Cells[V, P]) Oldest(level int) (from, to int64, found bool) {
	if len(c.blocks[level]) == 0 {
		return 0, 0, false
	}
	number := slices.Min(slices.Collect(maps.Keys(c.blocks[level])))
	return number * span(level), (number + 1) * span(level), true
}

// Drop removes the cells that end at a time, in minutes, or before.
func (c *Cells[V, P]) Drop(before int64) {
	for level := range c.blocks {
		for number, b := range c.blocks[level] {
			start := number * span(level)
			if start >= before {
				continue
			}
			delete(c.blocks[level], number)
			c.n -= len(b.keys)
			for i, k := range b.keys {
				if at := start + int64(k>>32); at+Widths[level] > before {
					*c.at(level, at, uint32(k)) = b.values[i]
				}
			}
		}
	}
}

// Cell is a cell and where it stands.
type Cell[V any] struct {
	Minute int64 // since 1970
	Width  int64 // in minutes
	Key    uint32
	Value  *V
}

// All returns all cells by time, then key, the wide ones first.
func (c *Cells[V, P]) All() iter.Seq[Cell[V]] {
	return func(yield func(Cell[V]) bool) {
		for level := Levels - 1; level >= 0; level-- {
			for _, number := range slices.Sorted(maps.Keys(c.blocks[level])) {
				b := c.blocks[level][number]
				for _, k := range slices.Sorted(maps.Keys(b.index)) {
					cell := Cell[V]{number*span(level) + int64(k>>32), Widths[level], uint32(k), &b.values[b.index[k]]}
					if !yield(cell) {
						return
					}
				}
			}
		}
	}
}

// Keys returns the keys of all cells, in no order.
func (c *Cells[V, P]) Keys() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for level := range c.blocks {
			for _, b := range c.blocks[level] {
				for _, k := range b.keys {
					if !yield(uint32(k)) {
						return
					}
				}
			}
		}
	}
}

// Bytes returns about how much memory the cells take.
func (c *Cells[V, P]) Bytes(value int) (n int) {
	for level := range c.blocks {
		for _, b := range c.blocks[level] {
			n += 200 + len(b.keys)*20 + cap(b.keys)*8 + cap(b.values)*value
		}
	}
	return n
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
