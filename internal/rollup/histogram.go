package rollup

import "slices"

// boundsMS are the explicit bounds in milliseconds, the log's resolution. They are
// inclusive upper bounds, as in the OpenTelemetry data model.
var boundsMS = []int64{5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000, 30_000, 60_000, 300_000}

// buckets is the number of buckets: the last one has no bound.
const buckets = 18

// boundsS are the bounds in seconds.
var boundsS = func() []float64 {
	seconds := make([]float64, len(boundsMS))
	for i, ms := range boundsMS {
		seconds[i] = float64(ms) / 1000
	}
	return seconds
}()

// quick holds the bucket of each duration below its length, which most are.
var quick = func() (q [1 << 10]uint8) {
	for ms := range q {
		q[ms] = uint8(search(int64(ms)))
	}
	return q
}()

// bucket returns the bucket of a duration in milliseconds.
func bucket(ms int64) int {
	if uint64(ms) < uint64(len(quick)) {
		return int(quick[ms])
	}
	return search(ms)
}

func search(ms int64) int {
	i, _ := slices.BinarySearch(boundsMS, ms)
	return i
}
