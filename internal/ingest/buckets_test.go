package ingest

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Messages may name any number of buckets: what is kept of those that fail is bounded, and
// recovers.
func TestBucketsThatFailAreBounded(t *testing.T) {
	f := failing{}
	now := time.Unix(0, 0)
	for i := range 5000 {
		f.fail(strconv.Itoa(i), now)
	}
	assert.Len(t, f, maxFailing+1)
	assert.Equal(t, []string{"7"}, f.recover("7", now))
	assert.Len(t, f.recover("4998", now.Add(time.Hour)), maxFailing, "the others are of long ago")
	assert.Empty(t, f)
	assert.Equal(t, "x", f.fail("x", now))
}
