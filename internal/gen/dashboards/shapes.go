package dashboards

import "strconv"

// The shapes of panels that dashboards have in common. What they leave open, such as
// the width, is set on what they return.

// arrival is said where figures are spread over time.
const arrival = " Counted when the collector read the log, which is minutes to hours after the request."

var most = strconv.Itoa(maxRows)

// number is a stat of how much was counted in the time range, or 0. From 1 on it has a
// colour.
func number(title, description, unit, selected, color string) panel {
	return panel{
		title: title, description: description, unit: unit, as: stat,
		queries: []query{{expr: orZero(total("", selected))}},
		steps:   []step{{1, color}},
	}
}

// topOverTime is a graph of the top values of a label, by what was counted of by in the
// whole time range.
func topOverTime(title, description, unit string, as display, expr, label, by string) panel {
	return panel{
		title: title, description: description + arrival, unit: unit, as: as,
		queries: []query{{busiest(expr, label, by), "{{" + label + "}}"}},
	}
}

// stepsOf is a graph of how much was counted in each step, by the top values of a label.
func stepsOf(title, description string, as display, label, selected string) panel {
	return topOverTime(title, description+" Each point is the count of its step.", "short", as, perStep(label, selected), label, selected)
}

// topBars are the top values of a label, by what was counted in the time range.
func topBars(title, description, unit, label, selected string) panel {
	return panel{
		title: title, description: description, unit: unit, as: bars,
		queries: []query{{largest(total(label, selected) + " > 0"), "{{" + label + "}}"}},
	}
}

// counted is a table of what was counted in the time range by the labels of its
// columns. What is zero has no row.
func counted(title, description, unit, value, selected string, columns ...column) panel {
	rows := "topk(" + most + ", " + total(labels(columns), selected) + " > 0)"
	return panel{
		title: title, description: description + " The " + most + " largest.", unit: unit, as: table, value: value,
		queries: []query{{expr: rows}}, columns: columns,
	}
}

// ofWidth makes panels so wide, of 24.
func ofWidth(width int, panels ...panel) []panel {
	for i := range panels {
		panels[i].width = width
	}
	return panels
}

// newest is a table of a store's log records that pass all matchers and what was chosen.
func newest(logs *logStore, title, description string, matchers []string, columns ...column) panel {
	return listed(logs, title, description, byOperation(matchers), columns)
}

// listed is a table of a store's log records that pass all matchers.
func listed(logs *logStore, title, description string, matchers []string, columns []column) panel {
	return panel{
		title: title, description: "The " + most + " newest log records " + description + " Time is that of the request.",
		unit: "none", as: listing, logs: logs, matchers: matchers, queries: []query{{expr: logs.query(matchers, columns)}}, columns: columns,
	}
}
