package s3accesslogsreceiver

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
)

// load reads settings as the collector does: unmarshal over the defaults, then validate.
func load(t *testing.T, settings string) (*Config, error) {
	t.Helper()
	var m map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(settings), &m))
	cfg := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(m).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestDefaults(t *testing.T) {
	cfg, err := load(t, `bucket: {name: my-log-bucket}`)
	require.NoError(t, err)
	assert.False(t, cfg.Directory.HasValue())
	assert.Equal(t, fleet.Config{Config: listing.Config{
		Name: "my-log-bucket", Layout: listing.Auto, PollInterval: time.Minute,
		StartFrom: "latest", Lookback: 48 * time.Hour, Shard: listing.Shard{Share: listing.Share{Count: 1}}, DiscoverInterval: 10 * time.Minute,
	}}, *cfg.Bucket.Get())
	assert.Equal(t, 32, cfg.Concurrency)
	assert.Equal(t, 10000, cfg.MaxUnacknowledged)
	assert.Equal(t, 4, cfg.Deliveries)
	assert.EqualValues(t, 1<<20, cfg.MaxLineSize)
	assert.EqualValues(t, 16<<30, cfg.MaxObjectSize)
	assert.Equal(t, 10*time.Second, cfg.ShutdownTimeout)
	assert.True(t, cfg.Retry.Enabled)
	assert.Equal(t, refusalWait, cfg.OnRefusal)
	assert.Equal(t, accesslog.FormatAWS, cfg.Format)
	assert.Equal(t, time.Second, cfg.Retry.InitialInterval)
	assert.Equal(t, 30*time.Second, cfg.Retry.MaxInterval)
	assert.Zero(t, cfg.Retry.MaxElapsedTime)
	assert.Equal(t, 2048, cfg.Logs.BatchSize)
	assert.EqualValues(t, 3<<20, cfg.Logs.BatchBytes)
	assert.Equal(t, time.Second, cfg.Logs.FlushInterval)
	assert.Equal(t, otlplogs.BodyNone, cfg.Logs.Body)
	assert.Equal(t, otlplogs.OriginalOnError, cfg.Logs.IncludeOriginal)
	assert.Equal(t, "x-traceparent", cfg.Logs.TraceParameter)
	assert.Contains(t, cfg.Logs.SensitiveParameters, "X-Amz-Signature")
}

func TestEverySettingIsRead(t *testing.T) {
	cfg, err := load(t, `
bucket:
  name: b
  prefix: access/
  layout: partitioned
  poll_interval: 30s
  start_from: 72h
  lookback: 24h
  expected_bucket_owner: "111122223333"
  shard: {index: 1, count: 3}
  discover_interval: 1h
  key_pattern: \.gz$
format: ceph
aws: {region: eu-west-1, profile: p, role_arn: r, external_id: e, endpoint: "http://127.0.0.1:7070", force_path_style: true}
concurrency: 64
max_unacknowledged: 5
deliveries: 2
max_line_size: 64KiB
max_object_size: 2000000
shutdown_timeout: 3s
retry_on_failure: {enabled: false}
on_refusal: drop
logs:
  batch_size: 10
  batch_bytes: 1MiB
  flush_interval: 2s
  body: original
  include_original: always
  include_source_object: true
  exclude_attributes: [url.path, tls.cipher]
  custom_parameters: [x-user]
  referer_parameters: [op, pr]
  sensitive_query_parameters: [token]
  trace_context_parameter: ""
  split_joined_records: true
`)
	require.NoError(t, err)
	assert.Equal(t, fleet.Config{Config: listing.Config{
		Name: "b", Prefix: "access/", Layout: listing.Partitioned, PollInterval: 30 * time.Second,
		StartFrom: "72h", Lookback: 24 * time.Hour, ExpectedBucketOwner: "111122223333",
		Shard: listing.Shard{Share: listing.Share{Index: 1, Count: 3}}, DiscoverInterval: time.Hour, KeyPattern: `\.gz$`,
	}}, *cfg.Bucket.Get())
	assert.Equal(t, s3io.Config{
		Region: "eu-west-1", Profile: "p", RoleARN: "r", ExternalID: "e",
		Endpoint: "http://127.0.0.1:7070", ForcePathStyle: true,
	}, cfg.AWS)
	assert.Equal(t, []any{64, 5, 2, ByteSize(64 << 10), ByteSize(2000000), 3 * time.Second, false, "drop"}, []any{
		cfg.Concurrency, cfg.MaxUnacknowledged, cfg.Deliveries, cfg.MaxLineSize, cfg.MaxObjectSize, cfg.ShutdownTimeout, cfg.Retry.Enabled, cfg.OnRefusal,
	})
	assert.Equal(t, accesslog.FormatCeph, cfg.Format)
	assert.Equal(t, LogsConfig{
		BatchSize: 10, BatchBytes: 1 << 20, FlushInterval: 2 * time.Second,
		Body: otlplogs.BodyOriginal, IncludeOriginal: otlplogs.OriginalAlways, IncludeSourceObject: true,
		ExcludeAttributes: []string{"url.path", "tls.cipher"}, CustomParameters: []string{"x-user"}, RefererParameters: []string{"op", "pr"},
		SensitiveParameters: []string{"token"}, SplitJoinedRecords: true,
	}, cfg.Logs)
}

func TestEverySettingOfAQueueIsRead(t *testing.T) {
	cfg, err := load(t, `
queue:
  url: https://sqs.eu-west-1.amazonaws.com/111122223333/access-logs
  visibility_timeout: 1m
  wait_time: 10s
  key_pattern: ^access/
  buckets: [one, two]
  expected_bucket_owner: "111122223333"
  remember: 12h
`)
	require.NoError(t, err)
	assert.Equal(t, queue.Config{
		URL: "https://sqs.eu-west-1.amazonaws.com/111122223333/access-logs", VisibilityTimeout: time.Minute, WaitTime: 10 * time.Second,
		KeyPattern: "^access/", Buckets: []string{"one", "two"}, ExpectedBucketOwner: "111122223333", Remember: 12 * time.Hour,
	}, *cfg.Queue.Get())
}

func TestExternalIDIsNotShown(t *testing.T) {
	cfg, err := load(t, "directory: {path: ./logs}\naws: {role_arn: r, external_id: planted}")
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%+v", cfg.AWS), "planted")
	shown := confmap.New()
	require.NoError(t, shown.Marshal(cfg))
	assert.NotContains(t, fmt.Sprint(shown.ToStringMap()), "planted")
}

func TestWrongSettingsNameTheKeyAndTheRemedy(t *testing.T) {
	const dir = "directory: {path: ./logs}\n"
	for name, c := range map[string]struct{ settings, want string }{
		"no source":          {`{}`, "set exactly one of `bucket`, `queue` and `directory`"},
		"two sources":        {dir + `bucket: {name: b}`, "set exactly one of `bucket`, `queue` and `directory`"},
		"no bucket name":     {`bucket: {prefix: p}`, "`bucket::name` is missing"},
		"no path":            {`directory: {follow: true}`, "`directory::path` is missing"},
		"queue url":          {`queue: {url: logs}`, "`queue::url` is not the address of a queue"},
		"queue's region":     {`queue: {url: "https://sqs.zz-north-1.amazonaws.com/1/q"}`, "`queue::url` has the host sqs.zz-north-1.amazonaws.com, in which no region is known: set aws.region"},
		"key pattern":        {`queue: {url: "http://localhost:9324/1/q", key_pattern: "("}`, "`queue::key_pattern` is \"(\": error parsing regexp"},
		"visibility":         {`queue: {url: "http://localhost:9324/1/q", visibility_timeout: 1s}`, "`queue::visibility_timeout` is 1s: it must be"},
		"layout":             {`bucket: {name: b, layout: flat}`, "`bucket::layout` is \"flat\": it must be auto, simple, partitioned or any"},
		"poll interval":      {`bucket: {name: b, poll_interval: 1ms}`, "`bucket::poll_interval` is 1ms: it must be at least 1s"},
		"start":              {`bucket: {name: b, start_from: yesterday}`, "`bucket::start_from` is \"yesterday\": it must be latest, earliest,"},
		"shard":              {`bucket: {name: b, shard: {index: 3, count: 3}}`, "`bucket::shard` is index 3 of count 3"},
		"endpoint":           {dir + `aws: {endpoint: "127.0.0.1:9000"}`, "`aws::endpoint` is"},
		"external id":        {dir + `aws: {external_id: x}`, "`aws::external_id` is set without `role_arn`"},
		"concurrency":        {dir + `concurrency: 0`, "`concurrency` is 0: it must be at least 1"},
		"refusal":            {dir + `on_refusal: retry`, "`on_refusal` is \"retry\": it must be one of [\"wait\" \"drop\"]"},
		"size":               {dir + `max_line_size: many`, "write a number of bytes or, for instance, 3MiB"},
		"line size":          {dir + `max_line_size: 10`, "`max_line_size` is 10 B: it must be at least 4.0 KiB"},
		"batch bytes":        {dir + `logs: {batch_bytes: 1KiB}`, "`logs::batch_bytes` is 1.0 KiB: it must be at least 64 KiB"},
		"format":             {dir + `format: s3`, "`format` is \"s3\": it must be one of [\"aws\" \"ceph\" \"obs\"]"},
		"body":               {dir + `logs: {body: line}`, "`logs::body` is \"line\": it must be one of"},
		"original":           {dir + `logs: {include_original: yes}`, "`logs::include_original` is"},
		"a key there is not": {dir + `concurency: 3`, "`concurency` is no setting: the nearest is `concurrency`"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.settings)
			require.ErrorContains(t, err, c.want)
		})
	}
}
