package scaling

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// README.md's figures are counted by a test of the source over a day of polls.
func TestListsAreThoseThatWereCounted(t *testing.T) {
	for objects, counted := range map[float64]float64{1000: 1453, 50_000: 1969} {
		assert.InEpsilon(t, counted, Volume{objects, 1}.Lists(), 0.1, "%.0f objects", objects)
	}
}

func TestAPlanIsLargeEnoughAndNoLarger(t *testing.T) {
	for _, records := range volumes {
		for _, each := range perObjects {
			v, c := Volume{records, each}, typical(256)
			n := float64(v.Make(c).Collectors)
			one := c.Ceiling(each) * full
			assert.GreaterOrEqual(t, n*one, v.rate()*peak)
			assert.Less(t, (n-1)*one, v.rate()*peak)
		}
	}
}

func TestPricesOfADay(t *testing.T) {
	p := Volume{1e9, 100}.Make(typical(256)) // ten million objects
	assert.InDelta(t, 4, p.Gets, 1e-9)
	assert.InDelta(t, 4.8, p.Queue, 1e-9)
	assert.InDelta(t, float64(p.Collectors)*24*(2*0.04048+4*0.004445), p.Compute, 1e-9)
	assert.InEpsilon(t, 1e9/86_400*otlpBytes, p.OTLP, 1e-9)
	assert.Equal(t, 1, p.Prefixes)
	assert.True(t, p.Polled)
	assert.False(t, Volume{1e11, 10}.Make(typical(256)).Polled)
}

func TestNumbersAreReadable(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 7: "7", 999.4: "999", 1234: "1,230", 12_345: "12,300", 1_234_567: "1,230,000"} {
		assert.Equal(t, want, whole(v))
	}
	assert.Equal(t, "4.80", dollars(4.8))
	assert.Equal(t, "1,230", dollars(1234))
	assert.Equal(t, "10 billion", billions(1e10))
}
