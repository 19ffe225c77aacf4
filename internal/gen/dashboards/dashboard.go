package dashboards

import (
	"bytes"
	"encoding/json"
)

// schemaVersion is that of Grafana 11.0. Newer ones bring a dashboard up to date as
// they load it, older ones may not know all of it.
const schemaVersion = 39

// tag is on every dashboard, and what the links between them go by.
const tag = "otelcol-s3audit"

// object is a part of Grafana's JSON. encoding/json sorts its keys.
type object map[string]any

// Dashboard is one of Grafana's dashboards.
type Dashboard struct {
	// Name is the file's, without .json, and with a prefix Grafana's uid.
	Name  string
	Title string

	description string
	about       string     // Markdown: what it needs, shown at its top
	variables   []variable // the first is where its metrics are
	rows        []row
}

// row is a heading with the panels below it.
type row struct {
	title  string
	panels []panel
}

// All returns the dashboards, in the order of their documentation.
func All() []Dashboard {
	return []Dashboard{
		overview(), details(),
		threatIntel(&loki), threatIntel(&victoriaLogs),
		security(&loki), security(&victoriaLogs),
		records(&loki), records(&victoriaLogs),
		operations(),
		event(overview(), ""), event(details(), ""),
		eventThreatIntel(&loki), eventThreatIntel(&victoriaLogs),
	}
}

// JSON returns the dashboard as Grafana imports it. The same dashboard gives the same
// bytes.
func (d *Dashboard) JSON() ([]byte, error) {
	var names []any
	metrics := d.variables[0].source()
	for _, v := range d.variables {
		names = append(names, v.model(metrics))
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(object{
		"annotations":          object{"list": []any{}},
		"description":          d.description,
		"editable":             true,
		"fiscalYearStartMonth": 0,
		"graphTooltip":         1, // one crosshair for all panels
		"links": []object{{
			"asDropdown": true, "icon": "external link", "includeVars": true, "keepTime": true,
			"tags": []string{tag}, "targetBlank": false, "title": "S3 access", "tooltip": "", "type": "dashboards", "url": "",
		}},
		"panels":        d.panels(),
		"refresh":       "5m",
		"schemaVersion": schemaVersion,
		"tags":          []string{tag},
		"templating":    object{"list": names},
		"time":          object{"from": "now-24h", "to": "now"},
		"timezone":      "browser",
		"title":         d.Title,
		"uid":           uid(d.Name),
	})
	return b.Bytes(), err
}

// Grafana's grid.
const (
	gridWidth   = 24
	aboutHeight = 3
)

// panels places all panels: from left to right, a new line where one does not fit. Those
// of one line are as high as the highest.
func (d *Dashboard) panels() []object {
	about := object{
		"type": "text", "title": "", "transparent": true,
		"options": object{"mode": "markdown", "content": d.about},
		"gridPos": grid{H: aboutHeight, W: gridWidth},
	}
	all := []object{about}
	y := aboutHeight
	for _, r := range d.rows {
		all = append(all, object{
			"type": "row", "title": r.title, "collapsed": false, "panels": []any{},
			"gridPos": grid{H: 1, W: gridWidth, Y: y},
		})
		y++
		for rest := r.panels; len(rest) > 0; {
			n, height := line(rest)
			x := 0
			for i := range rest[:n] {
				w, _ := rest[i].size()
				model := rest[i].model(d)
				model["gridPos"] = grid{H: height, W: w, X: x, Y: y}
				all = append(all, model)
				x += w
			}
			rest, y = rest[n:], y+height
		}
	}
	for i := range all {
		all[i]["id"] = i + 1
	}
	return all
}

// line returns how many of the panels fit a line, and how high the highest of them is.
func line(panels []panel) (n, height int) {
	x := 0
	for i := range panels {
		w, h := panels[i].size()
		if x += w; x > gridWidth {
			break
		}
		n, height = n+1, max(height, h)
	}
	return n, height
}

// grid is a panel's place, in units of the grid.
type grid struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}
