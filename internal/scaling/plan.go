package scaling

import (
	"math"
	"time"
)

// Volume is what comes in a day.
type Volume struct {
	Records   float64 // in a day
	PerObject float64 // records of an object
}

// Objects returns how many objects come in a day.
func (v Volume) Objects() float64 { return v.Records / v.PerObject }

// rate returns the objects of a second on average.
func (v Volume) rate() float64 { return v.Objects() / (24 * time.Hour).Seconds() }

// Plan is what a volume takes. Dollars are those of a day.
type Plan struct {
	Collectors int // that are enough in the busiest hour
	Prefixes   int // over which the objects must be spread for their GETs
	Compute    float64
	Gets       float64
	Lists      float64 // with the source bucket, or
	Queue      float64 // with the source queue
	OTLP       float64 // bytes in a second to the back end, on average
	Polled     bool    // whether one listing keeps up with the busiest hour
}

// Make plans for a volume with collectors of one kind, which run all day.
func (v Volume) Make(c Collector) Plan {
	busiest := v.rate() * peak
	n := math.Ceil(busiest / (c.Ceiling(v.PerObject) * full))
	pages := pollPages(busiest)
	return Plan{
		Collectors: int(n),
		Prefixes:   int(math.Ceil(busiest / getLimit)),
		Compute:    n * 24 * hourly(c),
		Gets:       v.Objects() * dollarsAGet,
		Lists:      v.Lists() * dollarsAList,
		Queue:      v.Objects() * queueRequests * dollarsSQS,
		OTLP:       v.Records / (24 * time.Hour).Seconds() * otlpBytes,
		Polled:     time.Duration(pages*float64(listLatency)) <= pollInterval,
	}
}

// hourly is the price of a collector that has 2 GB of memory for each core.
func hourly(c Collector) float64 { return c.Cores*dollarsVCPU + 2*c.Cores*dollarsGB }

// queueRequests are those for an object: S3's own send, a tenth of a receive and
// a tenth of a delete.
const queueRequests = 1.2

// How the source bucket polls names in the order of delivery: each poll looks
// overlap back, and a sweep over lookback comes four times a day.
const (
	pollInterval = time.Minute
	overlap      = 15 * time.Minute
	lookback     = 48 * time.Hour
	sweeps       = 4
)

// pollPages returns the LISTs of one poll at a rate of objects in a second.
func pollPages(rate float64) float64 {
	return math.Ceil(rate * (overlap + pollInterval/2).Seconds() / keysAList)
}

// Lists returns the LISTs of a day, for names in the order of delivery.
func (v Volume) Lists() float64 {
	polls := float64(24 * time.Hour / pollInterval)
	return polls*pollPages(v.rate()) + sweeps*math.Ceil(v.rate()*lookback.Seconds()/keysAList)
}
