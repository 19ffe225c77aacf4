package sketch

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

func count(t *Top, text string, n uint64) {
	if e, known := t.Add(Hash(text), n, 1); !known {
		e.Text = append(e.Text[:0], text...)
	}
}

// zipf returns texts of which few are frequent, and how often each came.
func zipf(seed uint64, n int) (texts []string, exact map[string]uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	z := rand.NewZipf(random, 1.1, 2, 100_000)
	exact = map[string]uint64{}
	for range n {
		text := fmt.Sprint("key/", z.Uint64())
		texts = append(texts, text)
		exact[text]++
	}
	return texts, exact
}

func checkBounds(t *testing.T, top *Top, exact map[string]uint64) {
	t.Helper()
	listed := map[string]bool{}
	for _, e := range top.Entries() {
		listed[string(e.Text)] = true
		assert.GreaterOrEqual(t, e.Count, exact[string(e.Text)], "never too low: %s", e.Text)
		assert.LessOrEqual(t, e.Count-e.Over, exact[string(e.Text)], "too high by at most Over: %s", e.Text)
	}
	for text, n := range exact {
		if !listed[text] {
			assert.LessOrEqual(t, n, top.Lowest(), "what is not listed does not exceed the lowest: %s", text)
		}
	}
}

func TestTopIsExactAsLongAsAllFit(t *testing.T) {
	texts, _ := zipf(1, 50)
	top, exact := NewTop(50), map[string]uint64{}
	for _, text := range texts {
		exact[text]++
		count(top, text, 1)
	}
	assert.Len(t, top.Entries(), len(exact))
	for _, e := range top.Entries() {
		assert.Equal(t, exact[string(e.Text)], e.Count)
		assert.Zero(t, e.Over)
	}
}

func TestTopKeepsItsBounds(t *testing.T) {
	for seed := range uint64(10) {
		texts, exact := zipf(seed, 30_000)
		top := NewTop(100)
		for _, text := range texts {
			count(top, text, 1)
		}
		checkBounds(t, top, exact)
	}
}

func TestTopKeepsItsBoundsWithWeightsMergedShrunkAndRestored(t *testing.T) {
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 9))
		all, exact := NewTop(80), map[string]uint64{}
		for part := range uint64(6) {
			texts, _ := zipf(seed*100+part, 3000)
			top := NewTop(20 + random.IntN(60))
			for i, text := range texts {
				weight := 1 + random.Uint64N(1000)
				exact[text] += weight
				count(top, text, weight)
				if i == 1500 {
					top.Shrink(top.Most() * 2 / 3)
				}
			}
			restored := NewTop(top.Most())
			restored.Restore(top.Lowest(), top.Entries()...)
			all.Merge(restored)
		}
		checkBounds(t, all, exact)
	}
}

func TestTopFindsWhatItHolds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	top := NewTop(30)
	for range 20_000 {
		hash := random.Uint64N(200) * 64 // many share a home in the index
		e, _ := top.Add(hash, 1, 0)
		e.Text = fmt.Append(e.Text[:0], hash)
	}
	for _, e := range top.Entries() {
		assert.Equal(t, fmt.Sprint(e.Hash), string(e.Text))
		assert.GreaterOrEqual(t, top.find(e.Hash), int32(0))
	}
}

func TestMergedEntryHasTheNewestText(t *testing.T) {
	a, b := NewTop(2), NewTop(2)
	for i, top := range []*Top{a, b} {
		e, _ := top.Add(7, 1, 0)
		e.Last, e.Text = int64(i), fmt.Append(nil, "text ", i)
	}
	a.Merge(b)
	assert.Equal(t, "text 1", string(a.Entries()[0].Text))
}

func BenchmarkTopMiss(b *testing.B) {
	top := NewTop(100)
	random := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		if e, known := top.Add(random.Uint64(), 1, 0); !known {
			e.Text = append(e.Text[:0], "a/key/of/some/length/part-00001.parquet"...)
		}
	}
}
