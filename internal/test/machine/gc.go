package machine

import "runtime/metrics"

// MeasureGC returns a function that returns how much of the CPU time since the
// call of MeasureGC the garbage collector took, in percent: marking, assisting and
// pauses; not sweeping, write barriers, and marking while there was nothing else
// to do. Benchmarks report it as the unit GCUnit. The runtime brings it up to date
// at the end of each collection.
func MeasureGC() (percent func() float64) {
	gc, used := cpuSeconds()
	return func() float64 {
		gcNow, usedNow := cpuSeconds()
		if usedNow == used {
			return 0
		}
		return 100 * (gcNow - gc) / (usedNow - used)
	}
}

// GCUnit is the unit of what MeasureGC returns.
const GCUnit = "gc-%"

// cpuSeconds returns Go's estimates for the process so far.
func cpuSeconds() (gc, used float64) {
	samples := []metrics.Sample{
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"},
		{Name: "/cpu/classes/idle:cpu-seconds"},
	}
	metrics.Read(samples)
	idle := samples[1].Value.Float64()
	return samples[0].Value.Float64() - idle, samples[2].Value.Float64() - samples[3].Value.Float64() - idle
}
