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
	starts map[string]pcommon.Timestamp
}

type kept struct {
	metric string
	values totals
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
	name := p.id()
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
	if p.beginning() {
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
