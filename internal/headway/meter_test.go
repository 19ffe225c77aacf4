package headway

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestAStandingHasWhatIsKnownAndWhatIsUnderWay(t *testing.T) {
	m := NewMeter(noon.Add(-time.Hour))
	m.Taken("logs")
	m.Taken("logs")
	m.Settled("logs")
	m.Delivered("logs", noon.Unix())
	m.Delivered("logs", noon.Add(-time.Hour).Unix())
	m.Delivered("logs", 0)
	m.Answered("logs", noon)
	assert.Equal(t, []Standing{{"logs", 12, noon, noon}, {Bucket: "idle", Answered: noon.Add(-time.Hour)}},
		m.Standings([]source.Backlog{{Bucket: "logs", Objects: 4}, {Bucket: "logs", Objects: 7}, {Bucket: "idle"}}))
}

func TestFromThe101stOnBucketsAreOne(t *testing.T) {
	m := NewMeter(noon.Add(-time.Hour))
	var known []source.Backlog
	for i := range 150 {
		name := fmt.Sprintf("logs-%03d", i)
		known = append(known, source.Backlog{Bucket: name})
		m.Taken(name)
		m.Answered(name, noon.Add(time.Duration(i)*time.Second))
		if i%2 == 0 {
			m.Delivered(name, noon.Add(time.Duration(i)*time.Second).Unix())
		}
	}
	all := m.Standings(known)
	assert.Len(t, all, MaxShown+1)
	assert.Equal(t, "logs-099", all[99].Bucket)
	at := noon.Add(100 * time.Second)
	assert.Equal(t, Standing{Other, 50, at, at}, all[100], "the sum, and the worst")

	known = append(known, source.Backlog{Bucket: "never answered"})
	assert.Equal(t, noon.Add(-time.Hour), m.Standings(known)[100].Answered, "the worst is since the start")
	assert.Zero(t, m.Standings(known[:100])[100].Answered, "none of the others is looked into")
}

// A queue names buckets that nobody looks into, and a fleet drops some: their age would grow
// while everything is well.
func TestOnlyWhatTheSourceKnowsIsLookedInto(t *testing.T) {
	m := NewMeter(noon)
	m.Taken("named")
	m.Answered("dropped", noon.Add(time.Hour))
	m.Answered("", noon.Add(time.Hour))
	assert.Equal(t, []Standing{{Bucket: "named", Backlog: 1}, {Bucket: "dropped"}, {Answered: noon.Add(time.Hour)}},
		m.Standings([]source.Backlog{{}}))
}

func TestTheBucketsThatMessagesNameAreBounded(t *testing.T) {
	m := NewMeter(noon.Add(-time.Hour))
	for i := range maxBuckets + 10 {
		m.Taken(fmt.Sprint(i))
	}
	assert.Len(t, m.buckets, maxBuckets+1)
	assert.EqualValues(t, 10, m.buckets[Other].open)
}
