package e2e

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	yaml "go.yaml.in/yaml/v3"

	"github.com/otelcol-s3audit/otelcol-s3audit/converter/deliveryguard"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
)

const guardMessage = "delivery guard: pipeline logs: otlp_grpc accepts records before they are delivered"

func TestThePipelineThatLosesIsNamedAtStart(t *testing.T) {
	t.Parallel()
	program(t)
	s := setup{
		receivers: "s3_access_logs: {directory: {path: " + t.TempDir() + ", follow: true}}",
		exporters: "otlp_grpc: {endpoint: " + machine.FreeAddr(t) + "}",
	}
	running := start(t, s)
	running.ready(t)
	assert.Contains(t, running.logged(t, time.Second, guardMessage), "warn")
	running.stop(t, 20*time.Second)

	s.env = []string{deliveryguard.Silence + "=otlp_grpc"}
	silenced := start(t, s)
	silenced.ready(t)
	assert.NotContains(t, silenced.log(t), "delivery guard")
	silenced.stop(t, 20*time.Second)

	file := filepath.Join(t.TempDir(), "config.yaml")
	write(t, filepath.Dir(file), map[string][]byte{"config.yaml": []byte(configuration(t, s, machine.FreeAddr(t)))})
	output, err := validation(t, nil, file).CombinedOutput()
	require.NoError(t, err, string(output))
	assert.Empty(t, string(output), "docs/exporters.md says that validate shows nothing")
}

// An exporter whose defaults are written out, as the built collector has them, is judged
// as one without settings is, and each that has a queue by default is known.
func TestTheGuardKnowsTheDefaultsOfTheExporters(t *testing.T) {
	t.Parallel()
	minimal := map[string]string{
		"otlp_grpc": "endpoint: localhost:1", "otlp": "endpoint: localhost:1",
		"otlp_http": "endpoint: http://localhost:1", "otlphttp": "endpoint: http://localhost:1",
		"prometheus_remote_write": "endpoint: http://localhost:1", "prometheusremotewrite": "endpoint: http://localhost:1",
		"debug": "", "nop": "", "file": "path: " + filepath.Join(t.TempDir(), "out"), "prometheus": "endpoint: localhost:1",
		"s3_access_report": "path: " + filepath.Join(t.TempDir(), "report.html"),
	}
	for _, name := range exporterNames(t) {
		assert.Contains(t, minimal, name, "an exporter of builder-config.yaml that the test does not know")
	}
	for name, settings := range minimal {
		exporter := printedExporter(t, name, settings)
		queue := exporter["sending_queue"]
		if queue == nil {
			queue = exporter["remote_write_queue"]
		}
		bare, printed := guardSays(t, name, nil), guardSays(t, name, exporter)
		assert.Equal(t, bare, printed, name)
		assert.Equal(t, queue != nil, len(bare) > 0, "%s has a queue by default: %v", name, queue)
	}
	for _, name := range []string{"otlp_grpc", "otlp", "otlp_http", "otlphttp"} {
		exporter := printedExporter(t, name, minimal[name]+", sending_queue: {storage: file_storage}")
		bare := guardSays(t, name, map[string]any{"sending_queue": map[string]any{"storage": "file_storage"}})
		assert.Len(t, bare, 1, name)
		assert.Equal(t, bare, guardSays(t, name, exporter), name)
	}
}

// exporterNames are the types of the exporters in the built collector.
func exporterNames(t *testing.T) (names []string) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), program(t), "components").Output()
	require.NoError(t, err)
	var components struct{ Exporters []struct{ Name string } }
	require.NoError(t, yaml.Unmarshal(output, &components))
	for _, exporter := range components.Exporters {
		names = append(names, exporter.Name)
	}
	require.NotEmpty(t, names)
	return names
}

// printedExporter returns the settings of an exporter with the built collector's defaults.
func printedExporter(t *testing.T, name, settings string) map[string]any {
	t.Helper()
	config := "yaml:{receivers: {s3_access_logs: {directory: {path: /tmp}}}, exporters: {" + name + ": {" + settings + "}}, " +
		"service: {pipelines: {metrics: {receivers: [s3_access_logs], exporters: [" + name + "]}}}}"
	output, err := exec.CommandContext(t.Context(), program(t), "print-config", "--config", config).CombinedOutput()
	require.NoError(t, err, string(output))
	var printed struct{ Exporters map[string]map[string]any }
	require.NoError(t, yaml.Unmarshal(output, &printed))
	require.Contains(t, printed.Exporters, name)
	return printed.Exporters[name]
}

// guardSays returns the converter's warnings of a pipeline with an exporter.
func guardSays(t *testing.T, name string, settings map[string]any) (messages []string) {
	t.Helper()
	core, logged := observer.New(zap.WarnLevel)
	converter := deliveryguard.NewFactory().Create(confmap.ConverterSettings{Logger: zap.New(core)})
	require.NoError(t, converter.Convert(t.Context(), confmap.NewFromStringMap(map[string]any{
		"receivers": map[string]any{"s3_access_logs": nil}, "exporters": map[string]any{name: settings},
		"service": map[string]any{"pipelines": map[string]any{"logs": map[string]any{
			"receivers": []any{"s3_access_logs"}, "exporters": []any{name},
		}}},
	})))
	for _, entry := range logged.All() {
		messages = append(messages, entry.Message)
	}
	return messages
}

// While one back end is down or refuses, the other one gets each record once; so does the
// first one when it is back.
func TestExampleOfTwoBackEnds(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(109, 40, 2, 500)
	for _, away := range []string{"down", "refuses"} {
		t.Run(away, func(t *testing.T) {
			t.Parallel()
			first, second := newExampleSink(t, ""), newExampleSink(t, "")
			endpoint, back := second.http, func() { second.setAway(false) }
			if away == "down" {
				addr := machine.FreeAddr(t)
				endpoint, back = "https://"+addr, func() { second.listenAt(t, addr) }
			} else {
				second.setAway(true)
			}
			o := bucketExample(t, c, "OTLP_HTTP_ENDPOINT="+first.http, "SECOND_ENDPOINT="+endpoint, "SSL_CERT_FILE="+first.caFile)
			o.exporters = "otlp_http/first: {retry_on_failure: {initial_interval: 100ms}}, otlp_http/second: {retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}}"
			running := startExample(t, "two-backends.yaml", o)
			running.settled(t, time.Minute, "ok", len(c.objects))
			running.until(t, 20*time.Second, "all records at the first", func() bool { return first.distinct() == len(c.want) })
			time.Sleep(2 * time.Second) // in which retries would send records again
			first.assertRecords(t, c.want)
			second.assertRecords(t, uids{})
			back()
			running.until(t, time.Minute, "all records at the second", func() bool { return second.distinct() == len(c.want) })
			assert.NotContains(t, running.log(t), "delivery guard")
			running.stop(t, 20*time.Second)
			first.assertRecords(t, c.want)
			second.assertRecords(t, c.want)
		})
	}
}

// Two exporters without these queues are what the guard warns of: records come again and
// again at the one that is well.
func TestTwoBackEndsWithoutQueuesRepeatAsTheGuardSays(t *testing.T) {
	t.Parallel()
	program(t)
	dir := t.TempDir()
	c := makeCorpus(110, 5, 0, 0)
	write(t, dir, c.stored(t))
	well, away := newExampleSink(t, ""), newExampleSink(t, "")
	away.setAway(true)
	const settings = ", sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}"
	running := start(t, setup{
		receivers: "s3_access_logs: {directory: {path: " + dir + "}, retry_on_failure: {initial_interval: 100ms, max_interval: 100ms}}",
		exporters: "{otlp_http/well: {endpoint: " + well.http + settings + ", otlp_http/away: {endpoint: " + away.http + settings + "}",
		env:       []string{"SSL_CERT_FILE=" + well.caFile},
	})
	running.logged(t, 20*time.Second, "delivery guard: pipeline logs: otlp_http/away has no persistent queue and is fed side by side with otlp_http/well:")
	running.until(t, 30*time.Second, "records that come again", func() bool {
		well.mu.Lock()
		defer well.mu.Unlock()
		for _, times := range well.uids {
			if times > 5 {
				return true
			}
		}
		return false
	})
	running.kill(t)
}

// listenAt begins to serve OTLP/HTTP at an address. It ends with the test.
func (s *exampleSink) listenAt(t *testing.T, addr string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	require.NoError(t, err)
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, "") }))
	require.NoError(t, web.Listener.Close())
	web.Listener = listener
	web.StartTLS()
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
	})
}
