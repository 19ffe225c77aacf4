package ingest

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// The next request waits until storage has that the one before is settled.
func TestRequestsWaitForStorage(t *testing.T) {
	for name, change := range emissionModes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := emptyStorage()
				back := &ledger{decide: func(_ context.Context, n int) Answer {
					client.fails.Store(n == 0)
					return Accepted
				}}
				s := agentSettings(change)
				r := agentRig(t, agentObjects(), client, s, back)
				done := make(chan error, 1)
				go func() { done <- r.Run(t.Context()) }()
				time.Sleep(time.Hour)
				synctest.Wait()
				offered, _ := back.took()
				require.Equal(t, 1, offered)
				client.fails.Store(false)
				require.NoError(t, <-done)
				_, accepted := back.took()
				total, twice := sumOf(isDelta(s), accepted)
				assert.EqualValues(t, agentRecords, total)
				assert.Empty(t, twice)
			})
		})
	}
}

// One write is enough for what becomes of a request, and none where nothing has to be
// remembered.
func TestWritesOfAnEmission(t *testing.T) {
	objects, _ := sampleObjects(61, 200, 20)
	for name, test := range map[string]struct {
		change  func(*rollup.Config)
		objects []*fakeObject
		known   bool // the beginnings are settled already
		each    int  // writes
	}{
		"cumulative":          {emissionModes["cumulative"], objects, false, 1},
		"cumulative, known":   {emissionModes["cumulative"], objects, true, 0},
		"delta":               {emissionModes["delta"], objects, false, 1},
		"event":               {emissionModes["event"], objects, false, 1},
		"several, cumulative": {emissionModes["cumulative"], agentObjects(), false, 1},
		"several, known":      {emissionModes["cumulative"], agentObjects(), true, 0},
		"several, delta":      {emissionModes["delta"], agentObjects(), false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			client, before := emptyStorage(), []int{}
			s, back := agentSettings(test.change), &ledger{}
			if test.known {
				require.NoError(t, agentRig(t, test.objects, client, s, back).Run(t.Context()))
			}
			disk := &crashes{fakeStorage: client, back: back}
			back.decide = func(context.Context, int) Answer {
				before = append(before, len(disk.states))
				return Accepted
			}
			require.NoError(t, agentRig(t, test.objects, disk, s, back).Run(t.Context()))
			require.NotEmpty(t, before)
			for i, writes := range append(before[1:], len(disk.states)) {
				assert.Equal(t, test.each, writes-before[i], "request %d", i)
			}
		})
	}
}

// Beginnings that a back end refuses, since it has them, are left out at once, of all
// the series of this request and of no others.
func TestRefusedBeginnings(t *testing.T) {
	back := &ledger{decide: func(_ context.Context, n int) Answer {
		if n == 1 {
			return Refused
		}
		return Accepted
	}}
	s := agentSettings(emissionModes["cumulative"])
	require.NoError(t, agentRig(t, agentObjects(), emptyStorage(), s, back).Run(t.Context()))
	offered, accepted := back.took()
	total, twice := sumOf(false, accepted)
	assert.EqualValues(t, agentRecords, total)
	assert.Empty(t, twice)
	assert.Equal(t, 2*(offered/2), offered, "the emission is repeated once")
	assert.Len(t, accepted, offered-1)
	for _, r := range accepted[offered/2-1:] {
		assert.Empty(t, r.beginnings)
	}
}

// A refusal of what has no beginnings is no reason to send anything again.
func TestRefusedWithoutBeginnings(t *testing.T) {
	client, back := emptyStorage(), &ledger{}
	s := agentSettings(emissionModes["cumulative"])
	require.NoError(t, agentRig(t, agentObjects(), client, s, back).Run(t.Context()))
	before, _ := back.took()
	back.decide = func(_ context.Context, n int) Answer {
		if n > 3*before {
			return Accepted // it would go on for ever
		}
		return Refused
	}
	require.NoError(t, agentRig(t, agentObjects(), client, s, back).Run(t.Context()))
	after, _ := back.took()
	assert.Equal(t, 2*before, after)
}

// lingering is a source that ends a while after its last object.
type lingering struct {
	*fakeSource
	end time.Duration
}

func (s lingering) Next(ctx context.Context) (*source.Work, error) {
	work, err := s.fakeSource.Next(ctx)
	if errors.Is(err, io.EOF) {
		_ = source.Sleep(ctx, s.end)
	}
	return work, err
}

// An emission of which some requests are not accepted does not tell what its series
// came to: idle ones stay until an emission does.
func TestIdleSeriesStayUntilAnEmissionIsAccepted(t *testing.T) {
	for name, answer := range map[string]Answer{"unsettled": Unsettled, "refused": Refused} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				back := &ledger{decide: func(_ context.Context, n int) Answer {
					if n%3 != 2 && time.Since(begin) < 10*time.Minute {
						return answer
					}
					return Accepted
				}}
				s := agentSettings(func(s *rollup.Config) { s.SeriesIdleTimeout = 2 * s.Interval })
				r := agentRig(t, agentObjects(), emptyStorage(), s, back)
				r.parts.Source = lingering{r.src, time.Hour}
				require.NoError(t, r.Run(t.Context()))
				_, accepted := back.took()
				total, twice := sumOf(false, accepted)
				assert.EqualValues(t, agentRecords, total)
				assert.Empty(t, twice)
				assert.Equal(t, map[string]int{"aws.s3.server.requests": 0}, r.parts.Metrics.Series())
			})
		})
	}
}

// A pipeline that refuses an emission without its beginnings as well has none of them:
// the next emission has them, also that of the next process.
func TestBeginningsComeAgainUntilTheirSeriesAreAccepted(t *testing.T) {
	for name, lives := range map[string]int{"next emission": 1, "next process": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refuse := true
				back := &ledger{decide: func(context.Context, int) Answer {
					if refuse {
						return Refused
					}
					return Accepted
				}}
				s, client, objects := agentSettings(emissionModes["cumulative"]), emptyStorage(), agentObjects()
				for range lives {
					r := agentRig(t, objects, client, s, back)
					r.parts.Source = lingering{r.src, 15 * time.Minute}
					time.AfterFunc(5*time.Minute, func() { refuse = lives > 1 && refuse })
					require.NoError(t, r.Run(t.Context()))
					require.NoError(t, r.parts.Progress.Close(t.Context()))
					refuse = false
				}
				_, accepted := back.took()
				total, twice := sumOf(false, accepted)
				assert.EqualValues(t, agentRecords, total)
				assert.Empty(t, twice)
				beginnings := 0
				for _, r := range accepted {
					beginnings += len(r.beginnings)
				}
				assert.Equal(t, agents, beginnings)
			})
		})
	}
}
