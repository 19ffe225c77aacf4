package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
)

// Three collectors share a queue. One of them stops dead, with messages in
// flight: the two others process all there is.
func TestThreeCollectorsOneOfWhichDies(t *testing.T) {
	server := fakesqs.Start()
	t.Cleanup(server.Close)
	remote := server.CreateQueue("logs", fakesqs.Settings{})
	const n = 600
	for i := range n {
		remote.Send(event(fmt.Sprint(i)))
	}
	time := &clock{}
	cfg := Config{URL: anyQueue, VisibilityTimeout: minVisibility}
	progress := checkpoint.InMemory()
	var all processed
	var killed atomic.Bool
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for i := range 3 {
		q := &flaky{connect(t, remote), func() bool { return i == 0 && killed.Load() }}
		src, err := New(ctx, cfg, Deps{SQS: q, Bucket: &bucket{}, Progress: progress, Clock: time, Room: func() int { return 4 }})
		require.NoError(t, err)
		running.Go(func() {
			all.consume(ctx, src, q.broken)
			if q.broken() {
				src.abort() // a process that is killed does not say goodbye
			}
			assert.NoError(t, src.Close())
		})
	}
	until(t, "a third of the objects", func() bool { return all.count() > n/3 })
	killed.Store(true)
	until(t, "all objects", func() bool {
		server.Advance(minVisibility / 20)
		time.advance(minVisibility / 20)
		return all.count() == n && len(remote.Bodies()) == 0
	})
	stop()
	running.Wait()
}

// processed is what was accepted, by whomever.
type processed struct {
	mu   sync.Mutex
	keys map[string]int
}

func (p *processed) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.keys)
}

// consume reads objects, four at a time, and hands some of them back, until ctx
// is done or it was killed.
func (p *processed) consume(ctx context.Context, src *Source, killed func() bool) {
	var reading sync.WaitGroup
	defer reading.Wait()
	slots := make(chan struct{}, 4)
	for !killed() {
		slots <- struct{}{}
		w, err := src.Next(ctx)
		if err != nil {
			<-slots
			if ctx.Err() != nil {
				return
			}
			continue
		}
		reading.Go(func() {
			defer func() { <-slots }()
			time.Sleep(rand.N(time.Millisecond))
			switch {
			case killed():
			case rand.IntN(20) == 0:
				w.Receipt.Nack(0, true)
			default:
				p.mu.Lock()
				if p.keys == nil {
					p.keys = map[string]int{}
				}
				p.keys[w.Object.Key]++
				p.mu.Unlock()
				w.Receipt.Ack()
			}
		})
	}
}

// A message goes through the source, the SDK, HTTP and the queue of this process.
//
//	go test -run - -bench Source -benchtime 5000x ./internal/source/queue
func BenchmarkSource(b *testing.B) {
	server := fakesqs.Start()
	defer server.Close()
	remote := server.CreateQueue("logs", fakesqs.Settings{})
	for i := range b.N {
		remote.Send(event(fmt.Sprint(i)))
	}
	b.Setenv("AWS_ACCESS_KEY_ID", "any")
	b.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	q := connect(b, remote)
	src, err := New(context.Background(), Config{URL: anyQueue, VisibilityTimeout: time.Minute},
		Deps{SQS: q, Bucket: &bucket{}, Progress: checkpoint.InMemory(), Room: func() int { return 256 }})
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		w, err := src.Next(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		w.Receipt.Ack()
	}
	require.NoError(b, src.Close())
	b.StopTimer()
	require.Equal(b, b.N, remote.Stats().Deleted)
}
