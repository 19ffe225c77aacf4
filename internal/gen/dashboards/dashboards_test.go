package dashboards

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

const folder = "../../../dashboards"

func TestFilesAreGenerated(t *testing.T) {
	var names []string
	for _, d := range All() {
		want, err := d.JSON()
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(folder, d.Name+".json"))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "%s: run `make generate`", d.Name)
		names = append(names, filepath.Join(folder, d.Name+".json"))
	}
	stored, err := filepath.Glob(filepath.Join(folder, "*.json"))
	require.NoError(t, err)
	assert.ElementsMatch(t, names, stored, "a file that nothing writes")
}

// eachPanel calls f with all panels that show data.
func eachPanel(t *testing.T, f func(d *Dashboard, p *panel)) {
	t.Helper()
	n := 0
	for _, d := range All() {
		for _, r := range d.rows {
			for _, p := range r.panels {
				f(&d, &p)
				n++
			}
		}
	}
	require.Positive(t, n)
}

func TestPanelsSayWhatTheyShow(t *testing.T) {
	seen := map[string]bool{}
	eachPanel(t, func(d *Dashboard, p *panel) {
		name := d.Name + ": " + p.title
		assert.False(t, seen[name], "%s is there twice", name)
		seen[name] = true
		assert.NotEmpty(t, p.unit, name)
		assert.NotEmpty(t, p.queries, name)
		assert.True(t, strings.HasSuffix(p.description, "."), "%s: %q", name, p.description)
		assert.Equal(t, p.as == table, p.value != "", name)
		assert.Equal(t, p.as == table || p.as == listing, len(p.columns) > 0, name)
		if p.as == graph || p.as == stacked || p.as == columns || p.as == bars || p.as == pie {
			for _, q := range p.queries {
				assert.NotEmpty(t, q.legend, name)
			}
		}
	})
}

func TestDashboardsNameAnExample(t *testing.T) {
	for _, d := range All() {
		example := "examples/dashboards.yaml"
		if strings.HasPrefix(d.Name, eventPrefix) {
			example = "examples/victoriametrics.yaml"
		}
		assert.Contains(t, d.about, "`"+example+"`", d.Name)
		assert.FileExists(t, "../../../"+example)
	}
}

var dollar = regexp.MustCompile(`\$\{?(\w+)`)

func TestQueriesUseVariablesOfTheirDashboard(t *testing.T) {
	used := map[string]bool{}
	eachPanel(t, func(d *Dashboard, p *panel) {
		declared := []string{"$__range", "$__rate_interval", "$__interval", "$__interval_ms"}
		for _, v := range d.variables {
			declared = append(declared, "$"+v.name)
		}
		for _, q := range p.queries {
			for _, found := range dollar.FindAllStringSubmatch(q.expr, -1) {
				name := "$" + found[1]
				assert.Contains(t, declared, name, "%s: %s", d.Name, p.title)
				used[d.Name+name] = true
			}
		}
	})
	for _, d := range All() {
		for _, v := range d.variables {
			if v.kind != dataSource {
				assert.True(t, used[d.Name+"$"+v.name], "%s: nothing uses $%s", d.Name, v.name)
			}
		}
	}
}

// few are labels with values that do not grow in number with buckets or clients.
var few = []string{"", "le", "outcome", "api", "signal", "metric", confidence, tlsVersion, "source"}

var (
	groups = regexp.MustCompile(`by \(([^)]*)\)`)
	keeps  = regexp.MustCompile(`topk\(`)
)

// A graph of 200 buckets is one of the top buckets.
func TestPanelsAreBounded(t *testing.T) {
	eachPanel(t, func(d *Dashboard, p *panel) {
		if p.as == countries || p.as == places || p.as == listing {
			return // countries are few, places are those of threats, lists have a limit
		}
		for _, q := range p.queries {
			var labels []string
			for _, by := range groups.FindAllStringSubmatch(q.expr, -1) {
				labels = append(labels, strings.Split(by[1], ", ")...)
			}
			bounded := !slices.ContainsFunc(labels, func(l string) bool { return !slices.Contains(few, l) })
			single := p.as == stat && !strings.HasPrefix(q.expr, "sum by")
			assert.True(t, bounded || single || keeps.MatchString(q.expr), "%s: %s: %s", d.Name, p.title, q.expr)
		}
	})
}

// Panels that share a line are as high as each other, and none overlaps another.
func TestPanelsFitTheGrid(t *testing.T) {
	for _, d := range All() {
		taken, ids := map[[2]int]bool{}, map[any]bool{}
		height := 0
		for _, p := range d.panels() {
			at := p["gridPos"].(grid)
			assert.LessOrEqual(t, at.X+at.W, gridWidth)
			assert.False(t, ids[p["id"]])
			ids[p["id"]] = true
			if at.X == 0 {
				height = at.H
			}
			assert.Equal(t, height, at.H, "%s: %v is not as high as what is left of it", d.Name, p["title"])
			for x := at.X; x < at.X+at.W; x++ {
				for y := at.Y; y < at.Y+at.H; y++ {
					assert.False(t, taken[[2]int{x, y}], "%s: %v", d.Name, p["title"])
					taken[[2]int{x, y}] = true
				}
			}
		}
	}
}

var (
	metricName = regexp.MustCompile(`\b(aws_s3_server_\w+|otelcol_receiver_\w+)\b`)
	// A label with a matcher, or a list of them.
	labelNames = regexp.MustCompile(`(\w+)[!=][=~]?"|(?:by \(|on \(|\| keep )([\w, ]+)`)
)

// The names are those of the code, as Prometheus and Loki write them.
func TestQueriesUseNamesOfTheCode(t *testing.T) {
	metrics := ownMetrics(t)
	for _, m := range rollup.Metrics() {
		name := prometheusName(m.Name, m.Unit)
		if m.Type() == "sum" {
			metrics = append(metrics, name+"_total")
			continue
		}
		metrics = append(metrics, name+"_sum", name+"_count", name+"_bucket")
	}
	labels := slices.Concat(few, []string{"service_name", "instance", "receiver", "bucket", "network_io_direction"})
	for _, a := range rollup.Attributes() {
		labels = append(labels, prometheusName(a.Name, ""))
	}
	for _, a := range otlplogs.RecordAttributes() {
		labels = append(labels, prometheusName(a.Name, ""))
	}
	eachPanel(t, func(d *Dashboard, p *panel) {
		if p.logs == &victoriaLogs {
			return // TestLogQueriesUseNamesOfTheCode
		}
		for _, q := range p.queries {
			for _, name := range metricName.FindAllString(q.expr, -1) {
				assert.True(t, slices.Contains(metrics, name), "%s: %s: %s", d.Name, p.title, name)
			}
			for _, m := range labelNames.FindAllStringSubmatch(q.expr, -1) {
				for name := range strings.SplitSeq(m[1]+m[2], ", ") {
					assert.True(t, slices.Contains(labels, name), "%s: %s: %s", d.Name, p.title, name)
				}
			}
		}
	})
}

func prometheusName(name, unit string) string {
	return strings.ReplaceAll(name, ".", "_") + map[string]string{"By": "_bytes", "s": "_seconds"}[unit]
}

// ownMetrics are the names of the receiver's own metrics as the collector's Prometheus
// endpoint has them: without units and types.
func ownMetrics(t *testing.T) (names []string) {
	t.Helper()
	text, err := os.ReadFile("../../../receiver/s3accesslogsreceiver/documentation.md")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`(?m)^### (otelcol\.receiver\.\S+)$`).FindAllStringSubmatch(string(text), -1) {
		name := prometheusName(m[1], "")
		names = append(names, name, name+"_bucket", name+"_sum", name+"_count")
	}
	require.NotEmpty(t, names)
	return names
}

func TestJSONHasWhatGrafanaNeedsToImport(t *testing.T) {
	uids := map[string]bool{}
	for _, d := range All() {
		text, err := d.JSON()
		require.NoError(t, err)
		var model struct {
			UID, Title    string
			SchemaVersion int
			Tags          []string
			Panels        []struct {
				Type       string
				Datasource struct{ Type, UID string }
				Targets    []struct{ RefID, Expr string }
			}
			Templating struct {
				List []struct {
					Name, Type string
					Query      any
				}
			}
		}
		require.NoError(t, json.Unmarshal(text, &model))
		assert.False(t, uids[model.UID])
		uids[model.UID] = true
		assert.LessOrEqual(t, len(model.UID), 40, "Grafana's limit")
		assert.NotEmpty(t, model.Title)
		assert.Equal(t, schemaVersion, model.SchemaVersion)
		assert.Contains(t, model.Tags, tag)
		sources := map[string]any{}
		for _, v := range model.Templating.List {
			if v.Type == "datasource" {
				sources["${"+v.Name+"}"] = v.Query
			}
		}
		for _, p := range model.Panels {
			if p.Type != "text" && p.Type != "row" {
				assert.Equal(t, p.Datasource.Type, sources[p.Datasource.UID])
				assert.Equal(t, "A", p.Targets[0].RefID)
			}
		}
	}
}
