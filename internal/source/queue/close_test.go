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
	for name, begin := range map[string]func(*Source, *message){
		"renewals": func(_ *Source, m *message) { m.state = begun },
		"returns":  func(s *Source, m *message) { s.scheduleReturn(m, 0) },
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
					begin(s, m)
				}
				s.mu.Unlock()
				time.Sleep(maxBeat + callTimeout + time.Second/2) // one round of calls, and what follows it
				assert.LessOrEqual(t, q.calls.Load(), int64(2*maxCalls))
				now = time.Now()
				require.NoError(t, s.Close())
				assert.LessOrEqual(t, time.Since(now), closeTimeout)
			})
		})
	}
}
