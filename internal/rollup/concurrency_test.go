package rollup

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// Workers count while the committer commits, emits and drops series, and others
// look at how many series there are.
func TestWorkersAndCommitter(t *testing.T) {
	const workers, chunks = 4, 60
	for name, change := range map[string]func(*setup){
		"cumulative": func(*setup) {},
		"few series": func(s *setup) { s.CardinalityLimit = 20 },
		"delta":      func(s *setup) { s.Temporality = TemporalityDelta },
		"event, few series": func(s *setup) {
			s.Temporality, s.Timestamps, s.CardinalityLimit = TemporalityDelta, TimestampsEvent, 20
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := testSettings()
			s.Metrics["aws.s3.server.requests"] = by("client.address")
			s.SeriesIdleTimeout = 2 * s.Interval
			change(&s)
			l := newProcess(t, s)
			deltas := make(chan *Delta)
			var working sync.WaitGroup
			for w := range workers {
				working.Go(func() { work(l.state.NewCounter(), mix().lines[w*1000:], chunks, deltas) })
			}
			go func() {
				working.Wait()
				close(deltas)
			}()
			stop := make(chan struct{})
			var looking sync.WaitGroup
			looking.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						assert.Len(t, l.state.Series(), len(l.state.plan.metrics))
					}
				}
			})
			requests, n := newRequestSum(s), int64(0)
			for d := range deltas {
				n += d.Records()
				l.state.Add(d)
				l.commit()
				if n%200 == 0 {
					requests.add(l.emitAccepted())
				}
			}
			requests.add(l.emitAccepted())
			close(stop)
			looking.Wait()
			require.Equal(t, int64(workers*chunks*10), n)
			assert.Equal(t, n, requests.total())
		})
	}
}

// work counts chunks of ten records.
func work(c *Counter, lines []string, chunks int, deltas chan<- *Delta) {
	var r accesslog.Record
	for range chunks {
		for _, line := range lines[:10] {
			if accesslog.Parse(line, &r) == nil {
				c.Add(&r, noClient)
			}
		}
		lines = lines[10:]
		deltas <- c.Cut()
	}
}

// requestSum adds up the requests that emissions tell of.
type requestSum struct {
	delta bool
	sums  map[string]int64 // by series and, with deltas, in all
}

func newRequestSum(s setup) requestSum { return requestSum{s.isDelta(), map[string]int64{}} }

func (r *requestSum) add(points []anyPoint) {
	for _, p := range points {
		switch id := p.id() + p.start.String(); {
		case p.metric != "aws.s3.server.requests":
		case r.delta:
			r.sums[id] += p.values.sum
		default:
			r.sums[id] = p.values.sum
		}
	}
}

func (r *requestSum) total() (n int64) {
	for _, sum := range r.sums {
		n += sum
	}
	return n
}
