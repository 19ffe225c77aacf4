package cookbook

import "strings"

// selected are the log records of requests in VictoriaLogs: a stream that
// examples/victorialogs.yaml makes.
const selected = `{service.name=~"s3_access_logs.*",event_name="aws.s3.server_access"}`

// logsQL writes a plan as VictoriaLogs reads it.
func (p *plan) logsQL() string {
	var q strings.Builder
	q.WriteString(selected)
	for _, c := range p.where {
		q.WriteString("\n  " + c.logsQL())
	}
	if len(p.list) > 0 {
		q.WriteString("\n| sort by (_time desc) | limit " + mostListed)
		q.WriteString("\n| fields _time, " + strings.Join(p.list, ", "))
		return q.String()
	}
	by := p.by
	if p.hourly {
		by = append([]string{"_time:1h"}, by...)
	}
	q.WriteString("\n| stats by (" + strings.Join(by, ", ") + ") ")
	for i, v := range p.values {
		if i > 0 {
			q.WriteString(", ")
		}
		q.WriteString(v.logsQL())
	}
	if p.least != "" {
		q.WriteString("\n| filter " + p.values[0].name + ":>=" + p.least)
	}
	q.WriteString("\n| sort by (" + p.values[0].name + " desc)")
	if p.top {
		q.WriteString(" | limit " + topGroups)
	}
	return q.String()
}

func (v *value) logsQL() string {
	f := map[kind]string{
		count: "count()", sum: "sum(" + v.of + ")", different: "count_uniq(" + v.of + ")", p95: "quantile(0.95, " + v.of + ")",
	}[v.kind]
	if len(v.only) > 0 {
		tests := make([]string, len(v.only))
		for i, c := range v.only {
			tests[i] = c.logsQL()
		}
		f += " if (" + strings.Join(tests, " ") + ")"
	}
	return f + " as " + v.name
}

func (c *condition) logsQL() string {
	switch a := c.attribute + ":"; c.test {
	case isNot:
		return "!" + a + `="` + c.values[0] + `"`
	case isThere:
		return a + "*"
	case isAbsent:
		return a + `""`
	case begins:
		tests := make([]string, len(c.values))
		for i, v := range c.values {
			tests[i] = a + `="` + v + `"*`
		}
		if len(tests) == 1 {
			return tests[0]
		}
		return "(" + strings.Join(tests, " or ") + ")"
	case beginsNot:
		return "!" + a + `="` + c.values[0] + `"*`
	case matches:
		return a + "~`^(?:" + c.values[0] + ")$`"
	case atLeast:
		return a + ">=" + c.values[0]
	case below:
		return a + "<" + c.values[0]
	case isOneOf:
		if len(c.values) == 1 {
			return a + `="` + c.values[0] + `"`
		}
	}
	return c.attribute + `:in("` + strings.Join(c.values, `", "`) + `")`
}
