package s3accesslogsreceiver

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/dustin/go-humanize"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/geo"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
)

var errSources = errors.New("set exactly one of `bucket`, `queue` and `directory`: where the log objects are")

// Config is the receiver's configuration. Exactly one source is set.
type Config struct {
	Bucket    configoptional.Optional[BucketConfig]    `mapstructure:"bucket"`
	Queue     configoptional.Optional[QueueConfig]     `mapstructure:"queue"`
	Directory configoptional.Optional[DirectoryConfig] `mapstructure:"directory"`

	AWS               AWSConfig                 `mapstructure:"aws"`
	Storage           *component.ID             `mapstructure:"storage"`            // extension that keeps progress over restarts
	Concurrency       int                       `mapstructure:"concurrency"`        // objects being downloaded at a time
	MaxUnacknowledged int                       `mapstructure:"max_unacknowledged"` // objects read but not yet committed
	Deliveries        int                       `mapstructure:"deliveries"`         // batches handed to the pipeline at a time
	MaxLineSize       ByteSize                  `mapstructure:"max_line_size"`
	MaxObjectSize     ByteSize                  `mapstructure:"max_object_size"` // after decompression
	ShutdownTimeout   time.Duration             `mapstructure:"shutdown_timeout"`
	Retry             configretry.BackOffConfig `mapstructure:"retry_on_failure"`
	OnRefusal         string                    `mapstructure:"on_refusal"` // what a permanent refusal does
	Logs              LogsConfig                `mapstructure:"logs"`
	Metrics           MetricsConfig             `mapstructure:"metrics"`
	GeoIP             geo.Config                `mapstructure:"geoip"`
	ThreatIntel       ThreatConfig              `mapstructure:"threat_intel"`
}

// BucketConfig polls a bucket.
type BucketConfig struct {
	Name                string         `mapstructure:"name"`
	Prefix              string         `mapstructure:"prefix"` // as configured in S3: no "/" is added
	Layout              listing.Layout `mapstructure:"layout"`
	PollInterval        time.Duration  `mapstructure:"poll_interval"`
	StartFrom           string         `mapstructure:"start_from"`
	Lookback            time.Duration  `mapstructure:"lookback"`
	ExpectedBucketOwner string         `mapstructure:"expected_bucket_owner"`
	Shard               ShardConfig    `mapstructure:"shard"`
}

// ShardConfig gives each of several collectors on one bucket its share.
type ShardConfig struct {
	Index int `mapstructure:"index"` // 0 to Count-1
	Count int `mapstructure:"count"`
}

// QueueConfig takes S3 event notifications from an SQS queue.
type QueueConfig struct {
	URL                 string        `mapstructure:"url"`
	VisibilityTimeout   time.Duration `mapstructure:"visibility_timeout"` // extended while anything of a message is unfinished
	WaitTime            time.Duration `mapstructure:"wait_time"`
	KeyPattern          string        `mapstructure:"key_pattern"` // regular expression on the decoded key
	Buckets             []string      `mapstructure:"buckets"`     // only these are read; empty: any
	ExpectedBucketOwner string        `mapstructure:"expected_bucket_owner"`
	Remember            time.Duration `mapstructure:"remember"` // how long finished objects are known, for redeliveries
}

// DirectoryConfig reads log objects that were copied to this machine.
type DirectoryConfig struct {
	Path   string `mapstructure:"path"`
	Follow bool   `mapstructure:"follow"` // keep watching
}

// AWSConfig says how S3 is reached. What is empty comes from the environment,
// the shared configuration files or the instance's role, as with the AWS CLI.
type AWSConfig struct {
	Region         string              `mapstructure:"region"`
	Profile        string              `mapstructure:"profile"`
	RoleARN        string              `mapstructure:"role_arn"`
	ExternalID     configopaque.String `mapstructure:"external_id"`
	Endpoint       string              `mapstructure:"endpoint"`
	ForcePathStyle bool                `mapstructure:"force_path_style"`
}

// LogsConfig says what a log record holds and how records are batched.
type LogsConfig struct {
	BatchSize           int               `mapstructure:"batch_size"`  // records
	BatchBytes          ByteSize          `mapstructure:"batch_bytes"` // of estimated OTLP size
	FlushInterval       time.Duration     `mapstructure:"flush_interval"`
	Body                string            `mapstructure:"body"`
	IncludeOriginal     otlplogs.Original `mapstructure:"include_original"`
	IncludeSourceObject bool              `mapstructure:"include_source_object"`
	SensitiveParameters []string          `mapstructure:"sensitive_query_parameters"`
	TraceParameter      string            `mapstructure:"trace_context_parameter"`
	SplitJoinedRecords  bool              `mapstructure:"split_joined_records"`
}

const (
	bodyNone     = "none"
	bodyOriginal = "original"

	// minBatchBytes leaves room for a record whose values were cut.
	minBatchBytes = 64 * humanize.KiByte
	// minLineSize is what is kept of a line that is longer than the limit.
	minLineSize = 4 * humanize.KiByte
)

// Validate reports settings that contradict each other.
func (c *Config) Validate() error {
	var errs []error
	sources := 0
	for _, set := range []bool{c.Bucket.HasValue(), c.Queue.HasValue(), c.Directory.HasValue()} {
		if set {
			sources++
		}
	}
	if sources != 1 {
		errs = append(errs, errSources)
	}
	return errors.Join(append(errs,
		atLeast("concurrency", c.Concurrency, 1),
		atLeast("max_unacknowledged", c.MaxUnacknowledged, 1),
		atLeast("deliveries", c.Deliveries, 1),
		atLeast("max_line_size", c.MaxLineSize, minLineSize),
		atLeast("max_object_size", c.MaxObjectSize, 1),
		atLeast("shutdown_timeout", c.ShutdownTimeout, 0),
		atLeast("retry_on_failure::initial_interval", c.Retry.InitialInterval, time.Millisecond),
		oneOf("on_refusal", c.OnRefusal, refusalWait, refusalDrop),
		c.checkEnrichment(),
	)...)
}

// Validate reports what is wrong with the bucket.
func (c *BucketConfig) Validate() error {
	set, err := c.settings()
	if err != nil {
		return err
	}
	return set.Validate()
}

// settings are the bucket's, as the source takes them.
func (c *BucketConfig) settings() (listing.Settings, error) {
	start, err := listing.ParseStart(c.StartFrom)
	if err != nil {
		return listing.Settings{}, fmt.Errorf("`start_from`: %w", err)
	}
	return listing.Settings{
		Bucket: c.Name, Prefix: c.Prefix, Layout: c.Layout,
		PollInterval: c.PollInterval, Start: start, Lookback: c.Lookback,
		Shard: listing.Shard{Index: c.Shard.Index, Count: c.Shard.Count},
	}, nil
}

// Validate reports what is wrong with the queue.
func (c *QueueConfig) Validate() error {
	set, err := c.settings()
	if err != nil {
		return err
	}
	return errors.Join(s3io.ValidateQueueURL(c.URL), set.Validate())
}

// settings are the queue's, as the source takes them.
func (c *QueueConfig) settings() (queue.Settings, error) {
	set := queue.Settings{
		Visibility: c.VisibilityTimeout, Wait: c.WaitTime, Buckets: c.Buckets, Remember: c.Remember,
	}
	if c.KeyPattern != "" {
		pattern, err := regexp.Compile(c.KeyPattern)
		if err != nil {
			return set, fmt.Errorf("`key_pattern`: %w", err)
		}
		set.KeyPattern = pattern
	}
	return set, nil
}

// Validate reports a missing path.
func (c *DirectoryConfig) Validate() error {
	if c.Path == "" {
		return errors.New("`path` is missing: the folder that holds the log objects")
	}
	return nil
}

// Validate reports an endpoint that is no URL and an external id without a role.
func (c *AWSConfig) Validate() error {
	client := c.client()
	return client.Validate()
}

// client are the settings as the client takes them.
func (c *AWSConfig) client() s3io.Config {
	return s3io.Config{
		Region: c.Region, Profile: c.Profile, RoleARN: c.RoleARN, ExternalID: string(c.ExternalID),
		Endpoint: c.Endpoint, ForcePathStyle: c.ForcePathStyle,
	}
}

// Validate reports values out of range.
func (c *LogsConfig) Validate() error {
	return errors.Join(
		atLeast("batch_size", c.BatchSize, 1),
		atLeast("batch_bytes", c.BatchBytes, minBatchBytes),
		atLeast("flush_interval", c.FlushInterval, time.Millisecond),
		oneOf("body", c.Body, bodyNone, bodyOriginal),
		oneOf("include_original", c.IncludeOriginal, otlplogs.OriginalNever, otlplogs.OriginalOnError, otlplogs.OriginalAlways),
	)
}

func atLeast[T int | ByteSize | time.Duration](key string, value, least T) error {
	if value < least {
		return fmt.Errorf("`%s` is %v: it must be at least %v", key, value, least)
	}
	return nil
}

func oneOf[T ~string](key string, value T, choices ...T) error {
	for _, c := range choices {
		if value == c {
			return nil
		}
	}
	return fmt.Errorf("`%s` is %q: it must be one of %q", key, value, choices)
}
