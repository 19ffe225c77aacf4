package sketch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuantilesAreThoseOfDDSketch(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	theirs, err := ddsketch.NewDefaultDDSketch(Accuracy)
	require.NoError(t, err)
	var parts [3]Quantiles
	var values []float64
	for i := range 30_000 {
		v := uint64(math.Exp(random.NormFloat64()*2 + 4))
		if i%1000 == 0 {
			v = uint64(random.IntN(2)) * 1 << 40
		}
		values = append(values, float64(v))
		require.NoError(t, theirs.Add(float64(v)))
		parts[i%3].Add(v)
	}
	ours := parts[0]
	ours.Merge(&parts[1])
	ours.Merge(&parts[2])
	slices.Sort(values)
	assert.EqualValues(t, len(values), ours.Count())
	assert.EqualValues(t, values[len(values)-1], ours.Max)
	for _, p := range []float64{0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1} {
		want, err := theirs.GetValueAtQuantile(p)
		require.NoError(t, err)
		assert.InDelta(t, min(want, float64(ours.Max)), ours.Value(p), 1e-9*want+1e-9, p)
		exact := values[int(p*float64(len(values)-1))]
		assert.InDelta(t, exact, ours.Value(p), exact*Accuracy*1.0001, p)
	}
}

func TestBinsMakeTheSketchAnew(t *testing.T) {
	var q, again Quantiles
	for v := range uint64(5000) {
		q.Add(v * v)
	}
	for _, b := range q.Bins() {
		again.AddBin(b)
	}
	again.Max = q.Max
	assert.Equal(t, q.Bins(), again.Bins())
	assert.Equal(t, q.Value(0.7), again.Value(0.7))
}

func TestCountsOfBinsDoNotOverflow(t *testing.T) {
	var q Quantiles
	q.AddBin(Bin{3, math.MaxUint32 - 1})
	q.AddBin(Bin{3, 5})
	assert.EqualValues(t, uint32(math.MaxUint32), q.Bins()[0].Count)
}

func TestDistinctIsWithinItsError(t *testing.T) {
	for _, n := range []int{10, 1000, 50_000, 1_000_000} {
		random := rand.New(rand.NewPCG(uint64(n), 1))
		a, b := NewDistinct(), NewDistinct()
		for i := range n {
			hash := random.Uint64()
			if i%2 == 0 {
				a.Add(hash)
			}
			if i%3 == 0 || i%2 == 1 {
				b.Add(hash)
			}
		}
		a.Merge(b)
		assert.InEpsilon(t, n, a.Estimate(), 4*0.01625, n)

		saved, err := a.MarshalBinary()
		require.NoError(t, err)
		var again Distinct
		require.NoError(t, again.UnmarshalBinary(saved))
		assert.Equal(t, a.Estimate(), again.Estimate())
	}
}
