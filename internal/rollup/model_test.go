package rollup

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// Whatever happens in between, refusals, crashes, snapshots, what a back end has
// in the end is the sum over the records.
func TestTotalsAreThoseOfTheRecords(t *testing.T) {
	variants := map[string]func(*setup){
		"cumulative":  func(*setup) {},
		"exponential": func(s *setup) { s.Histogram = HistogramExponential },
		"few series":  func(s *setup) { s.CardinalityLimit = 7 },
		"idle series": func(s *setup) { s.SeriesIdleTimeout = 2 * s.Interval },
		"delta":       func(s *setup) { s.Temporality = TemporalityDelta },
		"delta, idle series": func(s *setup) {
			s.Temporality, s.SeriesIdleTimeout = TemporalityDelta, 2*s.Interval
		},
		"event, idle series, few of them": func(s *setup) {
			s.Temporality, s.Timestamps, s.SeriesIdleTimeout, s.CardinalityLimit = TemporalityDelta, TimestampsEvent, 2*s.Interval, 9
		},
		"delta, exponential, few series": func(s *setup) {
			s.Temporality, s.Histogram, s.CardinalityLimit = TemporalityDelta, HistogramExponential, 5
		},
		"event": func(s *setup) { s.Temporality, s.Timestamps = TemporalityDelta, TimestampsEvent },
		"many attributes": func(s *setup) {
			s.Metrics["aws.s3.server.io"] = by(direction, "aws.requester.type", "user.name", "aws.s3.acl_required")
			s.Metrics["aws.s3.server.request.duration"] = by()
			s.Metrics["aws.s3.server.requests"] = by("client.address", "tls.protocol.version")
		},
		"no direction": func(s *setup) { s.Metrics["aws.s3.server.io"] = by("aws.s3.bucket") },
	}
	seeds := uint64(8)
	if raceEnabled {
		seeds = 2
	}
	for name, change := range variants {
		t.Run(name, func(t *testing.T) {
			for seed := range seeds {
				settings := testSettings()
				change(&settings)
				newHistory(t, settings, seed).run()
			}
		})
	}
}

// history is a random history of a state: workers, commits, emissions, crashes.
type history struct {
	t        *testing.T
	settings setup
	rng      *rand.Rand
	now      time.Time
	lines    []string

	state     *State
	counters  []*Counter
	deltas    []*Delta // counted and not committed
	counted   int      // lines
	committed int
	snapshot  []byte
	journal   [][]byte
	room      int       // of a request
	sending   []Request // of an emission on its way, from the next one on
	sent      time.Time

	back      backend
	inspector inspector
}

func newHistory(t *testing.T, settings setup, seed uint64) *history {
	h := &history{
		t: t, settings: settings, rng: rand.New(rand.NewPCG(seed, 1)),
		now: epoch, lines: samplelogs.Records(seed, 600),
		room: []int{1, 2000, maxRequest}[seed%3],
		back: newBackend(t, settings), inspector: newInspector(t, settings),
	}
	h.open()
	return h
}

// open is the start of a process.
func (h *history) open() {
	h.state = h.settings.state(h.now)
	h.state.requestSize = h.room
	if h.snapshot != nil {
		require.NoError(h.t, h.state.Restore(h.snapshot))
	}
	for _, change := range h.journal {
		require.NoError(h.t, h.state.Replay(change))
	}
	h.counters = []*Counter{h.state.NewCounter(), h.state.NewCounter()}
	h.deltas, h.counted, h.sending = nil, h.committed, nil
	if h.state.Unsettled() {
		h.send()
	}
}

// send sends what an emission holds.
func (h *history) send() {
	h.sending, h.sent = h.state.Emission(h.now), h.now
	h.inspector.check(metricsIn(h.sending))
}

func (h *history) run() {
	for h.committed < len(h.lines) {
		h.now = h.now.Add(time.Duration(1+h.rng.IntN(40_000)) * time.Millisecond)
		h.step()
	}
	h.finish()
}

func (h *history) step() {
	switch h.rng.IntN(12) {
	case 0, 1, 2, 3:
		h.count()
	case 4, 5:
		h.take()
		h.commit()
	case 6, 7:
		h.emit()
	case 8:
		h.answer(true)
	case 9:
		h.answer(false)
	case 10:
		h.snapshot, h.journal = h.state.AppendState(nil), nil
	case 11:
		h.crash()
	}
}

// count is a worker with a chunk.
func (h *history) count() {
	c := h.counters[h.rng.IntN(len(h.counters))]
	for range h.rng.IntN(30) {
		if h.counted == len(h.lines) {
			break
		}
		var r accesslog.Record
		require.NoError(h.t, accesslog.Parse(h.lines[h.counted], &r))
		c.Add(&r, noClient)
		h.counted++
	}
	h.deltas = append(h.deltas, c.Cut())
}

// take hands over what a batch has.
func (h *history) take() {
	for _, d := range h.deltas {
		h.committed += int(d.Records())
		h.state.Add(d)
	}
	h.deltas = nil
}

// commit stores what is noted.
func (h *history) commit() {
	if change := h.state.Change(h.now); change != nil {
		h.journal = append(h.journal, slices.Clone(change))
	}
	require.NoError(h.t, h.state.Committed())
}

func (h *history) emit() {
	if len(h.sending) > 0 || h.state.Unsettled() {
		return
	}
	h.state.Cut(h.now)
	h.commit()
	if h.settings.isDelta() && !h.state.Unsettled() {
		return
	}
	h.send()
}

// answer is the back end's answer to a few requests of an emission. A refusal drops
// a cumulative one; one of deltas is sent again.
func (h *history) answer(accepted bool) {
	if !accepted && !h.settings.isDelta() {
		h.sending = nil
	}
	for range h.rng.IntN(8) {
		if accepted {
			h.accept()
		}
	}
}

// accept is the acceptance of one request.
func (h *history) accept() {
	if len(h.sending) == 0 {
		return
	}
	h.back.take(h.sending[0].Metrics, h.state.sent.to)
	h.state.Settle(&h.sending[0])
	h.commit()
	if h.sending = h.sending[1:]; len(h.sending) == 0 {
		h.state.Delivered(h.sent)
	}
}

// crash may come when the back end has a request that nobody knows of.
func (h *history) crash() {
	if len(h.sending) > 0 && h.rng.IntN(2) == 0 {
		h.back.doubt(h.sending[0].Metrics, h.state.sent.to)
	}
	h.open()
}

func (h *history) acceptAll() {
	for len(h.sending) > 0 {
		h.accept()
	}
}

func (h *history) finish() {
	h.acceptAll()
	h.now = h.now.Add(time.Second)
	h.emit()
	h.acceptAll()
	assert.Equal(h.t, truth(h.t, h.settings, h.lines), h.back.totals())
	for metric, n := range h.state.Series() {
		assert.LessOrEqual(h.t, n, h.settings.CardinalityLimit, metric)
	}
}
