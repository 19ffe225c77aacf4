package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
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
		"unknown":          {directory + `, concurency: 4}`, []string{"receivers::s3_access_logs: `concurency` is no setting: the nearest is `concurrency`"}},
		"unknown inside":   {`{bucket: {name: b, start: latest}}`, []string{"`bucket::start` is no setting: the nearest is `bucket::start_from`"}},
		"size":             {directory + `, max_object_size: 1 apple}`, []string{"max_object_size", "1 apple", "3MiB"}},
		"duration":         {`{bucket: {name: b, poll_interval: fast}}`, []string{"`bucket::poll_interval` is \"fast\": it must be a duration such as 90s, 5m, 12h or 7d"}},
		"number":           {directory + `, concurrency: many}`, []string{"`concurrency` is \"many\": it must be a number"}},
		"metric":           {directory + `, metrics: {aws.s3.server.request: {enabled: false}}}`, []string{"the nearest is `metrics::aws.s3.server.requests`"}},
		"attribute":        {directory + `, metrics: {aws.s3.server.io: {attributes: [aws.s3.buckt]}}}`, []string{`the nearest is "aws.s3.bucket"`}},
		"leading slash":    {`{bucket: {name: b, prefix: /access/}}`, []string{"`bucket::prefix`", `write "access/"`}},
		"star":             {`{bucket: {name: b, prefix: "access/*"}}`, []string{"`bucket::prefix`", "it is no pattern"}},
		"URI":              {`{bucket: {name: "s3://b/access/"}}`, []string{"`bucket::name`", "write b, and access/ as the prefix"}},
		"bucket's ARN":     {`{bucket: {name: "arn:aws:s3:::b"}}`, []string{"`bucket::name`", "write b"}},
		"access point":     {`{bucket: {name: "arn:aws:s3:us-east-1:111122223333:accesspoint/a"}, aws: {endpoint: "http://localhost:1"}}`, []string{"`aws::endpoint` is set", "the ARN of an access point", "write the name of the bucket"}},
		"many Regions":     {`{bucket: {name: "arn:aws:s3::111122223333:accesspoint/a.mrap"}}`, []string{"`bucket::name`", "the ARN of an access point: write the name of its bucket"}},
		"queue's ARN":      {`{queue: {url: "arn:aws:sqs:us-east-1:111122223333:q"}}`, []string{"`queue::url`", "write https://sqs.us-east-1.amazonaws.com/111122223333/q"}},
		"account":          {`{bucket: {name: b, expected_bucket_owner: 011122223333}}`, []string{"`bucket::expected_bucket_owner`", "put it in quotes"}},
		"place in S3":      {`{directory: {path: "s3://b/p/"}}`, []string{"`directory::path`", "`bucket::name` to b"}},
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

// Settings that YAML takes for something else without quotes.
func TestSettingsWithoutQuotesAreTaken(t *testing.T) {
	t.Parallel()
	for _, settings := range []string{
		`start_from: 2026-11-22T00:00:00Z`, `start_from: 2026-11-22`, `start_from: 7d`, `lookback: 2d`, `expected_bucket_owner: 111122223333`,
	} {
		output, code := run(t, "validate", "--config", `yaml:{receivers: {s3_access_logs: {bucket: {name: b, `+settings+`}}},
			exporters: {nop: }, service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [nop]}}}}`)
		assert.Zero(t, code, output)
	}
}

// The requests of an access point go to its own host, in its own Region.
func TestAnAccessPointTakesThePlaceOfABucket(t *testing.T) {
	t.Parallel()
	program(t)
	asked := make(chan string, 100)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- r.Method + " " + r.Host:
		default:
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(proxy.Close)
	running := start(t, setup{
		receivers: `s3_access_logs: {bucket: {name: "arn:aws:s3:us-east-1:111122223333:accesspoint/mine"}, aws: {region: eu-west-1}}`,
		exporters: "nop:",
		env:       []string{"HTTPS_PROXY=" + proxy.URL, "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"},
	})
	select {
	case got := <-asked:
		assert.Equal(t, "CONNECT mine-111122223333.s3-accesspoint.us-east-1.amazonaws.com:443", got)
	case <-time.After(limit(20 * time.Second)):
		t.Fatal("nothing was asked for")
	}
	running.ready(t) // it asks before it listens to signals
	running.stop(t, 20*time.Second)
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
		"/converter/deliveryguard v",
	} {
		assert.Contains(t, output, part)
	}
}
