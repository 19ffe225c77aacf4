package tally

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Estimates of a range hold the requests from where it says that they begin, all of them
// and no other, at whichever hour of the day and day of the week the newest one came.
func TestEstimatesOfARangeHoldAllFromWhereTheyBegin(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds, and a minute with the race detector")
	}
	const minutes = 20 * minDay
	widest := map[string]int64{"3h": minHour, "24h": minHour, "7d": minDay, "all": 0}
	random := rand.New(rand.NewPCG(8, 9))
	of := New(720 * time.Hour)
	var times []int64
	for minute := int64(0); minute < minutes; minute += 1 + random.Int64N(30) {
		r := made(random, minutes-minute)
		if random.IntN(10) == 0 {
			r.Time -= random.Int64N(min(minute, 9*minDay)+1) * msMinute // late
		}
		r.Country = "DE"
		times = append(times, r.Time)
		of.Add(&r, now)
		if random.IntN(8) > 0 {
			continue
		}
		for _, rng := range of.Ranges(of.Start()) {
			since := rng.Estimates.Since * msMinute
			require.LessOrEqual(t, since, rng.From, rng.ID)
			require.LessOrEqual(t, rng.From-since, widest[rng.ID]*msMinute, rng.ID)
			want, got := uint64(0), uint64(0)
			for _, at := range times {
				if at >= since {
					want++
				}
			}
			for _, place := range rng.Estimates.Places() {
				got += place.N
			}
			require.Equal(t, want, got, "%s at %s", rng.ID, time.UnixMilli(r.Time).UTC())
		}
	}
	assert.NotEmpty(t, times)
}
