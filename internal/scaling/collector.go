package scaling

import (
	"math"
	"time"
)

// Collector is one process that reads objects from S3.
type Collector struct {
	Concurrency int           // objects being downloaded at a time
	Cores       float64       // processors, whole ones for Simulate
	Latency     time.Duration // from a GET to the last byte of a small object, on average
	PerObject   time.Duration // CPU time of an object without its records: the request, its place in a batch and a commit
	PerRecord   time.Duration // CPU time of a record, from its bytes to the exporter's socket
	Finding     Finding
}

// Finding is how a source gets to know objects: so many at a time, and the next
// ones when all of them were handed out. The zero value knows all from the start.
type Finding struct {
	Names int
	Takes time.Duration
}

// work is the CPU time that an object's records take.
func (c Collector) work(records float64) time.Duration {
	return time.Duration(records * float64(c.PerRecord))
}

// Ceiling returns how many objects of so many records a collector reads in a
// second at most: a download slot is busy for Latency and PerObject, a core for
// the object's CPU time, and objects must be found. What is least decides.
func (c Collector) Ceiling(records float64) (objects float64) {
	return min(c.slots(), c.cores(records), c.found())
}

// slots is the ceiling of the downloads.
func (c Collector) slots() float64 {
	return float64(c.Concurrency) / (c.Latency + c.PerObject).Seconds()
}

// cores is the ceiling of the processors.
func (c Collector) cores(records float64) float64 {
	return c.Cores / (c.PerObject + c.work(records)).Seconds()
}

// found is the ceiling of the source.
func (c Collector) found() float64 {
	if c.Finding.Names == 0 {
		return math.Inf(1)
	}
	return float64(c.Finding.Names) / c.Finding.Takes.Seconds()
}
