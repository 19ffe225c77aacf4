package dashboards

// panel is one panel: what it is called, what it shows, and how.
type panel struct {
	title       string
	description string // what a user has to know to read it
	unit        string // the id of a unit of Grafana
	as          display
	width       int // of 24; 0: what as says
	queries     []query
	logs        *logStore // of a listing: whom the queries ask
	matchers    []string  // of a listing: what they ask for
	columns     []column  // of a table
	value       string    // of a table: the heading of its numbers
	steps       []step    // of a stat, bars or a table: colours from values on; none: blue
	max         float64   // of a graph's axis; 0: as the data
}

// column is a label that a table shows.
type column struct{ label, title string }

// step colours values from one on.
type step struct {
	from  float64
	color string
}

// display is how a panel shows its queries.
type display uint8

const (
	stat      display = iota // one number
	graph                    // lines over time
	stacked                  // areas over time that add up
	columns                  // columns over time that add up
	pie                      // shares of the whole time range
	bars                     // a bar for each series, of the whole time range
	table                    // a row for each series, of the whole time range
	countries                // a map: the query's label is a country
	places                   // a map: the query's labels are coordinates
	listing                  // a table of log records, newest first
)

// maxRows bounds what a table loads.
const maxRows = 500

// look is what panels of a kind have in common.
type look struct {
	kind          string // Grafana's type of panel
	width, height int
	instant       bool // the value at the end of the time range, not one at each moment
	options       object
	custom        object // of the fields
}

var looks = map[display]look{
	stat: {kind: "stat", width: 6, height: 4, instant: true, options: object{
		"colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": "auto",
		"wideLayout": true, "showPercentChange": false, "percentChangeColorMode": "standard", "reduceOptions": lastValue,
	}},
	graph:   {kind: "timeseries", width: 12, height: 8, options: overTime, custom: drawn("line", 10, "none")},
	stacked: {kind: "timeseries", width: 12, height: 8, options: overTime, custom: drawn("line", 60, "normal")},
	columns: {kind: "timeseries", width: 12, height: 8, options: overTime, custom: drawn("bars", 80, "normal")},
	pie: {kind: "piechart", width: 8, height: 9, instant: true, options: object{
		"pieType": "pie", "displayLabels": []string{}, "orientation": "auto", "reduceOptions": lastValue,
		"legend":  object{"calcs": []string{}, "displayMode": "table", "placement": "right", "showLegend": true, "values": []string{"value", "percent"}},
		"tooltip": object{"mode": "single", "sort": "none"},
	}},
	bars: {kind: "bargauge", width: 8, height: 9, instant: true, options: object{
		"displayMode": "basic", "valueMode": "text", "namePlacement": "left", "showUnfilled": true, "sizing": "auto",
		"minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 40, "orientation": "horizontal", "reduceOptions": lastValue,
		"legend": object{"calcs": []string{}, "displayMode": "list", "placement": "bottom", "showLegend": false},
	}},
	table:     {kind: "table", width: 12, height: 9, instant: true, options: cells, custom: cell},
	listing:   {kind: "table", width: 24, height: 10, options: cells, custom: cell},
	countries: {kind: "geomap", width: 12, height: 11, instant: true, options: world(object{"mode": "lookup", "lookup": country, "gazetteer": "public/gazetteer/countries.json"})},
	places:    {kind: "geomap", width: 12, height: 11, instant: true, options: world(object{"mode": "coords", "latitude": latitude, "longitude": longitude})},
}

var (
	lastValue = object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}

	// A legend that is a table shows all series in a list of fixed height.
	overTime = object{
		"legend":  object{"calcs": []string{"mean", "max"}, "displayMode": "table", "placement": "bottom", "showLegend": true, "sortBy": "Mean", "sortDesc": true},
		"tooltip": object{"mode": "multi", "sort": "desc", "maxHeight": 400, "hideZeros": true},
	}

	cells = object{"cellHeight": "sm", "frameIndex": 0, "showHeader": true, "footer": object{
		"show": false, "reducer": []string{"sum"}, "fields": []string{}, "countRows": false, "enablePagination": true,
	}}
	cell = object{"align": "auto", "inspect": false, "filterable": true, "cellOptions": object{"type": "auto"}}
)

// drawn is how a graph draws its series: as lines or bars.
func drawn(style string, fill int, stacking string) object {
	return object{
		"drawStyle": style, "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": fill, "gradientMode": "none",
		"showPoints": "never", "spanNulls": false, "axisBorderShow": false, "axisPlacement": "auto",
		"stacking": object{"group": "A", "mode": stacking},
	}
}

// world is a map of circles that are as large as the values.
func world(location object) object {
	return object{
		"view":     object{"id": "zero", "lat": 20, "lon": 0, "zoom": 1.6, "allLayers": true},
		"controls": object{"showZoom": true, "mouseWheelZoom": true, "showAttribution": true, "showScale": false, "showDebug": false, "showMeasure": false},
		"basemap":  object{"type": "default", "name": "Base", "config": object{}},
		"tooltip":  object{"mode": "details"},
		"layers": []object{{
			"type": "markers", "name": "Requests", "tooltip": true, "location": location,
			"config": object{"showLegend": false, "style": object{
				"color": object{"fixed": "dark-orange"}, "opacity": 0.5,
				"size":   object{"field": "Value", "fixed": 5, "min": 4, "max": 40},
				"symbol": object{"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
			}},
		}},
	}
}

// size returns the panel's width and height on the grid.
func (p *panel) size() (w, h int) {
	l := looks[p.as]
	if p.width != 0 {
		return p.width, l.height
	}
	return l.width, l.height
}
