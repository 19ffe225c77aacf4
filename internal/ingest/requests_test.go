package ingest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// ledger is an Emitter that keeps the requests it accepted.
type ledger struct {
	decide func(ctx context.Context, n int) Answer // of the nth request offered, from 0; nil: accept
	part   bool                                    // every second point of a request that is unsettled is accepted

	mu       sync.Mutex
	offered  int
	accepted []request
}

// request is what a request has: values by series and, for deltas, time; and the
// beginnings of series.
type request struct {
	values     map[string]int64
	beginnings map[string]bool
}

func (l *ledger) Emit(ctx context.Context, m pmetric.Metrics, _ bool) (answer Answer, done []int) {
	l.mu.Lock()
	n := l.offered
	l.offered++
	l.mu.Unlock()
	answer = Accepted
	if l.decide != nil {
		answer = l.decide(ctx, n)
		if answer == Refused || answer == Unsettled && !l.part {
			return answer, nil
		}
	}
	r, at := request{map[string]int64{}, map[string]bool{}}, 0
	for _, metric := range m.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		for _, p := range metric.Sum().DataPoints().All() {
			if at++; answer == Unsettled {
				if at%2 == 0 {
					continue
				}
				done = append(done, at-1)
			}
			agent, _ := p.Attributes().Get("user_agent.original")
			series := agent.Str()[:min(8, len(agent.Str()))]
			switch {
			case metric.Sum().AggregationTemporality() == pmetric.AggregationTemporalityDelta:
				r.values[fmt.Sprint(series, " ", p.StartTimestamp(), " ", p.Timestamp())] = p.IntValue()
			case p.StartTimestamp() == p.Timestamp():
				r.beginnings[series] = true
			default:
				r.values[series] = p.IntValue()
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted = append(l.accepted, r)
	return answer, done
}

// took returns how many requests were offered and which were accepted.
func (l *ledger) took() (offered int, accepted []request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.offered, l.accepted
}

const (
	agents       = 4000 // of a kilobyte: three requests
	agentRecords = 6000
)

// agentObjects are the records of many series.
func agentObjects() (objects []*fakeObject) {
	base := samplelogs.Records(60, 1)[0]
	at := strings.LastIndex(base, `" "`) + 3
	var lines []string
	for i := range agentRecords {
		agent := fmt.Sprintf("%08d", i%agents) + strings.Repeat("x", 1000)
		lines = append(lines, base[:at]+agent+base[at:])
	}
	for i := 0; i < len(lines); i += 500 {
		o := textObject(lines[i : i+500]...)
		o.key += fmt.Sprint("-", i) // the lines of some are those of others
		objects = append(objects, o)
	}
	return objects
}

// emissionModes are what settling differs by.
var emissionModes = map[string]func(*rollup.Config){
	"cumulative": func(*rollup.Config) {},
	"delta":      func(s *rollup.Config) { s.Temporality = rollup.TemporalityDelta },
	"event":      func(s *rollup.Config) { s.Temporality, s.Timestamps = rollup.TemporalityDelta, rollup.TimestampsEvent },
}

func agentSettings(change func(*rollup.Config)) rollup.Config {
	s := countingSettings(false)
	s.Metrics = map[string]rollup.MetricConfig{"aws.s3.server.requests": {Enabled: true, Attributes: []string{"user_agent.original"}}}
	change(&s)
	return s
}

// agentRig is a process that counts what is not done yet, with the progress of client.
func agentRig(t *testing.T, objects []*fakeObject, client storage.Client, s rollup.Config, l *ledger) *rig {
	t.Helper()
	r := newRig(testConfig(), newFakeSource(unfinished(t, client, objects)...), nil)
	r.parts.Converter, r.parts.Sink = nil, nil
	r.count(t, client, s, l)
	return r
}

// once returns what of a request must not come twice: deltas, and beginnings.
func (r *request) once(delta bool) map[string]bool {
	ids := maps.Clone(r.beginnings)
	if delta {
		for id := range r.values {
			ids[id] = true
		}
	}
	return ids
}

// sumOf adds up what was accepted, and returns what came twice and must not.
func sumOf(delta bool, accepted []request) (total int64, twice map[string]bool) {
	values, seen, twice := map[string]int64{}, map[string]bool{}, map[string]bool{}
	for _, r := range accepted {
		maps.Copy(values, r.values) // of a cumulative series the last one, of a delta the same again
		for id := range r.once(delta) {
			if seen[id] {
				twice[id] = true
			}
			seen[id] = true
		}
	}
	for _, value := range values {
		total += value
	}
	return total, twice
}

// What a back end accepted of an emission before the process was stopped, does not
// come again, deltas as well as the beginnings of cumulative series.
func TestStoppedAmidAnEmission(t *testing.T) {
	objects := agentObjects()
	for name, change := range emissionModes {
		for kind, late := range map[string]bool{"unsettled": false, "accepted when the time is over": true} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, client := agentSettings(change), emptyStorage()
					back := &ledger{decide: func(ctx context.Context, n int) Answer {
						if n > 0 || late {
							<-ctx.Done()
						}
						if n > 0 {
							return Unsettled
						}
						return Accepted
					}}
					first := agentRig(t, objects, client, s, back)
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(time.Hour, cancel)
					require.NoError(t, first.Run(ctx))
					require.NoError(t, first.parts.Progress.Close(t.Context()))
					offered, accepted := back.took()
					require.Len(t, accepted, 1)
					if isDelta(s) {
						want := 2
						if late {
							want = 1
						}
						assert.Equal(t, want, offered, "nothing is offered when the time is over")
					}

					back.decide = nil
					second := agentRig(t, objects, client, s, back)
					require.NoError(t, second.Run(t.Context()))
					_, accepted = back.took()
					total, twice := sumOf(isDelta(s), accepted)
					assert.EqualValues(t, agentRecords, total)
					assert.Empty(t, twice)
					assert.GreaterOrEqual(t, len(accepted), 3)
				})
			})
		}
	}
}

// A back end that takes a part of a request of deltas before the process is stopped, does
// not get that part again.
func TestStoppedAmidARequest(t *testing.T) {
	objects := agentObjects()
	for name, change := range emissionModes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, client := agentSettings(change), emptyStorage()
				if s.Temporality != rollup.TemporalityDelta {
					return // the next emission has all series
				}
				back := &ledger{part: true, decide: func(ctx context.Context, n int) Answer {
					if n == 0 {
						return Accepted
					}
					<-ctx.Done()
					return Unsettled
				}}
				for range 3 { // each process gets half of what is left of a request accepted
					first := agentRig(t, objects, client, s, back)
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(time.Hour, cancel)
					require.NoError(t, first.Run(ctx))
					require.NoError(t, first.parts.Progress.Close(t.Context()))
				}
				back.decide = nil
				last := agentRig(t, objects, client, s, back)
				require.NoError(t, last.Run(t.Context()))
				_, accepted := back.took()
				total, twice := sumOf(true, accepted)
				assert.EqualValues(t, agentRecords, total)
				assert.Empty(t, twice)
				assert.GreaterOrEqual(t, len(accepted), 5)
			})
		})
	}
}

// crashes is a storage that keeps what it held behind every write.
type crashes struct {
	*fakeStorage
	back   *ledger
	states []crash
}

// crash is a storage as a crash leaves it.
type crash struct {
	values   map[string][]byte
	accepted int // requests, at the time of the write
}

func (s *crashes) Set(ctx context.Context, key string, value []byte) error {
	err := s.fakeStorage.Set(ctx, key, value)
	_, accepted := s.back.took()
	s.states = append(s.states, crash{maps.Clone(s.values), len(accepted)})
	return err
}

// Whenever the process dies, every point is accepted in the end, and those that were
// accepted twice are of the one request of which nobody knew.
func TestKilledAmidAnEmission(t *testing.T) {
	objects := agentObjects()
	writes := 30 // of all, and each that an emission makes
	if raceEnabled {
		writes = 1
	}
	for name, change := range emissionModes {
		t.Run(name, func(t *testing.T) {
			s, back := agentSettings(change), &ledger{}
			disk := &crashes{fakeStorage: emptyStorage(), back: back}
			require.NoError(t, agentRig(t, objects, disk, s, back).Run(t.Context()))
			_, accepted := back.took()
			require.GreaterOrEqual(t, len(accepted), 3)
			doubts, step := 0, max(1, len(disk.states)/writes)
			for i, at := range disk.states {
				// What was accepted after this write and before the next one, nobody knows of.
				known, all := at.accepted, len(accepted)
				if i+1 < len(disk.states) {
					all = disk.states[i+1].accepted
				}
				require.LessOrEqual(t, all-known, 1)
				doubts += all - known
				if i%step > 0 && all == known && i+1 < len(disk.states) {
					continue // one of many writes between two emissions
				}
				next := &ledger{accepted: slices.Clone(accepted[:all])}
				client := &fakeStorage{values: maps.Clone(at.values)}
				require.NoError(t, agentRig(t, objects, client, s, next).Run(t.Context()))

				_, both := next.took()
				total, twice := sumOf(isDelta(s), both)
				assert.EqualValues(t, agentRecords, total, "write %d", i)
				want := map[string]bool{}
				if all > known {
					want = accepted[known].once(isDelta(s))
				}
				assert.Equal(t, len(want), len(twice), "write %d", i)
				for id := range twice {
					assert.True(t, want[id], "write %d: %s", i, id)
				}
			}
			assert.Equal(t, len(accepted), doubts)
		})
	}
}
