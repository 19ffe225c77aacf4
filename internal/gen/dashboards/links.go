package dashboards

import (
	"slices"
	"strings"
)

// uid is what Grafana calls a dashboard, by its name.
func uid(name string) string { return "s3audit-" + name }

// toDetails are the links from a bucket to Details of it, by the same time and over the
// same range. bucketName is how Grafana is asked for the bucket that was clicked.
func (d *Dashboard) toDetails(bucketName string) []object {
	name := "details"
	if strings.HasPrefix(d.Name, eventPrefix) {
		name = eventPrefix + name
	}
	return link("Details of this bucket", name, &bucketVariable, bucketName, d.variables[0], accountVariable, regionVariable)
}

// toThreatIntel are the links from a client to what it did, if a feed names it. Only
// dashboards with lists of log records name clients, and lead to the same store's.
func (d *Dashboard) toThreatIntel(clientName string) []object {
	name := "threat-intel"
	if strings.HasPrefix(d.Name, eventPrefix) {
		name = eventPrefix + name
	}
	if strings.HasSuffix(d.Name, victoriaLogs.suffix) {
		name += victoriaLogs.suffix
	}
	return link("Threat Intel of this client", name, &clientVariable, clientName, d.variables[0], d.variables[1], accountVariable, regionVariable)
}

// link leads to a dashboard over the same time range, with a variable that has a value, and
// others that are handed on.
func link(title, name string, v *variable, value string, others ...variable) []object {
	parameters := []string{"${__url_time_range}"}
	for _, other := range others {
		parameters = append(parameters, "${"+other.name+":queryparam}")
	}
	parameters = append(parameters, "var-"+v.name+"="+value)
	return []object{{
		"title": title, "targetBlank": false,
		"url": "/d/" + uid(name) + "?" + strings.Join(parameters, "&"),
	}}
}

// links has what a panel shows link to its log records, buckets also to Details and clients
// to Threat Intel: a table's columns, a map's labels, and series that are called by a label.
func (p *panel) links(d *Dashboard) []object {
	overrides := []object{}
	if !d.has(bucketVariable.name) {
		return overrides // it is about the collector, or lists all records
	}
	add := func(matcher, option, label, value string) {
		links := append(d.elsewhere(label, value), d.toRecords(p, label, value)...)
		overrides = append(overrides, linked(matcher, option, links))
	}
	for _, c := range p.columns {
		if filterable(c.label) {
			add("byName", c.title, c.label, "${__value.raw}")
		}
	}
	switch {
	case p.as == countries:
		add("byName", country, country, "${__value.raw}")
	case len(p.columns) == 0 && p.as != places:
		label := strings.TrimSuffix(strings.TrimPrefix(p.queries[0].legend, "{{"), "}}")
		if filterable(label) {
			add("byType", "number", label, "${__field.labels."+label+"}")
		} else {
			add("byType", "number", "", "")
		}
	}
	return overrides
}

// elsewhere are the links of a label's values to other dashboards of their own.
func (d *Dashboard) elsewhere(label, value string) []object {
	switch label {
	case bucket:
		return d.toDetails(value)
	case address:
		return d.toThreatIntel(value)
	}
	return nil
}

func filterable(label string) bool {
	return slices.ContainsFunc(filters, func(f filter) bool { return f.label == label })
}

// linked overrides the links of the fields that a matcher of Grafana finds.
func linked(matcher, option string, links []object) object {
	return object{
		"matcher":    object{"id": matcher, "options": option},
		"properties": []object{{"id": "links", "value": links}},
	}
}
