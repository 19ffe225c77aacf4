package archtest

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	yaml "go.yaml.in/yaml/v3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver"
)

const (
	schema   = "docs/schema.md"
	settings = "receiver/s3accesslogsreceiver/README.md"
)

// README is for the first ten minutes: what else there is to say is in docs.
func TestReadmeIsShort(t *testing.T) {
	assert.LessOrEqual(t, strings.Count(read(t, "README.md"), "\n"), 150)
}

// Which collectors the receiver builds into is what the Makefile tests it with.
func TestReadmeStatesTheRangeOfCollectors(t *testing.T) {
	makefile := read(t, "Makefile")
	minor := func(variable string) string {
		version := regexp.MustCompile(`(?m)^` + variable + ` +:= v(\d+\.\d+)\.`).FindStringSubmatch(makefile)
		require.Len(t, version, 2, variable)
		return version[1]
	}
	assert.Contains(t, strings.Join(strings.Fields(read(t, "README.md")), " "),
		"builds into collectors from "+minor("COLLECTOR_OLDEST")+" to "+minor("COLLECTOR_NEWEST")+"; this distribution is one of "+minor("COLLECTOR"))
	versions := strings.Join(strings.Fields(read(t, "docs/ocb.md")), " ")
	assert.Contains(t, versions, "requires collector "+minor("COLLECTOR_OLDEST")+".")
	assert.Contains(t, versions, "with "+minor("COLLECTOR")+", of which the distribution is built, and with "+minor("COLLECTOR_NEWEST")+" ")
}

func TestSchemaListsTheAttributes(t *testing.T) {
	for heading, attributes := range map[string][]otlplogs.Attribute{
		"### Resource attributes":              otlplogs.ResourceAttributes(),
		"### Attributes of a record":           otlplogs.RecordAttributes(),
		"### Attributes of a malformed record": otlplogs.MalformedAttributes(),
	} {
		var want, got []string
		for _, a := range attributes {
			want = append(want, a.Name+" "+a.Type)
		}
		for _, cells := range tableOf(t, schema, heading) {
			got = append(got, cells[0]+" "+cells[1])
		}
		assert.ElementsMatch(t, want, got, heading)
	}
}

func TestSchemaListsTheMetrics(t *testing.T) {
	var want, got []string
	for _, m := range rollup.Metrics() {
		want = append(want, m.Name+" "+m.Type()+" "+m.Unit+" "+strings.Join(m.Attributes, ", "))
	}
	for _, cells := range tableOf(t, schema, "## Metrics") {
		got = append(got, strings.Join(cells[:3], " ")+" "+strings.ReplaceAll(cells[5], "`", ""))
		assert.Equal(t, cells[3], prometheusName(cells[0], cells[1], cells[2]))
	}
	assert.Equal(t, want, got)
}

// prometheusName is the name that Prometheus gives a metric, by its default
// translation of OTLP.
func prometheusName(name, kind, unit string) string {
	name = strings.ReplaceAll(name, ".", "_") + map[string]string{"{request}": "", "By": "_bytes", "s": "_seconds"}[unit]
	if kind == "sum" {
		name += "_total"
	}
	return name
}

func TestSchemaListsTheAttributesOfMetrics(t *testing.T) {
	var want, got []string
	for _, a := range rollup.Attributes() {
		want = append(want, a.Name+" "+a.Type)
	}
	for _, heading := range []string{"### Resource attributes", "### Attributes of a record"} {
		for _, cells := range tableOf(t, schema, heading) {
			if cells[5] == "may have it" {
				got = append(got, cells[0]+" "+cells[1])
			}
		}
	}
	for _, cells := range tableOf(t, schema, "Only metrics have these attributes:") {
		switch cells[0] {
		case "network.io.direction", "otel.metric.overflow": // of no record
		default:
			got = append(got, cells[0]+" "+cells[1])
		}
	}
	assert.ElementsMatch(t, want, got)
}

func TestPageListsTheSettings(t *testing.T) {
	var want []string
	settingKeys(reflect.TypeFor[s3accesslogsreceiver.Config](), "", &want)
	var got []string
	for _, cells := range tableOf(t, settings, "## Settings") {
		got = append(got, cells[0])
	}
	assert.ElementsMatch(t, want, got)
}

// Written out, the defaults that the page states change nothing.
func TestPageStatesTheDefaults(t *testing.T) {
	required, stated := confmap.New(), confmap.New()
	for _, cells := range tableOf(t, settings, "## Settings") {
		if cells[1] == "none" || strings.Contains(cells[0], "<") {
			continue // not set, or stated elsewhere
		}
		if cells[1] == "required" {
			merge(t, required, cells[0], "any")
			merge(t, stated, cells[0], "any")
			continue
		}
		var value any
		require.NoError(t, yaml.Unmarshal([]byte(cells[1]), &value), cells[0])
		merge(t, stated, cells[0], value)
	}
	want := s3accesslogsreceiver.NewFactory().CreateDefaultConfig()
	require.NoError(t, required.Unmarshal(want))
	got := s3accesslogsreceiver.NewFactory().CreateDefaultConfig()
	require.NoError(t, stated.Unmarshal(got))
	assert.Equal(t, want, got)
}

// merge sets one setting in a configuration.
func merge(t *testing.T, into *confmap.Conf, setting string, value any) {
	t.Helper()
	keys := strings.Split(setting, ".")
	slices.Reverse(keys)
	for _, key := range keys {
		value = map[string]any{key: value}
	}
	require.NoError(t, into.Merge(confmap.NewFromStringMap(value.(map[string]any))))
}

// settingKeys appends the keys of all settings in a configuration's type.
func settingKeys(typ reflect.Type, prefix string, keys *[]string) {
	for i := range typ.NumField() {
		field := typ.Field(i)
		tag, found := field.Tag.Lookup("mapstructure")
		if !found || !field.IsExported() {
			continue
		}
		name, squash := strings.CutSuffix(tag, ",squash")
		name, _, _ = strings.Cut(name, ",")
		of := field.Type
		if get, optional := reflect.PointerTo(of).MethodByName("Get"); optional && strings.HasPrefix(of.Name(), "Optional[") {
			of = get.Type.Out(0).Elem()
		}
		key := prefix + name
		switch {
		case squash:
			settingKeys(of, prefix, keys)
		case of == reflect.TypeFor[map[string]rollup.MetricConfig]():
			// One row stands for all metrics; their names hold dots.
			settingKeys(of.Elem(), prefix+"<metric>.", keys)
		case of.Kind() == reflect.Struct:
			settingKeys(of, key+".", keys)
		default:
			*keys = append(*keys, key)
		}
	}
}

// tableOf returns the cells of the first table under a heading of a page, without the
// table's first two lines and without backquotes around cells.
func tableOf(t *testing.T, page, heading string) [][]string {
	t.Helper()
	_, section, found := strings.Cut(read(t, page), "\n"+heading+"\n")
	require.True(t, found, "%s has no heading %q", page, heading)
	var rows [][]string
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "|") {
			if len(rows) > 0 {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		rows = append(rows, cells)
	}
	require.Greater(t, len(rows), 2, "no table under %q", heading)
	return rows[2:]
}
