package scaling

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

const ms = time.Millisecond

// When processors cost nothing, the rate is concurrency / latency.
func TestLatencyAloneGivesConcurrencyOverLatency(t *testing.T) {
	for _, concurrency := range []int{1, 32, 256} {
		c := Collector{Concurrency: concurrency, Cores: 2, Latency: 30 * ms}
		for name, spread := range spreads {
			enough := 500 * time.Second / time.Duration(concurrency)
			got := Simulate(Run{Collector: c, Records: 5, For: enough, Backlog: 10, Spread: spread})
			assert.InEpsilon(t, c.Ceiling(5), got.Rate, 0.02, "%s, %d at a time", name, concurrency)
			assert.InEpsilon(t, float64(concurrency)/0.030, got.Rate, 0.02)
			assert.Zero(t, got.Busy)
		}
	}
}

// When there are downloads enough, the rate is cores / CPU time.
func TestProcessorsAloneGiveCoresOverTime(t *testing.T) {
	for _, cores := range []float64{1, 2, 8} {
		c := Collector{Concurrency: 200, Cores: cores, Latency: ms, PerObject: ms, PerRecord: 100 * time.Microsecond}
		for name, spread := range spreads {
			got := Simulate(Run{Collector: c, Records: 40, For: 60 * time.Second, Backlog: 100, Spread: spread, Seed: 2})
			assert.InEpsilon(t, c.Ceiling(40), got.Rate, 0.03, "%s, %.0f cores", name, cores)
			assert.InEpsilon(t, cores/0.005, got.Rate, 0.03)
			assert.Greater(t, got.Busy, 0.98)
			assert.Less(t, got.Busy, 1.02)
		}
	}
}

// Without records, with exponential times, a collector is the machine repairman
// of queueing theory, whose throughput is known exactly between both ceilings.
func TestBothTogetherGiveTheMachineRepairman(t *testing.T) {
	for _, concurrency := range []int{1, 2, 5, 10, 20, 60} {
		for _, cores := range []float64{1, 2, 4} {
			c := Collector{Concurrency: concurrency, Cores: cores, Latency: 9 * ms, PerObject: 2 * ms}
			got := Simulate(Run{Collector: c, For: 60 * time.Second, Backlog: 1 << 30, Spread: Exponential, Seed: 3})
			want := repairman(concurrency, int(cores), c.Latency.Seconds(), c.PerObject.Seconds())
			assert.InEpsilon(t, want, got.Rate, 0.02, "%d at a time, %.0f cores", concurrency, cores)
			assert.LessOrEqual(t, got.Rate, c.Ceiling(0)*1.02)
			assert.InEpsilon(t, got.Rate*c.PerObject.Seconds()/cores, got.Busy, 0.03, "the utilization law")
		}
	}
}

// repairman is the throughput of n customers that think for a mean time, then
// wait for one of c servers: the stationary distribution of a birth-death chain.
func repairman(n, c int, think, service float64) (rate float64) {
	weight, sum := 1.0, 0.0
	for k := 0; k <= n; k++ { // k customers at the servers
		sum += weight
		rate += weight * float64(min(k, c)) / service
		weight *= float64(n-k) / think / (float64(min(k+1, c)) / service)
	}
	return rate / sum
}

// With arrivals, slots enough and no latency, a collector is M/M/c, whose mean
// time in the system is Erlang's.
func TestDelayIsErlangs(t *testing.T) {
	for _, cores := range []int{1, 2, 4} {
		for _, share := range []float64{0.5, 0.7, 0.8} {
			c := Collector{Concurrency: 1 << 20, Cores: float64(cores), PerObject: 10 * ms}
			arrivals := share * c.Ceiling(0)
			got := Simulate(Run{Collector: c, For: 2000 * time.Second, Backlog: 1 << 30, Arrivals: arrivals, Spread: Exponential, Seed: 4})
			want := erlang(cores, arrivals, 0.010)
			assert.InEpsilon(t, want, got.Delay.Seconds(), 0.08, "%d cores, %.0f %% busy", cores, share*100)
			assert.InEpsilon(t, arrivals, got.Rate, 0.01)
		}
	}
}

// erlang is the mean time in M/M/c.
func erlang(c int, arrivals, service float64) float64 {
	load := arrivals * service
	term, sum := 1.0, 0.0
	for k := range c {
		sum += term
		term *= load / float64(k+1)
	}
	queued := term / (1 - load/float64(c))
	return service + queued/(sum+queued)*service/(float64(c)-load)
}

// While objects are looked for, slots run dry: each hundred takes a search, and
// ten rounds of downloads of which the last one goes on beside the next search.
func TestFindingLeavesSlotsWithoutWork(t *testing.T) {
	c := Collector{Concurrency: 10, Cores: 1, Latency: ms, Finding: Finding{Names: 100, Takes: 40 * ms}}
	got := Simulate(Run{Collector: c, For: 50 * time.Second, Backlog: 10, Spread: Fixed, Seed: 5})
	assert.InEpsilon(t, 100/0.049, got.Rate, 0.01)
	assert.InEpsilon(t, 100/0.040, c.Ceiling(0), 1e-9)
}

// Objects that wait for a core keep their slots once there are too many.
func TestAFullBacklogStopsTheDownloads(t *testing.T) {
	c := Collector{Concurrency: 4, Cores: 1, Latency: 10 * ms, PerRecord: 10 * ms}
	roomy := Simulate(Run{Collector: c, Records: 1, For: 100 * time.Second, Backlog: 100, Spread: Exponential, Seed: 5})
	tight := Simulate(Run{Collector: c, Records: 1, For: 100 * time.Second, Backlog: 1, Spread: Exponential, Seed: 5})
	assert.InEpsilon(t, 100, roomy.Rate, 0.05)
	assert.Less(t, tight.Rate, roomy.Rate)
	assert.Greater(t, tight.Rate, 0.8*roomy.Rate)
}

func TestARunRepeats(t *testing.T) {
	c := Collector{Concurrency: 8, Cores: 2, Latency: 10 * ms, PerObject: ms}
	r := Run{Collector: c, For: 10 * time.Second, Backlog: 8, Spread: Exponential, Seed: 6}
	first := Simulate(r)
	assert.Equal(t, first, Simulate(r))
	r.Seed++
	assert.NotEqual(t, first, Simulate(r))
}

var spreads = map[string]func(*rand.Rand, time.Duration) time.Duration{"fixed": Fixed, "exponential": Exponential}
