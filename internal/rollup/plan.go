package rollup

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// plan is a Config prepared for counting. It is immutable and safe for concurrent
// use.
type plan struct {
	config      Config
	deps        Deps
	delta       bool
	eventTime   bool
	exponential bool

	metrics   []Metric // those that are counted
	groups    []*group
	roots     []*group // those that are looked up once per record; the others are below them
	requester bool     // an attribute needs the requester
}

// group is the metrics that share their attributes.
type group struct {
	index      int
	attributes []Attribute // in the order of Attributes
	streams    []stream
	width      int // values of a tally
	overhead   int // estimated OTLP size of the attributes without their values
	histograms int
	threats    bool // counts only requests of threats
	requester  bool // an attribute needs the requester
	// below are the subgroups: their attributes are all among this one's, so a key of
	// this group determines one of each of them.
	below []*group
}

// stream is what one metric counts under a key.
type stream struct {
	metric    int // in plan.metrics
	measure   measure
	direction string // "" unless the attributes have network.io.direction
	sum       int    // index of its sum in the values of a tally
	histogram int    // its number among the histograms of the group, or -1
}

// newPlan returns the plan of valid settings. Metrics that need databases or feeds
// which are not configured are left out.
func newPlan(c Config, d Deps) *plan {
	p := &plan{
		config: c, deps: d,
		delta: c.Temporality == TemporalityDelta, eventTime: c.Timestamps == TimestampsEvent, exponential: c.Histogram == HistogramExponential,
	}
	for _, m := range Metrics() {
		chosen := c.Metrics[m.Name]
		if !chosen.Enabled || m.Needs == NeedsGeo && !d.Geo || m.Needs == NeedsThreats && !d.Threats {
			continue
		}
		g := p.group(chosen.Attributes, m.Needs == NeedsThreats)
		g.add(len(p.metrics), &m, slices.Contains(chosen.Attributes, direction), p.exponential)
		p.metrics = append(p.metrics, m)
	}
	p.arrange()
	return p
}

// group returns the group with these attributes, a new one if there is none.
func (p *plan) group(names []string, threats bool) *group {
	g := &group{index: len(p.groups), threats: threats}
	for _, a := range configured(p.config.KeyPrefixDepth, p.deps.Parameters) {
		if slices.Contains(names, a.Name) {
			g.attributes = append(g.attributes, a)
			g.overhead += len(a.Name) + 16
			g.requester = g.requester || slices.Contains(requesterAttributes, a.Name)
		}
	}
	p.requester = p.requester || g.requester
	for _, other := range p.groups {
		if other.threats == threats && other.signature() == g.signature() {
			return other
		}
	}
	p.groups = append(p.groups, g)
	return g
}

// add adds a metric's streams, one for each direction if byDirection.
func (g *group) add(metric int, m *Metric, byDirection, exponential bool) {
	parts := []directed{{measure: m.measure}}
	if byDirection {
		parts = m.directed
	}
	for _, part := range parts {
		s := stream{metric: metric, measure: part.measure, direction: part.direction, sum: g.width, histogram: -1}
		g.width++
		if m.histogram {
			s.histogram = g.histograms
			g.histograms++
			if !exponential {
				g.width += buckets
			}
		}
		g.streams = append(g.streams, s)
	}
}

// arrange puts subgroups below their groups, so that each record looks up only the
// roots.
func (p *plan) arrange() {
	sorted := slices.Clone(p.groups)
	slices.SortStableFunc(sorted, func(a, b *group) int { return len(b.attributes) - len(a.attributes) })
	for _, g := range sorted {
		root := slices.IndexFunc(p.roots, func(r *group) bool { return r.threats == g.threats && r.covers(g) })
		if root < 0 {
			p.roots = append(p.roots, g)
			continue
		}
		p.roots[root].below = append(p.roots[root].below, g)
	}
}

// covers reports whether all attributes of other are among those of g.
func (g *group) covers(other *group) bool {
	for i := range other.attributes {
		if !slices.ContainsFunc(g.attributes, func(a Attribute) bool { return a.Name == other.attributes[i].Name }) {
			return false
		}
	}
	return true
}

// signature names the attributes.
func (g *group) signature() string {
	names := make([]string, len(g.attributes))
	for i := range g.attributes {
		names[i] = g.attributes[i].Name
	}
	return strings.Join(names, " ")
}

// interval returns the beginning of the interval in which a record counts, in seconds
// since the Unix epoch; 0 without event time.
func (p *plan) interval(r *accesslog.Record) int64 {
	if !p.eventTime {
		return 0
	}
	seconds := int64(p.config.Interval / time.Second)
	return r.Time - r.Time%seconds
}
