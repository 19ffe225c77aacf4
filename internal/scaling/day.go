package scaling

import (
	"math"
	"time"
)

// Day is a day of a queue whose collectors are as many as its backlog asks for,
// as KEDA and Kubernetes scale them.
type Day struct {
	Arrivals func(at time.Duration) float64 // objects in a second
	Each     float64                        // objects in a second that a collector reads
	Target   float64                        // backlog for each collector: queueLength
	Poll     time.Duration                  // how often the backlog is looked at
	Start    time.Duration                  // from there until a new collector reads
	Cooldown time.Duration                  // a collector goes once it was not wanted for so long
	Most     int                            // collectors; one is always there
}

// Fleet is what became of a day.
type Fleet struct {
	Average float64       // collectors, over the day
	Most    int           // collectors at once
	Lag     time.Duration // how old an object became before it was read, at most
	Left    float64       // objects that were unread at the end
}

// Live lets a day pass in steps of a second. Objects are a stream here, not
// single ones: there are millions of them.
func (d Day) Live() Fleet {
	const day = 24 * time.Hour
	var f Fleet
	var came, read float64
	history := make([]float64, 0, day/time.Second) // came, by second; what is read was there first
	oldest := 0                                    // the second of which an object is the next to be read
	reading, wantedUntil := 1, time.Duration(0)
	var starting []time.Duration // when collectors begin to read
	for now := time.Duration(0); now < day; now += time.Second {
		came += d.Arrivals(now)
		history = append(history, came)
		read = min(came, read+float64(reading)*d.Each)
		for oldest < len(history) && history[oldest] <= read {
			oldest++
		}
		f.Lag = max(f.Lag, now+time.Second-time.Duration(oldest)*time.Second)
		for len(starting) > 0 && starting[0] <= now {
			reading, starting = reading+1, starting[1:]
		}
		if now%d.Poll == 0 {
			wanted := min(max(1, int(math.Ceil((came-read)/d.Target))), d.Most)
			for reading+len(starting) < wanted {
				starting = append(starting, now+d.Start)
			}
			if wanted >= reading {
				wantedUntil = now
			}
			if now-wantedUntil >= d.Cooldown && reading > wanted {
				reading, wantedUntil = wanted, now
			}
		}
		f.Most = max(f.Most, reading)
		f.Average += float64(reading+len(starting)) * time.Second.Seconds() / day.Seconds()
	}
	f.Left = came - read
	return f
}

// Steady is the same rate all day.
func Steady(rate float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return rate }
}

// Daily has its peak, peak times the mean, at two in the afternoon, and as much
// less than the mean at night.
func Daily(mean, peak float64) func(time.Duration) float64 {
	return func(at time.Duration) float64 {
		return mean * (1 + (peak-1)*math.Cos(2*math.Pi*(at.Hours()-14)/24))
	}
}
