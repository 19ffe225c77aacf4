package listing

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// A segment is forgotten with the cursor that is behind it or after that: if it
// were before, and the process died in between, all of it would be read again.
func TestSegmentsAreForgottenBehindTheCursor(t *testing.T) {
	const pageSize = 1
	n := 40_000
	if underRace {
		n = 8000
	}
	b := &fakeBucket{size: pageSize, busy: true}
	now := time.Now()
	first := now.Add(-100 * fullDay)
	for i := range n {
		at := first.Add(time.Duration(i) * time.Second)
		b.objects = append(b.objects, s3io.Object{Key: simpleKey(at, i), ETag: "etag", LastModified: at})
	}
	set := testSettings(checkpoint.InMemory())
	set.Bucket, set.Layout = b, Simple
	from("earliest")(&set)
	s, err := New(set.Config, set.Deps)
	require.NoError(t, err)

	last := map[string]string{} // key of a group
	var ended atomic.Bool
	var reading sync.WaitGroup
	reading.Go(func() {
		defer ended.Store(true)
		for range n {
			w, err := s.Next(context.Background())
			if !assert.NoError(t, err) {
				return
			}
			last[w.Group] = w.Object.Key
			w.Receipt.Ack()
		}
	})
	var changes []source.Change
	for !ended.Load() {
		if c := s.Change(); len(c.Cursors)+len(c.Forget) > 0 {
			changes = append(changes, c)
		}
	}
	reading.Wait()

	forgotten, position := 0, ""
	for _, c := range changes {
		if value := c.Cursors[s.cursors()+namesID]; value != nil {
			var stored storedPrefix
			require.NoError(t, source.DecodeCursor("names", value, &stored))
			position = "~" // behind all
			if len(stored.Open) > 0 {
				position = "p/" + stored.Open[0].From
			}
		}
		for _, group := range c.Forget {
			require.GreaterOrEqual(t, position, last[group], group)
			forgotten++
		}
	}
	assert.Greater(t, forgotten, 10)
}
