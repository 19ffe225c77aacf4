package queue

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
)

// silent is a queue that does not answer.
type silent struct {
	SQS
	calls atomic.Int64
}

func (q *silent) SetVisibility(ctx context.Context, _ []s3io.Visibility) ([]error, error) {
	q.calls.Add(1)
	<-ctx.Done()
	return nil, ctx.Err()
}

// However many messages are held or to be returned, an SQS that does not answer holds up
// nothing for longer than one call, and Close for no longer than closeTimeout.
func TestASilentQueueIsNotWaitedForByEachMessage(t *testing.T) {
	for name, c := range map[string]struct {
		begin  func(*Source, *message)
		closes time.Duration
	}{
		"renewals": {func(_ *Source, m *message) { m.state = begun }, 0}, // which are not needed any more
		"returns":  {func(s *Source, m *message) { s.scheduleReturn(m, 0) }, closeTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := &silent{}
				cfg := DefaultConfig()
				cfg.URL = anyQueue
				s, err := New(t.Context(), cfg, Deps{SQS: q, Progress: checkpoint.InMemory()})
				require.NoError(t, err)
				now := time.Now()
				s.mu.Lock()
				for i := range 1000 {
					m := &message{id: fmt.Sprint(i), received: now, hiddenUntil: now.Add(cfg.VisibilityTimeout / 2)}
					s.messages[m.id] = m
					c.begin(s, m)
				}
				s.mu.Unlock()
				for q.calls.Load() == 0 {
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(callTimeout + 500*time.Millisecond) // the others are tried again after a second
				assert.EqualValues(t, maxCalls, q.calls.Load())
				time.Sleep(time.Second)
				assert.EqualValues(t, 2*maxCalls, q.calls.Load())
				now = time.Now()
				require.NoError(t, s.Close())
				assert.Equal(t, c.closes, time.Since(now))
			})
		})
	}
}
