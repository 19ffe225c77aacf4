package samplelogs

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestByBucketMovesRecordsAndChangesNone(t *testing.T) {
	lines := ByBucket(1, 500)
	var buckets []string
	for _, line := range lines {
		if bucket := Bucket(line); len(buckets) == 0 || buckets[len(buckets)-1] != bucket {
			buckets = append(buckets, bucket)
		}
	}
	assert.True(t, slices.IsSorted(buckets), "%q: a bucket comes back", buckets)
	assert.Greater(t, len(buckets), 1)
	assert.ElementsMatch(t, Records(1, 500), lines)
}

func TestChunksHoldWholeLinesUpToASize(t *testing.T) {
	lines := ByBucket(1, 500)
	chunks := Chunks(lines, 10_000)
	require.Greater(t, len(chunks), 10)
	for _, chunk := range chunks {
		assert.LessOrEqual(t, len(chunk), 10_000)
		assert.True(t, strings.HasSuffix(chunk, "\n"))
	}
	assert.Equal(t, strings.Join(lines, "\n")+"\n", strings.Join(chunks, ""))
	assert.Equal(t, []string{"long\n", "a\nb\n"}, Chunks([]string{"long", "a", "b"}, 4))
	assert.Empty(t, Chunks(nil, 4))
}
