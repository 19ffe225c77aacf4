package e2e

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

// The examples are run as they are, but for what a test cannot wait for and for
// the addresses that AWS has: a second configuration is laid over the first.

const examplesDir = "../../../../examples"

// exampleEnv has a value for every variable that the examples need.
var exampleEnv = map[string]string{
	"LOGS": "testdata/sample", "LOG_BUCKET": "logs", "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/111122223333/q",
	"STORAGE": "/var/lib/otelcol-s3audit", "NAME": "a",
	"OTLP_ENDPOINT": "localhost:4317", "OTLP_HTTP_ENDPOINT": "https://localhost:4318", "SECOND_ENDPOINT": "https://localhost:4319", "OTLP_TOKEN": "token",
	"LOKI_URL": "http://localhost:3100", "VICTORIALOGS_URL": "http://localhost:9428", "VICTORIAMETRICS_URL": "http://localhost:8428", "PROMETHEUS_URL": "http://localhost:9090", "REMOTE_WRITE_URL": "http://localhost:9090/api/v1/write",
}

func exampleFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(examplesDir + "/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	for _, file := range exampleFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			output, err := validation(t, exampleEnv, file).CombinedOutput()
			require.NoError(t, err, string(output))
			assert.Empty(t, string(output))
		})
	}
}

// validation is the command that checks a configuration.
func validation(t testing.TB, env map[string]string, config string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t), "validate", "--config", config)
	cmd.Env = variables(env)
	return cmd
}

func variables(env map[string]string) []string {
	list := []string{}
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

// An example that loses records would be copied into production.
func TestExamplesLoseNothing(t *testing.T) {
	t.Parallel()
	for _, file := range append(exampleFiles(t), composeDir+"/collector.yaml") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var config struct {
			Processors map[string]any
			Exporters  map[string]exampleExporter
		}
		require.NoError(t, yaml.Unmarshal(text, &config), file)
		for id := range config.Processors {
			assert.NotEqual(t, "batch", strings.Split(id, "/")[0], file)
		}
		for id, exporter := range config.Exporters {
			if id != "debug" && id != "s3_access_report" { // these have no queue
				exporter.assertSafe(t, file+": "+id)
			}
		}
	}
}

// exampleExporter is what decides whether an exporter can lose what it accepted.
type exampleExporter struct {
	SendingQueue *exampleQueue `yaml:"sending_queue"`
	RemoteWrite  *exampleQueue `yaml:"remote_write_queue"`
	Retry        struct {
		Enabled        *bool
		MaxElapsedTime *string `yaml:"max_elapsed_time"`
	} `yaml:"retry_on_failure"`
}

type exampleQueue struct {
	Enabled       bool
	WaitForResult bool `yaml:"wait_for_result"`
	Storage       string
}

func (e *exampleExporter) assertSafe(t *testing.T, what string) {
	t.Helper()
	queue := e.SendingQueue
	if queue == nil {
		queue = e.RemoteWrite
	}
	require.NotNil(t, queue, "%s: its queue is on and in memory by default", what)
	require.NotNil(t, e.Retry.Enabled, "%s: it retries by default", what)
	persistent := queue.Enabled && queue.Storage != ""
	assert.True(t, !queue.Enabled || queue.WaitForResult || persistent, "%s: its queue is in memory", what)
	// Whoever holds the records retries: the queue behind which nobody does, else the receiver.
	assert.Equal(t, persistent, *e.Retry.Enabled, what)
	if persistent && assert.NotNil(t, e.Retry.MaxElapsedTime, "%s: it gives up after 5 minutes", what) {
		assert.Equal(t, "0", *e.Retry.MaxElapsedTime, what)
	}
}

// overlay is what a test lays over an example.
type overlay struct {
	also       string // the name of another example that is laid over it first
	receiver   string // its id; "": s3_access_logs
	settings   string // YAML: the receiver's
	exporters  string // YAML
	extensions string // YAML
	env        []string
}

// startExample starts a collector with an example's configuration.
func startExample(t testing.TB, name string, o overlay) *collector {
	t.Helper()
	addr := machine.FreeAddr(t)
	if o.receiver == "" {
		o.receiver = "s3_access_logs"
	}
	over := "yaml:" + `{receivers: {` + o.receiver + `: {` + o.settings + `}}, exporters: {` + o.exporters + `}, extensions: {` + o.extensions + `}, ` +
		`service: {telemetry: ` + telemetryAt(t, addr) + `}}`
	arguments := []string{"--config", filepath.Join(examplesDir, name)}
	if o.also != "" {
		arguments = append(arguments, "--config", filepath.Join(examplesDir, o.also))
	}
	cmd := exec.Command(program(t), append(arguments, "--config", over)...)
	cmd.Env = append([]string{"STORAGE=" + filepath.Join(t.TempDir(), "storage")}, o.env...)
	return launch(t, cmd, addr)
}

const withoutTLS = "otlp_grpc: {tls: {insecure: true}}"

func healthCheck(t testing.TB) string {
	return "health_check: {endpoint: " + machine.FreeAddr(t) + "}"
}

// bucketExample is what an example with a bucket is started with. The bucket
// holds the corpus.
func bucketExample(t testing.TB, c *corpus, env ...string) overlay {
	t.Helper()
	return exampleAt(t, bucketFeed(t, c).server, env...)
}

// exampleAt is what an example with a bucket is started with, on a server's bucket "logs".
func exampleAt(t testing.TB, server *s3test.Server, env ...string) overlay {
	t.Helper()
	return overlay{
		settings:   "metrics: {interval: 1s}, bucket: {start_from: earliest, poll_interval: 1s}, " + strings.TrimSpace(s3At(server.Endpoint)),
		extensions: healthCheck(t),
		env:        slices.Concat([]string{"LOG_BUCKET=logs"}, server.Env, env),
	}
}

// runToEnd lets an example read the whole corpus, and stops it.
func (c *corpus) runToEnd(t *testing.T, example string, o overlay) {
	t.Helper()
	running := startExample(t, example, o)
	running.settled(t, time.Minute, "ok", len(c.objects))
	running.stop(t, 20*time.Second)
}

func TestExampleBucket(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(101, 40, 2, 500)
	s := newExampleSink(t, "")
	o := bucketExample(t, c, "OTLP_ENDPOINT="+s.grpc)
	o.exporters = withoutTLS
	c.runToEnd(t, "bucket.yaml", o)
	s.assertRecords(t, c.want)
}

func TestExampleQueue(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(102, 40, 2, 500)
	s := newExampleSink(t, "")
	f := queueFeed(t, c)
	c.runToEnd(t, "queue.yaml", overlay{
		settings:   strings.TrimSpace(s3At(f.server.Endpoint)),
		exporters:  withoutTLS,
		extensions: healthCheck(t),
		env:        append([]string{"QUEUE_URL=" + f.queue.URL(), "OTLP_ENDPOINT=" + s.grpc}, f.env...),
	})
	s.assertRecords(t, c.want)
	assert.Empty(t, f.queue.Bodies())
}

func TestExampleOfSeveralCollectorsOnAQueue(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(103, 200, 4, 500)
	s := newExampleSink(t, "")
	f := queueFeed(t, c)
	storage := t.TempDir()
	var all []*collector
	for _, name := range []string{"a", "b"} {
		all = append(all, startExample(t, "queue-shared.yaml", overlay{
			settings:  strings.TrimSpace(s3At(f.server.Endpoint)),
			exporters: withoutTLS,
			env: append([]string{
				"NAME=" + name, "STORAGE=" + storage, "LOG_BUCKET=logs", "HEALTH_CHECK=" + machine.FreeAddr(t),
				"QUEUE_URL=" + f.queue.URL(), "OTLP_ENDPOINT=" + s.grpc,
			}, f.env...),
		}))
	}
	all[0].until(t, time.Minute, "an empty queue", func() bool { return len(f.queue.Bodies()) == 0 })
	for _, running := range all {
		running.stop(t, 20*time.Second)
	}
	s.assertRecords(t, c.want)
	assert.EqualValues(t, len(c.want), s.requests(), "the sum over both collectors' series")
	assert.Subset(t, []string{"a", "b"}, slices.Collect(maps.Keys(s.instances)))
}

func TestExampleDirectory(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(104, 20, 1, 100)
	dir := t.TempDir()
	write(t, dir, c.stored(t))
	running := startExample(t, "directory.yaml", overlay{env: []string{"LOGS=" + dir}})
	running.ended(t)
	assert.Equal(t, len(c.want), strings.Count(running.log(t), "log.record.uid: Str("))
}

func TestExampleOTLPOverGRPCWithTLS(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(105, 40, 2, 500)
	s := newExampleSink(t, "sesame")
	o := bucketExample(t, c, "OTLP_ENDPOINT="+s.grpc, "OTLP_CA_FILE="+s.caFile, "OTLP_TOKEN=sesame")
	c.runToEnd(t, "otlp-grpc-tls.yaml", o)
	s.assertRecords(t, c.want)
	assert.EqualValues(t, len(c.want), s.requests())
	assert.Zero(t, s.unauthorized())
}

// The queue on disk takes all while the back end does not know the token, and
// gives it to the one that does, after a restart.
func TestExampleOTLPOverHTTPWithTLS(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(106, 40, 2, 500)
	s := newExampleSink(t, "sesame")
	o := bucketExample(t, c, "OTLP_HTTP_ENDPOINT="+s.http, "OTLP_CA_FILE="+s.caFile, "OTLP_TOKEN=sesame", "STORAGE="+t.TempDir())
	s.setAway(true)
	c.runToEnd(t, "otlp-http-tls.yaml", o)
	s.assertRecords(t, uids{})
	s.setAway(false)
	again := startExample(t, "otlp-http-tls.yaml", o)
	again.until(t, time.Minute, "all records", func() bool { return s.distinct() == len(c.want) })
	again.stop(t, 20*time.Second)
	s.assertRecords(t, c.want)
	assert.Zero(t, s.unauthorized())
}

// Each point is of the minute in which its requests happened, and all of them
// add up to the records.
func TestExampleBackfill(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(107, 40, 2, 500)
	dir := t.TempDir()
	write(t, dir, c.stored(t))
	s := newExampleSink(t, "")
	running := startExample(t, "backfill.yaml", overlay{
		receiver: "s3_access_logs/backfill",
		env:      []string{"LOGS=" + dir, "OTLP_HTTP_ENDPOINT=" + s.http, "SSL_CERT_FILE=" + s.caFile},
	})
	running.ended(t)
	assert.EqualValues(t, len(c.want), s.requests())
	seen, outside := s.points()
	assert.Zero(t, outside, "of %d points", seen)
}

func TestServersExamplesOfPrometheus(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(108, 40, 2, 500)
	for _, example := range []string{"prometheus.yaml", "prometheus-remote-write.yaml", "loki-and-prometheus.yaml"} {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			prometheus := servers.Prometheus(t)
			s := newExampleSink(t, "") // in Loki's place
			c.runToEnd(t, example, bucketExample(t, c, "LOKI_URL="+s.http, "SSL_CERT_FILE="+s.caFile,
				"PROMETHEUS_URL="+strings.TrimSuffix(prometheus.OTLP(), "/api/v1/otlp"),
				"REMOTE_WRITE_URL="+strings.TrimSuffix(prometheus.OTLP(), "/otlp")+"/write"))
			assertCounted(t, prometheus, len(c.want))
		})
	}
}

// assertCounted compares what Prometheus has with the number of records.
func assertCounted(t *testing.T, prometheus *servers.PrometheusServer, records int) {
	t.Helper()
	const query = `sum(aws_s3_server_requests_total{job="s3_access_logs", instance!=""})`
	got := prometheus.Query(t, query, time.Now())
	require.Len(t, got, 1)
	assert.EqualValues(t, records, got[0].Value)
}

// Every example has a test that runs it, here or in another package.
func TestEveryExampleIsRun(t *testing.T) {
	t.Parallel()
	tests, err := filepath.Glob("../*/*_test.go")
	require.NoError(t, err)
	var source strings.Builder
	for _, file := range tests {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		source.Write(text)
	}
	for _, file := range exampleFiles(t) {
		name := filepath.Base(file)
		assert.Regexp(t, `["/]`+regexp.QuoteMeta(name)+`"`, source.String(), "no test runs %s", name)
	}
}
