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
	m := NewMeter()
	m.Taken("logs")
	m.Taken("logs")
	m.Settled("logs")
	m.Delivered("logs", noon.Unix())
	m.Delivered("logs", noon.Add(-time.Hour).Unix())
	m.Delivered("logs", 0)
	m.Answered("logs", noon)
	assert.Equal(t, []Standing{{"logs", 12, noon, noon}, {Bucket: "idle"}},
		m.Standings([]source.Backlog{{Bucket: "logs", Objects: 4}, {Bucket: "logs", Objects: 7}, {Bucket: "idle"}}))
}

func TestFromThe101stOnBucketsAreOne(t *testing.T) {
	m := NewMeter()
	for i := range 150 {
		name := fmt.Sprintf("logs-%03d", i)
		m.Taken(name)
		m.Answered(name, noon.Add(time.Duration(i)*time.Second))
		if i%2 == 0 {
			m.Delivered(name, noon.Add(time.Duration(i)*time.Second).Unix())
		}
	}
	all := m.Standings(nil)
	assert.Len(t, all, MaxShown+1)
	assert.Equal(t, "logs-099", all[99].Bucket)
	at := noon.Add(100 * time.Second)
	assert.Equal(t, Standing{Other, 50, at, at}, all[100], "the sum, and the worst")
}

func TestTheBucketsThatMessagesNameAreBounded(t *testing.T) {
	m := NewMeter()
	for i := range maxBuckets + 10 {
		m.Taken(fmt.Sprint(i))
	}
	assert.Len(t, m.buckets, maxBuckets+1)
	assert.EqualValues(t, 10, m.buckets[Other].open)
}
