package samplelogs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func TestWeekTellsOfFailuresAScanAThreatAndABucketThatGrows(t *testing.T) {
	failures, denied, answered, parts := 0, 0, 0, int64(0)
	var r accesslog.Record
	for _, o := range samplelogs.Week(samplelogs.Seed) {
		for _, line := range o.Lines {
			if accesslog.Parse(strings.TrimSuffix(line, "\r"), &r) != nil {
				continue
			}
			switch {
			case r.Bucket == "example-shop-assets" && r.Status == 503 && dayOf(r.Time) == 15:
				failures++
			case r.Bucket == "example-partner-exchange" && r.Status == 403 && r.Requester == "" && dayOf(r.Time) == 12:
				denied++
			case r.Bucket == "example-partner-exchange" && r.RemoteIP == "203.0.113.101" && r.Status == 200 && dayOf(r.Time) == 15:
				answered++
			case r.Bucket == "example-backup-vault" && r.Operation == "REST.PUT.PART" && dayOf(r.Time) == 15:
				parts += r.ObjectSize
			}
		}
	}
	assert.Equal(t, []int{86, 160, 48}, []int{failures, denied, answered})
	assert.Greater(t, parts, int64(2<<30))
}

func TestCommittedSamplesTake3MBAtMost(t *testing.T) {
	size := int64(0)
	require.NoError(t, filepath.WalkDir(committed, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	}))
	assert.Less(t, size, int64(3_000_000))
}

// dayOf is the day of the month of a record's time.
func dayOf(seconds int64) int { return time.Unix(seconds, 0).UTC().Day() }
