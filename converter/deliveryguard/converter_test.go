package deliveryguard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	yaml "go.yaml.in/yaml/v3"
)

// convert returns what the converter logs of a configuration in YAML, with a value of
// the variable that silences it.
func convert(t testing.TB, text, silence string) []observer.LoggedEntry {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(text))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	core, logged := observer.New(zap.DebugLevel)
	g := &guard{log: zap.New(core), getenv: func(name string) string { return map[string]string{Silence: silence}[name] }}
	require.NoError(t, g.Convert(context.Background(), conf))
	return logged.All()
}

func messages(logged []observer.LoggedEntry) []string {
	var all []string
	for _, entry := range logged {
		all = append(all, entry.Message)
	}
	return all
}

// loses is a configuration with two faults.
const loses = `
receivers: {s3_access_logs: {}}
processors: {batch/big: {}}
exporters: {otlp_grpc: {endpoint: "localhost:4317"}}
service: {pipelines: {logs/audit: {receivers: [s3_access_logs], processors: [batch/big], exporters: [otlp_grpc]}}}
`

func TestAWarningSaysPipelineComponentAndWhatToDo(t *testing.T) {
	logged := convert(t, loses, "")
	assert.Equal(t, []string{
		"delivery guard: pipeline logs/audit: batch/big accepts records before they are delivered: what it holds is lost when the process ends, " +
			"and what is refused behind it is dropped; leave it out, the receiver makes batches itself (logs::batch_size, logs::batch_bytes)",
		"delivery guard: pipeline logs/audit: otlp_grpc accepts records before they are delivered: what its queue in memory holds is lost when the process ends, " +
			"and what the back end refuses is dropped; set exporters::otlp_grpc::sending_queue::wait_for_result: true or ::enabled: false, " +
			"or ::storage to a storage extension, then also retry_on_failure::max_elapsed_time: 0",
	}, messages(logged))
	assert.Equal(t, zap.WarnLevel, logged[0].Level)
	assert.Equal(t, map[string]any{"silence": "OTELCOL_DELIVERY_GUARD_SILENCE=batch/big"}, logged[0].ContextMap())
}

func TestAVariableSilencesByName(t *testing.T) {
	for silence, want := range map[string]int{
		"": 2, "batch/big": 1, "otlp_grpc": 1, "otlp_grpc , batch/big": 0, "logs/audit": 0, "all": 0,
		"batch": 2, "logs": 2, "otlp": 2, ",": 2,
	} {
		assert.Len(t, convert(t, loses, silence), want, silence)
	}
}

func TestTheFactoryMakesAConverterThatReadsTheEnvironment(t *testing.T) {
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(loses))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	core, logged := observer.New(zap.DebugLevel)
	converter := NewFactory().Create(confmap.ConverterSettings{Logger: zap.New(core)})
	t.Setenv(Silence, "otlp_grpc")
	require.NoError(t, converter.Convert(t.Context(), conf))
	assert.Equal(t, 1, logged.Len())

	quiet := NewFactory().Create(confmap.ConverterSettings{})
	assert.NoError(t, quiet.Convert(t.Context(), conf))
	assert.NoError(t, quiet.Convert(t.Context(), nil))
	assert.NoError(t, quiet.Convert(t.Context(), confmap.New()))
	assert.NoError(t, quiet.Convert(t.Context(), confmap.NewFromStringMap(nil)))
}

// What comes from a variable is as the collector reads it.
func TestExpandedValuesAreRead(t *testing.T) {
	const text = `
receivers: {s3_access_logs: {}}
exporters: {otlp_grpc: {sending_queue: {enabled: "${env:QUEUE}"}}}
service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: ["${env:EXPORTER}"]}}}
`
	for value, want := range map[string]int{"true": 1, "false": 0} {
		core, logged := observer.New(zap.DebugLevel)
		resolver, err := confmap.NewResolver(confmap.ResolverSettings{
			URIs: []string{"text:"},
			ProviderFactories: []confmap.ProviderFactory{
				newProvider("text", text), newProvider("env", map[string]string{"QUEUE": value, "EXPORTER": "otlp_grpc"}),
			},
			ConverterFactories: []confmap.ConverterFactory{NewFactory()},
			ConverterSettings:  confmap.ConverterSettings{Logger: zap.New(core)},
		})
		require.NoError(t, err)
		_, err = resolver.Resolve(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, logged.Len(), value)
		require.NoError(t, resolver.Shutdown(t.Context()))
	}
}

// provider gives a text, or values by name, for a scheme.
type provider struct {
	scheme string
	values any
}

func newProvider(scheme string, values any) confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(confmap.ProviderSettings) confmap.Provider { return &provider{scheme, values} })
}

func (p *provider) Retrieve(_ context.Context, uri string, _ confmap.WatcherFunc) (*confmap.Retrieved, error) {
	if values, ok := p.values.(map[string]string); ok {
		return confmap.NewRetrievedFromYAML([]byte(values[uri[len(p.scheme)+1:]]))
	}
	return confmap.NewRetrievedFromYAML([]byte(p.values.(string)))
}

func (p *provider) Scheme() string { return p.scheme }

func (*provider) Shutdown(context.Context) error { return nil }

// What is shipped would be copied into production.
func TestShippedConfigurationsGiveNoWarning(t *testing.T) {
	for place, text := range shipped(t) {
		assert.Empty(t, messages(convert(t, text, "")), place)
	}
}

// shipped returns the whole configurations of examples, manifests and pages.
func shipped(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"examples/*.yaml", "testdata/config*.yaml", "deploy/systemd/config.yaml"} {
		for file, text := range files(t, pattern) {
			all[file] = text
		}
	}
	for file, text := range files(t, "deploy/kubernetes/*.yaml") {
		documents := yaml.NewDecoder(strings.NewReader(text))
		for {
			var document struct{ Data map[string]string }
			err := documents.Decode(&document)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, file)
			for name, config := range document.Data {
				all[file+": "+name] = config
			}
		}
	}
	for _, pattern := range []string{"README.md", "docs/*.md", "receiver/*/README.md"} {
		for page, text := range files(t, pattern) {
			for i, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text, -1) {
				if strings.Contains(block[1], "service:") && strings.Contains(block[1], "exporters:") {
					all[fmt.Sprintf("%s, block %d", page, i)] = block[1]
				}
			}
		}
	}
	require.Greater(t, len(all), 19)
	return all
}

func files(t *testing.T, pattern string) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../../" + pattern)
	require.NoError(t, err)
	require.NotEmpty(t, names, pattern)
	all := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all[name] = string(text)
	}
	return all
}

// Whatever stands where, the converter does not fail, panic, or change it.
func TestRandomConfigurationsStayAsTheyAre(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		conf := confmap.NewFromStringMap(randomSection(rng, 0))
		before := conf.ToStringMap()
		core, _ := observer.New(zap.DebugLevel)
		g := &guard{log: zap.New(core), getenv: func(string) string { return "" }}
		require.NoError(t, g.Convert(t.Context(), conf))
		require.Equal(t, before, conf.ToStringMap())
	}
}

// randomWords are the keys and values at each depth, so that much of it makes sense.
var randomWords = [][]string{
	{"receivers", "processors", "exporters", "connectors", "service"},
	{"s3_access_logs", "s3_access_logs/b", "batch", "otlp", "otlp_http/b", "prometheusremotewrite", "kafka", "forward", "failover", "pipelines"},
	{"metrics", "sending_queue", "remote_write_queue", "retry_on_failure", "logs", "logs/b", "metrics/b", "traces"},
	{"temporality", "enabled", "wait_for_result", "storage", "max_elapsed_time", "receivers", "processors", "exporters"},
}

func randomSection(rng *rand.Rand, depth int) map[string]any {
	section := map[string]any{}
	for _, key := range randomWords[depth] {
		if rng.IntN(2+depth) == 0 || depth == 0 {
			section[key] = randomValue(rng, depth)
		}
	}
	return section
}

func randomValue(rng *rand.Rand, depth int) any {
	if depth+1 < len(randomWords) && rng.IntN(8) > 0 {
		return randomSection(rng, depth+1)
	}
	words := []any{nil, true, "delta", "5m", "false", 7, 1.5, "s3_access_logs", "forward", []string{"otlp"}, map[string]any{"a": 1}, []any{}}
	if rng.IntN(2) == 0 {
		return words[rng.IntN(len(words))]
	}
	var list []any
	for range rng.IntN(4) {
		list = append(list, randomWords[1][rng.IntN(len(randomWords[1]))])
	}
	return append(list, words[rng.IntN(len(words))])
}

// FuzzConvert holds that no configuration makes the converter fail, panic, or change it.
func FuzzConvert(f *testing.F) {
	for _, c := range cases {
		f.Add(c.config)
	}
	f.Add(loses)
	f.Add("service: {pipelines: {logs: {receivers: s3_access_logs, exporters: {a: b}}}}")
	f.Add("receivers: {s3_access_logs: [1]}\nexporters: [otlp]\nservice: {pipelines: [logs]}")
	f.Add("receivers: {s3_access_logs: {metrics: delta}}\nexporters: {otlp: 7}\nservice: {pipelines: {logs: , metrics: {receivers: [s3_access_logs, 1], exporters: [otlp, null]}}}")
	f.Add("receivers: {s3_access_logs: }\nexporters: {otlp: {sending_queue: on, retry_on_failure: 1}}\nservice: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [otlp, otlp]}}}")
	f.Fuzz(func(t *testing.T, text string) {
		retrieved, err := confmap.NewRetrievedFromYAML([]byte(text))
		if err != nil {
			return
		}
		conf, err := retrieved.AsConf()
		if err != nil {
			return
		}
		before := conf.ToStringMap()
		converter := NewFactory().Create(confmap.ConverterSettings{Logger: zap.NewNop()})
		require.NoError(t, converter.Convert(t.Context(), conf))
		require.True(t, reflect.DeepEqual(before, conf.ToStringMap()), "the configuration was changed")
	})
}
