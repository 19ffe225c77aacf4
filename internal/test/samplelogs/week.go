package samplelogs

import (
	"slices"
	"time"
)

// Seed is the seed of the committed samples.
const Seed = 1

// hourly is the share of a day's requests that each hour sees, in per mille.
var hourly = [24]int{12, 9, 8, 8, 9, 13, 22, 36, 56, 68, 72, 70, 62, 66, 70, 68, 62, 54, 50, 52, 50, 40, 27, 16}

// Week returns the log objects of one week: a few thousand records of all
// sites, more by day than by night and more on working days, in the order in
// which S3 delivers them for each bucket. Some objects arrive a day or two
// late. A few lines are what attackers, old clients and broken transports leave
// (see oddities), and a few objects tell of something out of the ordinary (see incidents).
func Week(seed uint64) []Object {
	var lines []string
	g := newGenerator(seed, func(line []byte) error {
		lines = append(lines, string(line))
		return nil
	})
	var objects []Object
	var origins []origin
	for i := range sites {
		g.site = &sites[i]
		for day := range 7 {
			for n := range g.site.log.batch {
				lines = nil
				window := weekStart.AddDate(0, 0, day).Add(g.window() * time.Duration(n))
				g.traffic(window, day >= 5)
				if len(lines) == 0 {
					continue
				}
				objects = append(objects, Object{Path: g.objectPath(window, g.delivery(window)), Lines: lines, Gzip: g.site.log.gzip})
				origins = append(origins, origin{g.site, g.now})
			}
		}
	}
	g.addOddities(objects, origins)
	return append(objects, incidentObjects(seed)...)
}

// origin is where and when the last record of an object was made.
type origin struct {
	site *site
	time time.Time
}

// window is the time that one object of the site covers.
func (g *generator) window() time.Duration { return 24 * time.Hour / time.Duration(g.site.log.batch) }

// delivery returns when S3 delivers the records of a window: within two hours
// of its end, or now and then much later.
func (g *generator) delivery(window time.Time) time.Time {
	late := time.Duration(5+g.rng.IntN(110)) * time.Minute
	if g.chance(2) {
		late += time.Duration(24+g.rng.IntN(24)) * time.Hour
	}
	return window.Add(g.window() + late + time.Duration(g.rng.IntN(60))*time.Second).Truncate(time.Second)
}

// traffic makes the events of one window, in order of time.
func (g *generator) traffic(window time.Time, weekend bool) {
	perDay := g.site.log.perDay
	if weekend {
		perDay /= 3
	}
	var times []time.Time
	for hour := window; hour.Before(window.Add(g.window())); hour = hour.Add(time.Hour) {
		expected := perDay * hourly[hour.Hour()] // thousandths of an event
		for range (expected + g.rng.IntN(1000)) / 1000 {
			times = append(times, hour.Add(time.Duration(g.rng.Int64N(int64(time.Hour)))).Truncate(time.Second))
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	for _, t := range times {
		g.now = t
		g.event()
	}
}
