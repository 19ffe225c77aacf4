package rollup

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/samplelogs"
)

// Whatever happens in between, refusals, crashes, snapshots, what a back end has
// in the end is the sum over the records.
func TestTotalsAreThoseOfTheRecords(t *testing.T) {
	variants := map[string]func(*Settings){
		"cumulative":  func(*Settings) {},
		"exponential": func(s *Settings) { s.Exponential = true },
		"few series":  func(s *Settings) { s.Limit = 7 },
		"idle series": func(s *Settings) { s.IdleTimeout = 2 * s.Interval },
		"delta":       func(s *Settings) { s.Delta = true },
		"delta, exponential, few series": func(s *Settings) {
			s.Delta, s.Exponential, s.Limit = true, true, 5
		},
		"event": func(s *Settings) { s.Delta, s.EventTime = true, true },
		"many attributes": func(s *Settings) {
			s.Metrics["aws.s3.server.io"] = []string{direction, "aws.requester.type", "user.name", "aws.s3.acl_required"}
			s.Metrics["aws.s3.server.request.duration"] = nil
			s.Metrics["aws.s3.server.requests"] = []string{"client.address", "tls.protocol.version"}
		},
		"no direction": func(s *Settings) { s.Metrics["aws.s3.server.io"] = []string{"aws.s3.bucket"} },
	}
	for name, change := range variants {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				settings := testSettings()
				change(&settings)
				newHistory(t, settings, seed).run()
			}
		})
	}
}

// history is a random life of a state: workers, commits, emissions, crashes.
type history struct {
	t        *testing.T
	settings Settings
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
	sending   []pmetric.Metrics // an emission on its way
	sent      time.Time

	back backend
}

func newHistory(t *testing.T, settings Settings, seed uint64) *history {
	h := &history{
		t: t, settings: settings, rng: rand.New(rand.NewPCG(seed, 1)),
		now: time.Unix(1_700_000_000, 0), lines: samplelogs.Records(seed, 600),
		back: newBackend(t, settings),
	}
	h.open()
	return h
}

// open is the start of a process.
func (h *history) open() {
	h.state = New(h.settings, h.now)
	if h.snapshot != nil {
		require.NoError(h.t, h.state.Restore(h.snapshot))
	}
	for _, change := range h.journal {
		require.NoError(h.t, h.state.Replay(change))
	}
	h.counters = []*Counter{h.state.NewCounter(), h.state.NewCounter()}
	h.deltas, h.counted, h.sending = nil, h.committed, nil
	if h.state.Unsettled() {
		h.sending, h.sent = h.state.Emission(h.now), h.now
	}
}

func (h *history) run() {
	for h.committed < len(h.lines) {
		h.now = h.now.Add(time.Duration(h.rng.IntN(40)) * time.Second)
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
		c.Add(&r, enrich.Client{})
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
	if h.sending != nil || h.state.Unsettled() {
		return
	}
	h.state.Cut(h.now)
	h.commit()
	if h.settings.Delta && !h.state.Unsettled() {
		return
	}
	h.sending, h.sent = h.state.Emission(h.now), h.now
}

// answer is the back end's answer to an emission. A refusal drops a cumulative
// one; one of deltas is sent again.
func (h *history) answer(accepted bool) {
	if h.sending == nil {
		return
	}
	if accepted {
		h.back.take(h.sending, h.state.sent.to)
		h.state.Settle(h.sent)
		h.commit()
	} else if h.settings.Delta {
		return
	}
	h.sending = nil
}

// crash may come when the back end has an emission that nobody knows of.
func (h *history) crash() {
	if h.sending != nil && h.rng.IntN(2) == 0 {
		h.back.take(h.sending, h.state.sent.to)
	}
	h.open()
}

func (h *history) finish() {
	h.answer(true)
	h.now = h.now.Add(time.Second)
	h.emit()
	h.answer(true)
	assert.Equal(h.t, truth(h.t, h.settings, h.lines), h.back.totals())
	for metric, n := range h.state.Series() {
		assert.LessOrEqual(h.t, n, h.settings.Limit, metric)
	}
}

// backend is what a back end has of what it was sent.
type backend struct {
	t      *testing.T
	delta  bool
	points map[string]kept // by metric, attributes, and what tells points from each other
	starts map[string]pcommon.Timestamp
}

type kept struct {
	metric string
	values totals
}

// totals are what points add up to.
type totals struct {
	sum    int64 // of histograms: milliseconds
	count  uint64
	counts [buckets]uint64
}

func newBackend(t *testing.T, settings Settings) backend {
	return backend{t: t, delta: settings.Delta, points: map[string]kept{}, starts: map[string]pcommon.Timestamp{}}
}

// take takes an emission. With event time a later one may have another point of
// the same interval, so its number is a part of what tells points apart.
func (b *backend) take(requests []pmetric.Metrics, number int64) {
	for _, request := range requests {
		metrics := request.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
		for _, m := range metrics.All() {
			seen := map[string]bool{}
			for _, p := range pointsOf(m) {
				b.point(m, p, number, seen)
			}
		}
	}
}

func (b *backend) point(m pmetric.Metric, p anyPoint, number int64, seen map[string]bool) {
	name := m.Name() + " " + attributesText(p.attributes)
	if b.delta {
		// The same points may come again, as they were.
		id := fmt.Sprint(name, p.start, p.end, number)
		if before, there := b.points[id]; there && !seen[id] {
			assert.Equal(b.t, before.values, p.values, "%s is sent again with another value", id)
		}
		assert.False(b.t, seen[id], "%s is twice in a request", id)
		seen[id] = true
		assert.Less(b.t, p.start, p.end)
		b.points[id] = kept{m.Name(), p.values}
		return
	}
	id := fmt.Sprint(name, p.start)
	if p.values == (totals{}) && p.start == p.end {
		assert.False(b.t, seen[id], "the beginning comes first")
		return
	}
	seen[id] = true
	before := b.points[id].values
	assert.GreaterOrEqual(b.t, p.values.sum, before.sum, "%s goes back", id)
	assert.GreaterOrEqual(b.t, p.values.count, before.count, "%s goes back", id)
	assert.GreaterOrEqual(b.t, p.start, b.starts[name], "an earlier start of %s", name)
	b.starts[name] = p.start
	b.points[id] = kept{m.Name(), p.values}
}

// totals adds up by metric.
func (b *backend) totals() map[string]totals {
	sums := map[string]totals{}
	for _, id := range slices.Sorted(maps.Keys(b.points)) {
		p := b.points[id]
		total := sums[p.metric]
		total.add(p.values)
		sums[p.metric] = total
	}
	return sums
}

func (t *totals) add(other totals) {
	t.sum += other.sum
	t.count += other.count
	for i := range t.counts {
		t.counts[i] += other.counts[i]
	}
}

// truth adds up the records by metric, on its own.
func truth(t *testing.T, settings Settings, lines []string) map[string]totals {
	sums := map[string]totals{}
	add := func(metric string, n int64) {
		total := sums[metric]
		total.sum += n
		sums[metric] = total
	}
	duration := func(metric string, ms int64) {
		if ms < 0 {
			return
		}
		total := sums[metric]
		total.sum += ms
		total.count++
		if !settings.Exponential {
			i := 0
			for i < len(boundsMS) && ms > boundsMS[i] {
				i++
			}
			total.counts[i]++
		}
		sums[metric] = total
	}
	for _, line := range lines {
		var r accesslog.Record
		require.NoError(t, accesslog.Parse(line, &r))
		add("aws.s3.server.requests", 1)
		add("aws.s3.server.io", max(r.BytesSent, 0))
		if r.Status/100 == 2 && r.ObjectSize >= 0 {
			upload := slices.Contains([]string{"REST.PUT.OBJECT", "REST.PUT.PART", "REST.POST.OBJECT"}, r.Operation)
			if upload {
				add("aws.s3.server.io", r.ObjectSize)
			}
			if upload || strings.HasPrefix(r.Operation, "REST.COPY.") && !strings.HasSuffix(r.Operation, "_GET") {
				add("aws.s3.server.object.added", r.ObjectSize)
			}
		}
		duration("aws.s3.server.request.duration", r.TotalTime)
		duration("aws.s3.server.turn_around.duration", r.TurnAroundTime)
	}
	return sums
}

// anyPoint is a point of any type.
type anyPoint struct {
	attributes pcommon.Map
	start, end pcommon.Timestamp
	values     totals
}

func pointsOf(m pmetric.Metric) (list []anyPoint) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		for _, p := range m.Sum().DataPoints().All() {
			list = append(list, anyPoint{p.Attributes(), p.StartTimestamp(), p.Timestamp(), totals{sum: p.IntValue()}})
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			values := totals{sum: milliseconds(p.Sum()), count: p.Count()}
			copy(values.counts[:], p.BucketCounts().AsRaw())
			list = append(list, anyPoint{p.Attributes(), p.StartTimestamp(), p.Timestamp(), values})
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			values := totals{sum: milliseconds(p.Sum()), count: p.Count()}
			list = append(list, anyPoint{p.Attributes(), p.StartTimestamp(), p.Timestamp(), values})
		}
	}
	return list
}

func milliseconds(seconds float64) int64 { return int64(seconds*1000 + 0.5) }

func attributesText(m pcommon.Map) string {
	var list []string
	for name, value := range m.All() {
		list = append(list, name+"="+value.AsString())
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}
