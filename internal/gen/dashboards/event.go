package dashboards

import (
	"regexp"
	"slices"
	"strings"
)

// victoriaMetrics is asked in PromQL. It has a variable of its own, since links between
// dashboards hand the values of variables on.
var victoriaMetrics = variable{name: "victoriametrics", label: "VictoriaMetrics", kind: dataSource, query: "prometheus"}

const (
	eventPrefix = "event-" // of the names of dashboards by the time of the request

	byRequest = " Counted by the time of the request."

	aboutEvent = "It needs what `examples/victoriametrics.yaml` sets: deltas by the time of the request in VictoriaMetrics, and `geoip`%s. " +
		"**Time is that of the request**, so that the last hours are incomplete: S3 delivers logs minutes to hours after the requests. " +
		"A graph's point is of the step before it."
)

// ofDeltas writes a query of counters as one of deltas, which are added up over a range.
// A graph's points are of one step each, so that together they are all of the time range.
var ofDeltas = strings.NewReplacer(
	"increase(", "sum_over_time(",
	"rate(", "sum_over_time(",
	"[$__rate_interval])", "[$__interval]) / ($__interval_ms / 1000)",
)

// ofBuckets is that for quantiles. Whole numbers are added up exactly: a rounded sum would
// put a quantile that lies between two buckets into the other one.
var ofBuckets = strings.NewReplacer("increase(", "sum_over_time(", "rate(", "sum_over_time(", "[$__rate_interval])", "[$__interval])")

// growths are what perStep counts; $1 is the selector.
var growths = regexp.MustCompile(`clamp_min\((\w+\{[^}]*\}) - .*?\[\$__interval\]\)\), 0\)`)

// event makes of a dashboard over counters the same one over deltas by the time of the
// request. more is what it needs beside places.
func event(d Dashboard, more string) Dashboard {
	d.Name = eventPrefix + d.Name
	d.Title += ", by time of request"
	d.about = strings.Replace(aboutEvent, "%s", more, 1)
	d.variables = slices.Clone(d.variables)
	d.variables[0] = victoriaMetrics
	d.rows = slices.Clone(d.rows)
	for i := range d.rows {
		d.rows[i].panels = slices.Clone(d.rows[i].panels)
		for j := range d.rows[i].panels {
			d.rows[i].panels[j].overDeltas()
		}
	}
	return d
}

func (p *panel) overDeltas() {
	p.description = strings.Replace(p.description, arrival, byRequest, 1)
	if p.as == listing {
		return
	}
	p.queries = slices.Clone(p.queries)
	for i := range p.queries {
		q := &p.queries[i]
		q.expr = growths.ReplaceAllString(q.expr, "sum_over_time($1[$$__interval])")
		if strings.Contains(q.expr, "histogram_quantile(") {
			q.expr = ofBuckets.Replace(q.expr)
			continue
		}
		q.expr = ofDeltas.Replace(q.expr)
	}
}

// eventThreatIntel lists log records, which have the time of the request anyway.
func eventThreatIntel(logs *logStore) Dashboard {
	return event(threatIntel(logs), " with places, `threat_intel`, and the attributes of `aws.s3.server.threat.requests`; log records are from "+logs.label)
}
