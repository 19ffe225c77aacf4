package rollup

import (
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// sumsOf returns what one emission of records has of each metric, by the values
// of an attribute.
func sumsOf(l *process, by string, records ...accesslog.Record) map[string]map[string]totals {
	l.add(records...)
	sums := map[string]map[string]totals{}
	for _, p := range allPoints(l.emit(l.settings.Interval)) {
		value := ""
		if v, ok := p.attributes.Get(by); ok {
			value = v.AsString()
		}
		if sums[p.metric] == nil {
			sums[p.metric] = map[string]totals{}
		}
		total := sums[p.metric][value]
		total.add(p.values)
		sums[p.metric][value] = total
	}
	return sums
}

// amountsOf returns what one record adds to each sum, a direction apart; what is
// not there has no observation.
func amountsOf(t *testing.T, r accesslog.Record) map[string]int64 {
	got := map[string]int64{}
	for metric, by := range sumsOf(newProcess(t, testSettings()), direction, r) {
		for value, total := range by {
			got[strings.TrimSuffix(metric+" "+value, " ")] = total.sum
			if total.count > 0 {
				assert.Equal(t, uint64(1), total.count)
			}
		}
	}
	return got
}

func TestWhatARecordAdds(t *testing.T) {
	const (
		requests = "aws.s3.server.requests"
		transmit = "aws.s3.server.io transmit"
		receive  = "aws.s3.server.io receive"
		added    = "aws.s3.server.object.added"
		total    = "aws.s3.server.request.duration"
		turn     = "aws.s3.server.turn_around.duration"
	)
	type sums = map[string]int64
	get := sums{requests: 1, transmit: 100, total: 21, turn: 7}
	and := func(more sums) sums {
		all := maps.Clone(get)
		maps.Copy(all, more)
		return all
	}
	without := func(names ...string) sums {
		all := maps.Clone(get)
		for _, name := range names {
			delete(all, name)
		}
		return all
	}
	uploaded, copied := and(sums{receive: 1000, added: 1000}), and(sums{added: 1000})

	tests := map[string]struct {
		change func(*accesslog.Record)
		want   sums
	}{
		"a GET":                         {func(*accesslog.Record) {}, get},
		"a PUT":                         {operation("REST.PUT.OBJECT"), uploaded},
		"a part":                        {operation("REST.PUT.PART"), uploaded},
		"a form":                        {operation("REST.POST.OBJECT"), uploaded},
		"a copy":                        {operation("REST.COPY.OBJECT"), copied},
		"a part that is copied":         {operation("REST.COPY.PART"), copied},
		"where a copy comes from":       {operation("REST.COPY.OBJECT_GET"), get},
		"where a part comes from":       {operation("REST.COPY.PART_GET"), get},
		"the end of an upload in parts": {operation("REST.POST.UPLOAD"), get},
		"the beginning of one":          {operation("REST.POST.UPLOADS"), get},
		"a HEAD":                        {operation("REST.HEAD.OBJECT"), get},
		"a batch job":                   {operation("BATCH.DELETE.OBJECT"), get},
		"an expiration":                 {operation("S3.EXPIRE.OBJECT"), get},
		"a PUT of no bytes": {func(r *accesslog.Record) {
			r.Operation, r.ObjectSize = "REST.PUT.OBJECT", 0
		}, and(sums{receive: 0, added: 0})},
		"a PUT without a size": {func(r *accesslog.Record) {
			r.Operation, r.ObjectSize = "REST.PUT.OBJECT", accesslog.Absent
		}, get},
		"a PUT that made nothing of bytes sent": {func(r *accesslog.Record) {
			r.Operation, r.BytesSent = "REST.PUT.OBJECT", accesslog.Absent
		}, and(sums{transmit: 0, receive: 1000, added: 1000})},
		"nothing sent":           {func(r *accesslog.Record) { r.BytesSent = 0 }, and(sums{transmit: 0})},
		"no bytes sent logged":   {func(r *accesslog.Record) { r.BytesSent = accesslog.Absent }, and(sums{transmit: 0})},
		"neither status or size": {func(r *accesslog.Record) { r.BytesSent, r.Status = accesslog.Absent, accesslog.Absent }, without(transmit)},
		"no total time":          {func(r *accesslog.Record) { r.TotalTime = accesslog.Absent }, without(total)},
		"no turn-around time":    {func(r *accesslog.Record) { r.TurnAroundTime = accesslog.Absent }, without(turn)},
		"no time at all":         {func(r *accesslog.Record) { r.TotalTime, r.TurnAroundTime = 0, 0 }, and(sums{total: 0, turn: 0})},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, amountsOf(t, with(test.change))) })
	}
	for status, stored := range map[int32]bool{
		accesslog.Absent: false, 100: false, 199: false, 200: true, 201: true, 204: true, 206: true, 299: true,
		300: false, 304: false, 403: false, 412: false, 500: false, 503: false,
	} {
		got := amountsOf(t, with(func(r *accesslog.Record) { r.Operation, r.Status = "REST.PUT.OBJECT", status }))
		assert.Equal(t, stored, got[receive] == 1000 && got[added] == 1000, "status %d", status)
		_, there := got[receive]
		assert.Equal(t, stored, there, "status %d", status)
		assert.Equal(t, int64(1), got[requests])
	}
}

func operation(name string) func(*accesslog.Record) {
	return func(r *accesslog.Record) { r.Operation = name }
}

func TestIO(t *testing.T) {
	records := []accesslog.Record{get(), with(operation("REST.PUT.OBJECT"))}

	directed := testSettings()
	only(&directed, "aws.s3.server.io", direction)
	l := newProcess(t, directed)
	got := sumsOf(l, direction, records...)
	assert.Equal(t, map[string]totals{"transmit": {sum: 200}, "receive": {sum: 1000}}, got["aws.s3.server.io"])
	assert.Equal(t, map[string]int{"aws.s3.server.io": 2}, l.state.Series())

	undirected := testSettings()
	only(&undirected, "aws.s3.server.io")
	l = newProcess(t, undirected)
	got = sumsOf(l, direction, records...)
	assert.Equal(t, map[string]totals{"": {sum: 1200}}, got["aws.s3.server.io"])
	assert.Equal(t, map[string]int{"aws.s3.server.io": 1}, l.state.Series())
}

func TestBounds(t *testing.T) {
	want := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300}
	assert.Equal(t, want, boundsS)
	require.Len(t, boundsMS, buckets-1)
	for i, bound := range boundsMS {
		assert.Equal(t, i, bucket(bound), "a bucket ends with its bound")
		assert.Equal(t, i+1, bucket(bound+1))
		assert.Equal(t, i, bucket(bound-1))
	}
	assert.Zero(t, bucket(0))
	assert.Equal(t, buckets-1, bucket(math.MaxInt64))
	for ms := range int64(2000) {
		assert.Equal(t, search(ms), bucket(ms))
	}
}

func TestHistogram(t *testing.T) {
	s := testSettings()
	only(&s, "aws.s3.server.request.duration")
	var records []accesslog.Record
	for _, ms := range []int64{0, 5, 6, 250, 300_000, 300_001} {
		records = append(records, with(func(r *accesslog.Record) { r.TotalTime = ms }))
	}
	l := newProcess(t, s)
	l.add(records...)
	points := l.emitAccepted()
	require.Len(t, points, 2)
	want := totals{sum: 600_262, count: 6}
	want.counts[0], want.counts[1], want.counts[6], want.counts[16], want.counts[17] = 2, 1, 1, 1, 1
	assert.Equal(t, want, points[1].values)
}

func TestAddressesOfThreatsAndPlaces(t *testing.T) {
	s := testSettings()
	s.Geo, s.Threats = true, true
	l := newProcess(t, s)
	l.add(get())
	l.client = enrich.Client{Place: &enrich.Place{CountryISOCode: "DE"}}
	l.add(get(), get())
	l.client = enrich.Client{Place: &enrich.Place{CountryISOCode: "FR"}, Threat: &enrich.Threat{
		Group: enrich.Unassigned, Confidence: enrich.High, Feed: "drop",
	}}
	l.add(get(), get(), get())
	byCountry, threats := map[string]int64{}, map[string]any{}
	for _, p := range l.emitAccepted() {
		switch country, known := p.attributes.Get("geo.country.iso_code"); {
		case p.isStartPoint():
		case p.metric == "aws.s3.server.client.requests" && known:
			byCountry[country.Str()] = p.values.sum
		case p.metric == "aws.s3.server.client.requests":
			byCountry[""] = p.values.sum
		case p.metric == "aws.s3.server.threat.requests":
			threats = p.attributes.AsRaw()
			assert.Equal(t, int64(3), p.values.sum)
		}
	}
	assert.Equal(t, map[string]int64{"": 1, "DE": 2, "FR": 3}, byCountry)
	assert.Equal(t, map[string]any{
		"aws.s3.bucket": "b", "client.address": "192.0.2.3", "geo.country.iso_code": "FR",
		"threat.group.name": "Unassigned", "threat.indicator.confidence": "High", "threat.feed.name": "drop",
	}, threats)
}

// Clients are counted with databases only, threats with feeds only.
func TestNeeds(t *testing.T) {
	for _, test := range []struct{ geo, threats bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		s := testSettings()
		s.Geo, s.Threats = test.geo, test.threats
		l := newProcess(t, s)
		l.client = enrich.Client{Place: &enrich.Place{}, Threat: &enrich.Threat{}}
		l.add(get())
		for _, m := range Metrics() {
			met := map[Need]bool{NeedsNothing: true, NeedsGeo: test.geo, NeedsThreats: test.threats}[m.Needs]
			_, counted := l.state.Series()[m.Name]
			assert.Equal(t, met, counted, m.Name)
		}
		names := map[string]bool{}
		for _, p := range l.emitAccepted() {
			names[p.metric] = true
		}
		assert.Equal(t, test.geo, names["aws.s3.server.client.requests"])
		assert.Equal(t, test.threats, names["aws.s3.server.threat.requests"])
	}
}

// A record of sizes that no object has must not stop the counting of others.
func TestSumsThatAreTooLargeStayTheLargest(t *testing.T) {
	for _, exponential := range []bool{false, true} {
		s := testSettings()
		s.setExponential(exponential)
		l := newProcess(t, s)
		huge := with(func(r *accesslog.Record) {
			r.Operation, r.BytesSent, r.ObjectSize = "REST.PUT.OBJECT", 999_999_999_999_999_999, 999_999_999_999_999_999
			r.TotalTime, r.TurnAroundTime = 999_999_999_999_999_999, 999_999_999_999_999_999
		})
		for range 5 {
			l.add(huge, huge, huge, huge)
			l.add(huge)
			l.commit()
			l.emitAccepted()
		}
		l.snap()
		l.restart(func(*setup) {})
		for _, p := range l.emitAccepted() {
			switch p.metric {
			case "aws.s3.server.requests":
				assert.Equal(t, int64(25), p.values.sum)
			case "aws.s3.server.io", "aws.s3.server.object.added":
				assert.Equal(t, int64(math.MaxInt64), p.values.sum)
			default:
				assert.Equal(t, uint64(25), p.values.count)
			}
		}
	}
}
