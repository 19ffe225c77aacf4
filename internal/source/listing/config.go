package listing

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Layout is how keys are named.
type Layout string

// The layouts of S3, and both.
const (
	Auto        Layout = "auto"
	Simple      Layout = "simple"
	Partitioned Layout = "partitioned"
)

// Shard is the share of the objects that one of several collectors reads.
type Shard struct {
	Index int `mapstructure:"index"` // 0 to Count-1
	Count int `mapstructure:"count"` // 0 means 1
}

// Config says which bucket to poll, and how.
type Config struct {
	Name                string        `mapstructure:"name"`
	Prefix              string        `mapstructure:"prefix"` // as configured in S3: no "/" is added
	Layout              Layout        `mapstructure:"layout"` // "" means Auto
	PollInterval        time.Duration `mapstructure:"poll_interval"`
	StartFrom           string        `mapstructure:"start_from"` // latest, earliest, an RFC 3339 time or a duration; acts at the first start only
	Lookback            time.Duration `mapstructure:"lookback"`
	ExpectedBucketOwner string        `mapstructure:"expected_bucket_owner"` // an account id for the client of Deps; "" means any
	Shard               Shard         `mapstructure:"shard"`
}

// DefaultConfig returns the defaults. Name has none.
func DefaultConfig() Config {
	return Config{
		Layout:       Auto,
		PollInterval: time.Minute,
		StartFrom:    "latest",
		Lookback:     48 * time.Hour,
		Shard:        Shard{Count: 1},
	}
}

// Validate reports the settings that are wrong.
func (c *Config) Validate(path string) error {
	var errs []error
	check := func(ok bool, key, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("`%s::%s` %w", path, key, fmt.Errorf(format, args...)))
		}
	}
	_, err := parseStart(c.StartFrom)
	layouts := []Layout{"", Auto, Simple, Partitioned}
	check(c.Name != "", "name", "is missing: the bucket that holds the log objects")
	check(slices.Contains(layouts, c.Layout), "layout", "is %q: it must be auto, simple or partitioned", c.Layout)
	check(c.PollInterval >= time.Second, "poll_interval", "is %v: it must be at least 1s", c.PollInterval)
	check(err == nil, "start_from", "is %w", err)
	check(c.Lookback >= 0, "lookback", "is %v: it must not be negative", c.Lookback)
	check(c.Shard.Count >= 0 && c.Shard.Index >= 0 && c.Shard.Index < max(c.Shard.Count, 1),
		"shard", "is index %d of count %d: index must be from 0 to count - 1", c.Shard.Index, c.Shard.Count)
	return errors.Join(errs...)
}

// Deps are what a Source works with besides its settings. Bucket and Progress are
// required. The functions are called by the goroutine of Next; nil disables one.
type Deps struct {
	Bucket Bucket
	// Progress is queried once for each object that would be handed out, by the
	// goroutine of Next. It must report acknowledged objects as done.
	Progress source.Progress
	Clock    source.Clock // nil means the system clock

	// Skipped is called once for each key below Prefix that is not a log object's,
	// and for each folder whose name rules out log objects. Of keys that sort after all
	// possible names only the first thousand are checked.
	Skipped func(key string)
	// Listed is called for each page that could be listed.
	Listed func()
	// Problem reports what is wrong with answers that are used nevertheless: once that
	// they have keys that were not requested, once that objects have no time, and each
	// list that shows nothing new for long.
	Problem func(err error)
	// Empty(true) is called at most once, when everything was listed for the first
	// time and neither this process nor an earlier one saw the key of a log object:
	// Prefix may be wrong. Empty(false) follows with the first such key.
	Empty func(empty bool)
}

func (d *Deps) defaults() {
	if d.Clock == nil {
		d.Clock = source.SystemClock{}
	}
	if d.Skipped == nil {
		d.Skipped = func(string) {}
	}
	if d.Listed == nil {
		d.Listed = func() {}
	}
	if d.Problem == nil {
		d.Problem = func(error) {}
	}
	if d.Empty == nil {
		d.Empty = func(bool) {}
	}
}
