package rollup

import (
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// schemaURL is the version of the semantic conventions whose names are used, where
// they have one.
const schemaURL = "https://opentelemetry.io/schemas/1.43.0"

// maxRequest is the estimated OTLP size of a request, in bytes, after which the next
// begins: below gRPC's default limit of 4 MiB.
const maxRequest = 3 << 20

// Request is the part of an emission that is sent, and settled, as one.
type Request struct {
	Metrics     pmetric.Metrics
	StartPoints bool // it has start points of series

	parts []part // what is settled with it
}

// Emission returns what is to be sent to a back end: all series as of now or, with
// Delta, what was cut and is not settled; nil when there is nothing. A start point is
// in the same request as the value of its series.
func (s *State) Emission(now time.Time) []Request {
	return s.emission(&emission{state: s, now: now.UnixNano()})
}

// EmissionWithoutStartPoints is an Emission of cumulative series for a back end that
// may already have their start points; settling a request settles those as well.
func (s *State) EmissionWithoutStartPoints(now time.Time) []Request {
	return s.emission(&emission{state: s, now: now.UnixNano(), noStartPoints: true})
}

func (s *State) emission(e *emission) []Request {
	for i := range s.plan.metrics {
		e.metric(i)
	}
	return e.requests
}

// emission puts points into requests.
type emission struct {
	state         *State
	now           int64 // nanoseconds
	noStartPoints bool  // start points are left out
	requests      []Request

	// State of the metric being added.
	description *Metric
	into        pmetric.Metric
	opened      bool // into is set, in the last request
	size        int  // estimated, of the last request
	scope       pmetric.ScopeMetrics
}

// metric adds all points of a metric.
func (e *emission) metric(index int) {
	e.description, e.opened = &e.state.plan.metrics[index], false
	for _, g := range e.state.plan.groups {
		for i := range g.streams {
			if g.streams[i].metric != index {
				continue
			}
			for _, c := range e.state.cells[g.index] {
				if c != nil {
					e.series(c, i)
				}
			}
		}
	}
}

// series adds the points of a series.
func (e *emission) series(c *cell, stream int) {
	s, bit := &c.key.group.streams[stream], uint32(1)<<stream
	if e.state.plan.delta {
		for _, p := range c.cut {
			if p.touched&bit != 0 {
				e.ensureRoom(c)
				e.hold(c, stream, p.interval)
				e.point(c, s, p, e.spanOf(p))
			}
		}
		return
	}
	lifetime := &c.series[stream]
	if !lifetime.created || lifetime.start == 0 {
		return
	}
	e.ensureRoom(c)
	if !lifetime.announced {
		if r := e.hold(c, stream, 0); !e.noStartPoints {
			r.StartPoints = true
			e.point(c, s, nil, span{lifetime.start, lifetime.start})
		}
	}
	for _, p := range c.points {
		e.point(c, s, p, span{lifetime.start, max(e.now, lifetime.start+1)}) // clocks may be set back
		if s.histogram >= 0 {
			p.exemplars[s.histogram] = exemplar{} // the next emission has its own
		}
	}
}

// spanOf returns the time that a cut point covers.
func (e *emission) spanOf(p *point) span {
	if !e.state.plan.eventTime {
		return e.state.sent
	}
	from := p.interval * int64(time.Second)
	return span{from, from + int64(e.state.plan.config.Interval)}
}

// ensureRoom begins a new request when the last one is full.
func (e *emission) ensureRoom(c *cell) {
	if len(e.requests) == 0 || e.size > e.state.requestSize {
		e.request()
	}
	if !e.opened {
		e.begin()
	}
	// Two points, each with its attributes, histograms with bounds and counts.
	e.size += 2 * (64 + len(c.key.values) + c.key.group.overhead)
	if e.description.histogram {
		e.size += 2 * (16*buckets + 128)
	}
}

func (e *emission) request() {
	deps := &e.state.plan.deps
	m := pmetric.NewMetrics()
	e.requests = append(e.requests, Request{Metrics: m})
	e.size, e.opened = 0, false
	rm := m.ResourceMetrics().AppendEmpty()
	rm.SetSchemaUrl(schemaURL)
	resource := rm.Resource().Attributes()
	resource.PutStr("cloud.provider", "aws")
	resource.PutStr("service.name", deps.ServiceName)
	resource.PutStr("service.instance.id", e.state.instance)
	e.scope = rm.ScopeMetrics().AppendEmpty()
	e.scope.SetSchemaUrl(schemaURL)
	e.scope.Scope().SetName(deps.ScopeName)
	e.scope.Scope().SetVersion(deps.ScopeVersion)
}

// begin begins the metric in the last request.
func (e *emission) begin() {
	e.opened = true
	e.into = e.scope.Metrics().AppendEmpty()
	e.into.SetName(e.description.Name)
	e.into.SetUnit(e.description.Unit)
	e.into.SetDescription(e.description.Description)
	temporality := pmetric.AggregationTemporalityCumulative
	if e.state.plan.delta {
		temporality = pmetric.AggregationTemporalityDelta
	}
	switch {
	case !e.description.histogram:
		sum := e.into.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(temporality)
	case e.state.plan.exponential:
		e.into.SetEmptyExponentialHistogram().SetAggregationTemporality(temporality)
	default:
		e.into.SetEmptyHistogram().SetAggregationTemporality(temporality)
	}
}

// point adds a point; with a nil p, the start point, 0.
func (e *emission) point(c *cell, s *stream, p *point, t span) {
	switch {
	case !e.description.histogram:
		to := e.into.Sum().DataPoints().AppendEmpty()
		describe(to, c.key, s, t)
		to.SetIntValue(0)
		if p != nil {
			to.SetIntValue(p.values[s.sum])
		}
	case e.state.plan.exponential:
		to := e.into.ExponentialHistogram().DataPoints().AppendEmpty()
		describe(to, c.key, s, t)
		to.SetSum(0)
		if p != nil {
			to.SetSum(seconds(p.values[s.sum]))
			p.exponential[s.histogram].set(to)
			p.exemplars[s.histogram].appendTo(to.Exemplars())
		}
	default:
		to := e.into.Histogram().DataPoints().AppendEmpty()
		describe(to, c.key, s, t)
		setExplicit(to, s, p)
		if p != nil {
			p.exemplars[s.histogram].appendTo(to.Exemplars())
		}
	}
}

// dataPoint is what the points of all types have in common.
type dataPoint interface {
	SetStartTimestamp(pcommon.Timestamp)
	SetTimestamp(pcommon.Timestamp)
	Attributes() pcommon.Map
}

// describe sets the time span and attributes of a point.
func describe[P dataPoint](to P, k *key, s *stream, t span) {
	to.SetStartTimestamp(pcommon.Timestamp(t.from))
	to.SetTimestamp(pcommon.Timestamp(t.to))
	k.attributesOf(s, to.Attributes())
}

func setExplicit(to pmetric.HistogramDataPoint, s *stream, p *point) {
	to.ExplicitBounds().FromRaw(boundsS)
	counts := make([]uint64, buckets)
	count := uint64(0)
	if p != nil {
		for i, n := range p.values[s.sum+1 : s.sum+1+buckets] {
			counts[i] = uint64(n)
			count += uint64(n)
		}
		to.SetSum(seconds(p.values[s.sum]))
	} else {
		to.SetSum(0)
	}
	to.SetCount(count)
	to.BucketCounts().FromRaw(counts)
}

func seconds(ms int64) float64 { return float64(ms) / 1000 }

// appendTo appends the exemplar if it is set.
func (e *exemplar) appendTo(list pmetric.ExemplarSlice) {
	if !e.set {
		return
	}
	to := list.AppendEmpty()
	to.SetTimestamp(pcommon.Timestamp(e.time * int64(time.Second)))
	to.SetDoubleValue(seconds(e.ms))
	if e.requestID > 0 {
		id := strings.ToValidUTF8(string(e.request[:e.requestID]), string(utf8.RuneError))
		to.FilteredAttributes().PutStr("aws.request_id", id)
	}
	if e.trace.TraceID != [16]byte{} {
		to.SetTraceID(pcommon.TraceID(e.trace.TraceID))
		to.SetSpanID(pcommon.SpanID(e.trace.SpanID))
	}
}
