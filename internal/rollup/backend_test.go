package rollup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// backend is what a back end has of what it was sent.
type backend struct {
	t      *testing.T
	delta  bool
	points map[string]kept // by metric, attributes, and what tells points from each other
	begun  map[string]bool // start points
	again  map[string]bool // what may come again: the acceptance of its request is known to nobody
	starts map[string]pcommon.Timestamp
}

type kept struct {
	metric string
	values totals
}

func newBackend(t *testing.T, settings setup) backend {
	return backend{
		t: t, delta: settings.isDelta(), points: map[string]kept{}, starts: map[string]pcommon.Timestamp{},
		begun: map[string]bool{}, again: map[string]bool{},
	}
}

// take takes a request. With event time a later emission may have another point of
// the same interval, so its number is a part of what tells points apart.
func (b *backend) take(request pmetric.Metrics, number int64) {
	for _, m := range metricsOf(request).All() {
		seen := map[string]bool{}
		for _, p := range pointsOf(m) {
			b.point(m, p, number, seen)
		}
	}
}

// doubt takes a request of which the sender does not know that it was accepted.
func (b *backend) doubt(request pmetric.Metrics, number int64) {
	b.take(request, number)
	for _, p := range allPoints([]pmetric.Metrics{request}) {
		b.again[b.idOf(&p, number)] = true
	}
}

// idOf tells points from each other, and start points.
func (b *backend) idOf(p *anyPoint, number int64) string {
	if b.delta {
		return fmt.Sprint(p.id(), p.start, p.end, number)
	}
	return fmt.Sprint(p.id(), p.start)
}

func (b *backend) point(m pmetric.Metric, p anyPoint, number int64, seen map[string]bool) {
	name := p.id()
	if b.delta {
		// The same points may come again, as they were.
		id := b.idOf(&p, number)
		if before, there := b.points[id]; there && !seen[id] {
			assert.True(b.t, b.again[id], "%s is sent again though it was settled", id)
			assert.Equal(b.t, before.values, p.values, "%s is sent again with another value", id)
		}
		assert.False(b.t, seen[id], "%s is twice in a request", id)
		seen[id] = true
		assert.Less(b.t, p.start, p.end)
		b.points[id] = kept{m.Name(), p.values}
		return
	}
	id := b.idOf(&p, number)
	if p.isStartPoint() {
		assert.False(b.t, seen[id], "the start point comes first")
		assert.True(b.t, !b.begun[id] || b.again[id], "the start point of %s is sent again though it was settled", id)
		b.begun[id] = true
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

// truth adds up the records by metric, on its own; those metrics that it does not
// know by their rows.
func truth(t *testing.T, settings setup, lines []string) map[string]totals {
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
		if !settings.isExponential() {
			i := 0
			for i < len(boundsMS) && ms > boundsMS[i] {
				i++
			}
			total.counts[i]++
		}
		sums[metric] = total
	}
	known := []string{
		"aws.s3.server.requests", "aws.s3.server.io", "aws.s3.server.object.added",
		"aws.s3.server.request.duration", "aws.s3.server.turn_around.duration",
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
		for _, m := range Metrics() {
			switch n := m.measure(&r); {
			case slices.Contains(known, m.Name) || m.Needs != NeedsNothing || n < 0:
			case m.histogram:
				duration(m.Name, n)
			default:
				add(m.Name, n)
			}
		}
	}
	return sums
}
