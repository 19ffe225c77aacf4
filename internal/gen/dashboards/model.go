package dashboards

import "maps"

// metricsInterval is the receiver's default. The least step of a query, it makes
// $__rate_interval four of them.
const metricsInterval = "1m"

// model returns the panel of a dashboard as Grafana has it, without its place.
func (p *panel) model(d *Dashboard) object {
	l := looks[p.as]
	source := d.variables[0].source()
	if p.as == listing {
		source = p.logs.source()
	}
	m := object{
		"type": l.kind, "title": p.title, "description": p.description,
		"datasource":  source,
		"options":     p.options(&l),
		"fieldConfig": object{"defaults": p.fields(&l), "overrides": p.links(d)},
		"targets":     p.targets(&l, source),
	}
	if steps := p.transformations(); len(steps) > 0 {
		m["transformations"] = steps
	}
	return m
}

// options are the look's; a table is sorted by its numbers.
func (p *panel) options(l *look) object {
	if p.as != table {
		return l.options
	}
	options := object{"sortBy": []object{{"displayName": p.value, "desc": true}}}
	for name, value := range l.options {
		options[name] = value
	}
	return options
}

func (p *panel) fields(l *look) object {
	fields := object{"unit": p.unit, "color": object{"mode": "palette-classic"}}
	if l.custom != nil {
		fields["custom"] = l.custom
	}
	switch p.as {
	case pie:
		fields["noValue"] = "none"
	case graph, stacked, columns:
		fields["min"] = 0
		if p.max != 0 {
			fields["max"] = p.max
		}
	default:
		steps := []object{{"color": "blue", "value": nil}}
		if len(p.steps) > 0 {
			steps[0]["color"] = "green"
		}
		for _, s := range p.steps {
			steps = append(steps, object{"color": s.color, "value": s.from})
		}
		fields["color"] = object{"mode": "thresholds"}
		fields["thresholds"] = object{"mode": "absolute", "steps": steps}
		fields["noValue"] = "none"
	}
	return fields
}

func (p *panel) targets(l *look, source object) []object {
	targets := make([]object, len(p.queries))
	for i, q := range p.queries {
		target := object{"refId": string(rune('A' + i)), "datasource": source, "expr": q.expr, "editorMode": "code"}
		targets[i] = target
		if p.as == listing {
			target["maxLines"] = maxRows
			maps.Copy(target, p.logs.target)
			continue
		}
		target["instant"], target["range"], target["interval"] = l.instant, !l.instant, metricsInterval
		target["format"], target["legendFormat"] = "time_series", q.legend
		if p.rows() {
			target["format"] = "table"
		}
	}
	return targets
}

// rows reports whether each series is to be a row, with its labels as fields.
func (p *panel) rows() bool { return p.as == table || p.as == countries || p.as == places }

// transformations turn labels into the columns of a table, and text into coordinates.
func (p *panel) transformations() []object {
	switch p.as {
	case table:
		renamed := object{"Value": p.value}
		return []object{p.organized(renamed, object{"Time": true})}
	case listing:
		return []object{
			{"id": "extractFields", "options": object{"source": "labels", "replace": true, "keepTime": true}},
			p.organized(object{}, object{}),
		}
	case places:
		return []object{{"id": "convertFieldType", "options": object{"fields": object{}, "conversions": []object{
			{"targetField": latitude, "destinationType": "number"},
			{"targetField": longitude, "destinationType": "number"},
		}}}}
	}
	return nil
}

func (p *panel) organized(renamed, left object) object {
	order := object{"Time": 0}
	for i, c := range p.columns {
		field := c.label
		if p.logs != nil {
			field = p.logs.field(c.label)
		}
		order[field] = i + 1
		renamed[field] = c.title
	}
	return object{"id": "organize", "options": object{"excludeByName": left, "indexByName": order, "renameByName": renamed}}
}
