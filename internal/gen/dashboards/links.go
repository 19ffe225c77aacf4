package dashboards

import "strings"

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

// links has buckets link to Details and clients to Threat Intel: a table's columns, and
// series that are called by one of them.
func (p *panel) links(d *Dashboard) []object {
	overrides := []object{}
	for label, to := range map[string]func(string) []object{bucket: d.toDetails, address: d.toThreatIntel} {
		if p.queries[0].legend == "{{"+label+"}}" {
			overrides = append(overrides, linked("byType", "number", to("${__field.labels."+label+"}")))
		}
	}
	for _, c := range p.columns {
		switch c.label {
		case bucket:
			overrides = append(overrides, linked("byName", c.title, d.toDetails("${__value.raw}")))
		case address:
			overrides = append(overrides, linked("byName", c.title, d.toThreatIntel("${__value.raw}")))
		}
	}
	return overrides
}

// linked overrides the links of the fields that a matcher of Grafana finds.
func linked(matcher, option string, links []object) object {
	return object{
		"matcher":    object{"id": matcher, "options": option},
		"properties": []object{{"id": "links", "value": links}},
	}
}
