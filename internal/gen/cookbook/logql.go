package cookbook

import (
	"regexp"
	"slices"
	"strings"
)

// window is how far back LogQL and PromQL look, unless they count by the hour.
const window = "30d"

// logQL writes a plan as Loki reads it: its first value only, as one expression has one.
func (p *plan) logQL() string {
	if len(p.list) > 0 {
		return p.lines(nil) + "\n| keep " + columns(p.list)
	}
	v := &p.values[0]
	by, long := columns(p.by), window
	if p.hourly {
		long = "1h"
	}
	var q string
	switch v.kind {
	case count:
		q = "sum by (" + by + ") (count_over_time(\n  " + indented(p.lines(v.only)) + " [" + long + "]))"
	case sum:
		q = "sum by (" + by + ") (sum_over_time(\n  " + indented(p.lines(v.only)) + "\n  | unwrap " + column(v.of) + " [" + long + "]))"
	case different:
		q = "count by (" + by + ") (sum by (" + by + ", " + column(v.of) + ") (count_over_time(\n  " + indented(p.lines(v.only)) + " [" + long + "])))"
	case p95:
		q = "quantile_over_time(0.95,\n  " + indented(p.lines(v.only)) + "\n  | unwrap " + column(v.of) + " [" + long + "]) by (" + by + ")"
	}
	switch {
	case p.least != "":
		return q + " >= " + p.least
	case p.top:
		return "topk(" + topGroups + ", " + q + ")"
	}
	return q
}

func indented(lines string) string { return strings.ReplaceAll(lines, "\n", "\n  ") }

// lines select log records. Malformed ones have neither an operation nor a status.
func (p *plan) lines(only []condition) string {
	all := slices.Concat(p.where, only)
	if !slices.ContainsFunc(all, func(c condition) bool {
		return c.attribute == operation || c.attribute == status && c.test != isAbsent
	}) {
		all = append(all, has(operation))
	}
	lines := []string{`{service_name=~"s3_access_logs.*"}`}
	for _, c := range all {
		lines = append(lines, c.logQL())
	}
	return strings.Join(lines, "\n| ")
}

func (c *condition) logQL() string {
	name := column(c.attribute)
	escaped := make([]string, len(c.values))
	for i, v := range c.values {
		escaped[i] = regexp.QuoteMeta(v)
	}
	switch c.test {
	case isNot:
		return name + `!="` + c.values[0] + `"`
	case isThere:
		return name + `!=""`
	case isAbsent:
		return name + `=""`
	case begins:
		if len(escaped) == 1 {
			return name + "=~`" + escaped[0] + ".*`"
		}
		return name + "=~`(" + strings.Join(escaped, "|") + ").*`"
	case beginsNot:
		return name + "!~`" + escaped[0] + ".*`"
	case matches:
		return name + "=~`" + c.values[0] + "`"
	case atLeast:
		return name + " >= " + c.values[0]
	case below:
		return name + " < " + c.values[0]
	case isOneOf:
		if len(c.values) == 1 {
			return name + `="` + c.values[0] + `"`
		}
	}
	return name + "=~`" + strings.Join(escaped, "|") + "`"
}
