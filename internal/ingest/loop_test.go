package ingest

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// ownRecord is a record of requests to the bucket that the rig's objects are in.
func ownRecord(seed uint64) string {
	const owner = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
	record := samplelogs.Records(seed, 1)[0]
	return owner + " logs " + record[strings.IndexByte(record, '['):]
}

func TestBucketThatLogsIntoItself(t *testing.T) {
	other := samplelogs.Records(31, 3)
	for name, c := range map[string]struct {
		lines []string
		says  bool
	}{
		"its own":                 {[]string{ownRecord(32)}, true},
		"its own, then no record": {[]string{ownRecord(32), "logs logs logs"}, true},
		"another's":               {other, false},
		"no record":               {[]string{"owner logs torn"}, false},
		"nothing":                 {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(testConfig(), newFakeSource(textObject(c.lines...)), &fakeSink{})
			require.NoError(t, r.Run(t.Context()))
			err := r.concerns.latest[ConcernLoop]
			if !c.says {
				assert.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "bucket logs holds the log of its own requests")
			assert.ErrorContains(t, err, "choose another destination bucket")
		})
	}
}

// A bucket that logs into itself no longer is forgotten in time.
func TestBucketThatLoggedIntoItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newFakeSource(textObject(ownRecord(33)), textObject(samplelogs.Records(34, 1)...))
		src.open++ // so that it does not end
		r := newRig(testConfig(), src, &fakeSink{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { _ = r.Run(ctx) }()
		loopError := func() error {
			synctest.Wait()
			r.concerns.mu.Lock()
			defer r.concerns.mu.Unlock()
			return r.concerns.latest[ConcernLoop]
		}
		time.Sleep(loopExpiry - time.Minute)
		require.Error(t, loopError())
		time.Sleep(2 * time.Minute)
		require.NoError(t, loopError())
	})
}
