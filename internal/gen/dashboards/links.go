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

// links has a table's column of buckets, and series that are buckets, link to Details.
func (p *panel) links(d *Dashboard) []object {
	overrides := []object{}
	if p.queries[0].legend == "{{"+bucket+"}}" {
		overrides = append(overrides, linked("byType", "number", d.toDetails("${__field.labels."+bucket+"}")))
	}
	for _, c := range p.columns {
		if c.label == bucket {
			overrides = append(overrides, linked("byName", c.title, d.toDetails("${__value.raw}")))
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
