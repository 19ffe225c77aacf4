package s3accesslogsreceiver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/geo"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
)

var errSources = errors.New("set exactly one of `bucket`, `queue` and `directory`: where the log objects are")

// Config is the receiver's configuration. Exactly one source is set.
type Config struct {
	Bucket    configoptional.Optional[fleet.Config]     `mapstructure:"bucket"`
	Queue     configoptional.Optional[queue.Config]     `mapstructure:"queue"`
	Directory configoptional.Optional[directory.Config] `mapstructure:"directory"`

	Format            accesslog.Format          `mapstructure:"format"` // which server wrote the records
	AWS               s3io.Config               `mapstructure:"aws"`
	Storage           *component.ID             `mapstructure:"storage"`            // extension that keeps progress over restarts
	Concurrency       int                       `mapstructure:"concurrency"`        // objects being downloaded at a time
	MaxUnacknowledged int                       `mapstructure:"max_unacknowledged"` // objects read but not yet committed
	Deliveries        int                       `mapstructure:"deliveries"`         // batches handed to the pipeline at a time
	MaxLineSize       ByteSize                  `mapstructure:"max_line_size"`
	MaxObjectSize     ByteSize                  `mapstructure:"max_object_size"` // after decompression
	ShutdownTimeout   time.Duration             `mapstructure:"shutdown_timeout"`
	Retry             configretry.BackOffConfig `mapstructure:"retry_on_failure"`
	OnRefusal         string                    `mapstructure:"on_refusal"` // wait or drop, after a permanent refusal
	Logs              LogsConfig                `mapstructure:"logs"`
	Metrics           MetricsConfig             `mapstructure:"metrics"`
	GeoIP             geo.Config                `mapstructure:"geoip"`
	ThreatIntel       ThreatConfig              `mapstructure:"threat_intel"`

	wrongKeys error // of Unmarshal
}

const (
	// minBatchBytes leaves room for a record with truncated values.
	minBatchBytes = 64 * humanize.KiByte
	// minLineSize is what is kept of a line that is longer than the limit.
	minLineSize = 4 * humanize.KiByte
)

// Validate reports all wrong settings, an error for each, with its full path. The types
// of the fields do not implement confmap.Validator: the collector would prefix the path
// to only the first of several errors.
func (c *Config) Validate() error {
	errs := []error{c.wrongKeys}
	sources := 0
	source := func(set bool, validate func() error) {
		if set {
			sources++
			errs = append(errs, validate())
		}
	}
	source(c.Bucket.HasValue(), func() error { return c.Bucket.Get().Validate("bucket") })
	source(c.Queue.HasValue(), func() error { return c.Queue.Get().Validate("queue") })
	source(c.Directory.HasValue(), func() error { return c.Directory.Get().Validate("directory") })
	if sources != 1 {
		errs = append(errs, errSources)
	}
	return errors.Join(append(errs,
		oneOf("format", c.Format, accesslog.FormatAWS, accesslog.FormatCeph, accesslog.FormatOBS),
		atLeast("concurrency", c.Concurrency, 1),
		atLeast("max_unacknowledged", c.MaxUnacknowledged, 1),
		atLeast("deliveries", c.Deliveries, 1),
		atLeast("max_line_size", c.MaxLineSize, minLineSize),
		atLeast("max_object_size", c.MaxObjectSize, 1),
		atLeast("shutdown_timeout", c.ShutdownTimeout, 0),
		atLeast("retry_on_failure::initial_interval", c.Retry.InitialInterval, time.Millisecond),
		oneOf("on_refusal", c.OnRefusal, refusalWait, refusalDrop),
		c.AWS.Validate("aws"),
		c.validateQueueRegion(),
		c.validatePlace(),
		c.validateOwner(),
		c.Logs.validate("logs"),
		c.Metrics.Validate("metrics", c.Logs.parameters()),
		c.validateEnrichment(),
	)...)
}

// validateQueueRegion reports a queue whose region neither its URL nor aws.region tells.
func (c *Config) validateQueueRegion() error {
	if !c.Queue.HasValue() {
		return nil
	}
	if err := s3io.ValidateQueueRegion(c.Queue.Get().URL, c.AWS.Region); err != nil {
		return fmt.Errorf("`queue::url` %w", err)
	}
	return nil
}

// validatePlace reports a directory that is a place in S3, and an access point that the
// server at aws.endpoint cannot have.
func (c *Config) validatePlace() error {
	if c.Directory.HasValue() {
		if err := s3io.ValidateFolder(c.Directory.Get().Path); err != nil {
			return fmt.Errorf("`directory::path` %w", err)
		}
	}
	if c.Bucket.HasValue() && c.AWS.Endpoint != "" {
		bucket := c.Bucket.Get()
		if s3io.IsAccessPoint(bucket.Name) || slices.ContainsFunc(bucket.Names, s3io.IsAccessPoint) {
			return errors.New("`bucket` has the ARN of an access point, and `aws::endpoint` is set: write the name of the bucket")
		}
	}
	return nil
}

// validateOwner reports one expected owner for the buckets of several accounts.
func (c *Config) validateOwner() error {
	accounts := c.AWS.Owners()
	path, owner := "bucket", ""
	switch {
	case c.Bucket.HasValue():
		owner = c.Bucket.Get().ExpectedBucketOwner
	case c.Queue.HasValue():
		path, owner = "queue", c.Queue.Get().ExpectedBucketOwner
	}
	if owner == "" || owner == s3io.AnyOwner || len(accounts) == 0 || slices.Equal(accounts, []string{owner}) {
		return nil
	}
	return fmt.Errorf("`%s::expected_bucket_owner` is %s, but aws.roles are of other accounts (%s): "+
		"leave it out, and set expected_bucket_owner of a role where its buckets are not of its account", path, owner, strings.Join(accounts, ", "))
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
