package cookbook

import "strings"

// dialect is what differs between DuckDB and ClickHouse.
type dialect struct {
	hour     string // of a time
	quantile func(column string) string
	matches  func(column, expression string) string
}

var (
	duckDB = dialect{
		hour:     "date_trunc('hour', time)",
		quantile: func(column string) string { return "quantile_disc(" + column + ", 0.95)" },
		matches: func(column, expression string) string {
			return "regexp_full_match(" + column + ", '" + expression + "')"
		},
	}
	clickHouse = dialect{
		hour:     "toStartOfHour(time)",
		quantile: func(column string) string { return "quantileExact(0.95)(" + column + ")" },
		matches: func(column, expression string) string {
			return "match(" + column + ", '^(?:" + strings.ReplaceAll(expression, `\`, `\\`) + ")$')"
		},
	}
)

// sql writes a plan as SQL over s3_access.
func (p *plan) sql(d *dialect) string {
	var q strings.Builder
	if len(p.list) > 0 {
		q.WriteString("SELECT time, " + columns(p.list) + "\nFROM s3_access")
	} else {
		q.WriteString("SELECT " + strings.Join(p.selected(d), ", ") + "\nFROM s3_access")
	}
	for i, c := range p.where {
		q.WriteString([]string{"\nWHERE ", "\n  AND "}[min(i, 1)] + c.sql(d))
	}
	if len(p.list) > 0 {
		return q.String() + "\nORDER BY time DESC LIMIT " + mostListed + ";"
	}
	q.WriteString("\nGROUP BY ALL")
	if p.least != "" {
		q.WriteString(" HAVING " + p.values[0].name + " >= " + p.least)
	}
	q.WriteString(" ORDER BY " + p.values[0].name + " DESC")
	if p.top {
		q.WriteString(" LIMIT " + topGroups)
	}
	return q.String() + ";"
}

func (p *plan) selected(d *dialect) (all []string) {
	if p.hourly {
		all = append(all, d.hour+" AS hour")
	}
	for _, a := range p.by {
		all = append(all, column(a))
	}
	for i := range p.values {
		all = append(all, p.values[i].sql(d))
	}
	return all
}

func (v *value) sql(d *dialect) string {
	f := map[kind]string{
		count: "count(*)", sum: "sum(" + column(v.of) + ")", different: "count(DISTINCT " + column(v.of) + ")", p95: d.quantile(column(v.of)),
	}[v.kind]
	if len(v.only) > 0 {
		tests := make([]string, len(v.only))
		for i, c := range v.only {
			tests[i] = c.sql(d)
		}
		f += " FILTER (WHERE " + strings.Join(tests, " AND ") + ")"
	}
	return f + " AS " + v.name
}

func (c *condition) sql(d *dialect) string {
	name := column(c.attribute)
	quoted := make([]string, len(c.values))
	for i, v := range c.values {
		quoted[i] = "'" + v + "'"
		if types[c.attribute] != "" {
			quoted[i] = v
		}
	}
	switch c.test {
	case isNot:
		return name + " <> " + quoted[0]
	case isThere:
		return name + " IS NOT NULL"
	case isAbsent:
		return name + " IS NULL"
	case begins:
		tests := make([]string, len(c.values))
		for i, v := range c.values {
			tests[i] = name + " LIKE '" + v + "%'"
		}
		if len(tests) == 1 {
			return tests[0]
		}
		return "(" + strings.Join(tests, " OR ") + ")"
	case beginsNot:
		return name + " NOT LIKE '" + c.values[0] + "%'"
	case matches:
		return d.matches(name, c.values[0])
	case atLeast:
		return name + " >= " + quoted[0]
	case below:
		return name + " < " + quoted[0]
	case isOneOf:
		if len(c.values) == 1 {
			return name + " = " + quoted[0]
		}
	}
	return name + " IN (" + strings.Join(quoted, ", ") + ")"
}
