package scaling

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func aDay(arrivals func(time.Duration) float64) Day {
	return Day{
		Arrivals: arrivals, Each: 500, Target: 30_000, Most: 100,
		Poll: 30 * time.Second, Start: 30 * time.Second, Cooldown: 5 * time.Minute,
	}
}

func TestOneCollectorIsEnoughForLittle(t *testing.T) {
	f := aDay(Steady(400)).Live()
	assert.Equal(t, 1, f.Most)
	assert.InDelta(t, 1, f.Average, 1e-9)
	assert.Zero(t, f.Left)
	assert.LessOrEqual(t, f.Lag, time.Second)
}

// The work is arrivals / each collectors; more are there only for a while, and
// the lag stays near target / each, the time one takes for its share.
func TestAFleetSettlesAtWhatTheWorkTakes(t *testing.T) {
	for _, rate := range []float64{1250, 5250, 20_250} {
		f := aDay(Steady(rate)).Live()
		assert.GreaterOrEqual(t, f.Average, rate/500*0.98, "%.0f a second", rate)
		assert.Less(t, f.Average, rate/500*1.5)
		assert.Less(t, f.Left, rate*120)
		assert.Less(t, f.Lag, 5*time.Minute)
	}
}

func TestTooFewCollectorsFallBehind(t *testing.T) {
	d := aDay(Steady(2000))
	d.Most = 2
	f := d.Live()
	assert.Equal(t, 2, f.Most)
	assert.InEpsilon(t, 1000*24*3600, f.Left, 0.01)
	assert.InEpsilon(t, (12 * time.Hour).Seconds(), f.Lag.Seconds(), 0.01)
}

func TestDailyKeepsItsMean(t *testing.T) {
	arrivals := Daily(1000, 1.7)
	sum, most := 0.0, 0.0
	for at := time.Duration(0); at < 24*time.Hour; at += time.Minute {
		sum += arrivals(at) / (24 * 60)
		most = math.Max(most, arrivals(at))
	}
	assert.InEpsilon(t, 1000, sum, 1e-6)
	assert.InEpsilon(t, 1700, most, 1e-6)
}
