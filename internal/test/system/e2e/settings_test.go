package e2e

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// run runs the program with arguments to its end.
func run(t *testing.T, args ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit(30*time.Second))
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t), args...)
	text, _ := cmd.CombinedOutput() // the code tells
	require.NotNil(t, cmd.ProcessState, "it could not be started")
	return string(text), cmd.ProcessState.ExitCode()
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	const directory = "{directory: {path: ./logs}"
	for name, c := range map[string]struct {
		settings string
		want     []string
	}{
		"no source":        {`{concurrency: 4}`, []string{"exactly one of", "`bucket`", "`directory`"}},
		"two sources":      {directory + `, bucket: {name: b}}`, []string{"exactly one of", "`bucket`", "`directory`"}},
		"start_from":       {`{bucket: {name: b, start_from: yesterday}}`, []string{"`bucket::start_from`", `"yesterday"`, "latest, earliest"}},
		"unknown":          {directory + `, concurency: 4}`, []string{"concurency", "s3_access_logs"}},
		"unknown inside":   {`{bucket: {name: b, start: latest}}`, []string{"bucket", "start"}},
		"size":             {directory + `, max_object_size: 1 apple}`, []string{"max_object_size", "1 apple", "3MiB"}},
		"duration":         {`{bucket: {name: b, poll_interval: fast}}`, []string{"'bucket'", "'poll_interval'", "invalid duration"}},
		"number":           {directory + `, concurrency: many}`, []string{"concurrency"}},
		"out of range":     {directory + `, deliveries: 0}`, []string{"`deliveries` is 0: it must be at least 1"}},
		"original":         {directory + `, logs: {include_original: sometimes}}`, []string{"`logs::include_original`", "always"}},
		"endpoint":         {`{bucket: {name: b}, aws: {endpoint: "localhost:9000"}}`, []string{"`aws::endpoint`", "https://"}},
		"bucket's name":    {`{bucket: {prefix: access/}}`, []string{"`bucket::name` is missing"}},
		"directory's path": {`{directory: {follow: true}}`, []string{"`directory::path` is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, code := run(t, "validate", "--config", "yaml:"+`{receivers: {s3_access_logs: `+c.settings+`},
				exporters: {nop: }, service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [nop]}}}}`)
			assert.Equal(t, 1, code)
			for _, part := range append(c.want, "s3_access_logs") {
				assert.Contains(t, output, part)
			}
			assert.NotContains(t, output, "goroutine ")
			t.Log(strings.TrimSpace(output))
		})
	}
}

func TestSettingsOfTheReadmeAreRight(t *testing.T) {
	t.Parallel()
	output, code := run(t, "validate", "--config", `yaml:{receivers: {s3_access_logs: {bucket: {name: my-log-bucket, prefix: access/}}},
		exporters: {otlp_grpc: {endpoint: "backend.example.com:4317", sending_queue: {enabled: false}}},
		service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [otlp_grpc]}}}}`)
	assert.Zero(t, code, output)
	assert.Empty(t, output)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	output, code := run(t, "--version")
	assert.Zero(t, code)
	assert.Regexp(t, `^otelcol-s3audit version \d+\.\d+\.\d+\S*\n$`, output)
}

func TestComponents(t *testing.T) {
	t.Parallel()
	output, code := run(t, "components")
	assert.Zero(t, code)
	for _, part := range []string{
		"name: s3_access_logs", "name: otlp", "name: otlp_grpc", "name: otlp_http", "name: debug", "name: file", "name: prometheus", "name: prometheus_remote_write",
		"name: memory_limiter", "name: attributes", "name: filter", "name: transform", "name: resource",
		"name: file_storage", "name: health_check", "name: pprof", "name: zpages", "scheme: env", "scheme: file", "scheme: http", "scheme: yaml",
	} {
		assert.Contains(t, output, part)
	}
}
