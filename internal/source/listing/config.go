package listing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Layout is how keys are named.
type Layout string

// The layouts.
const (
	Auto        Layout = "auto"        // names of log objects in all folders, and folders of days
	Simple      Layout = "simple"      // S3's, in no folder
	Partitioned Layout = "partitioned" // S3's
	Any         Layout = "any"         // every object
)

// Config says which bucket to poll, and how.
type Config struct {
	Name                string        `mapstructure:"name"`   // or an access point's ARN
	Prefix              string        `mapstructure:"prefix"` // as configured in S3: no "/" is added
	Layout              Layout        `mapstructure:"layout"` // "" means Auto
	PollInterval        time.Duration `mapstructure:"poll_interval"`
	StartFrom           string        `mapstructure:"start_from"` // latest, earliest, an RFC 3339 time or a duration; acts at the first start only
	Lookback            time.Duration `mapstructure:"lookback"`
	ExpectedBucketOwner string        `mapstructure:"expected_bucket_owner"` // an account id for the client of Deps; "" means any
	Shard               Shard         `mapstructure:"shard"`
	Until               string        `mapstructure:"until"`             // RFC 3339: what was delivered later is not read, and the source ends; "" means never
	DiscoverInterval    time.Duration `mapstructure:"discover_interval"` // at least, between two searches for folders, or two lists of Any
	KeyPattern          string        `mapstructure:"key_pattern"`       // regular expression on the key; "" means any
}

// DefaultConfig returns the defaults. Name has none.
func DefaultConfig() Config {
	return Config{
		Layout:       Auto,
		PollInterval: time.Minute,
		StartFrom:    "latest",
		Lookback:     48 * time.Hour,
		Shard:        Shard{Share: Share{Count: 1}},

		DiscoverInterval: 10 * time.Minute,
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
	layouts := []Layout{"", Auto, Simple, Partitioned, Any}
	check(c.Name != "", "name", "is missing: the bucket that holds the log objects")
	nameErr := s3io.ValidateBucketName(c.Name)
	check(nameErr == nil || s3io.IsAccessPoint(c.Name), "name", "%w", nameErr)
	prefixErr := s3io.ValidatePrefix(c.Prefix)
	check(prefixErr == nil, "prefix", "%w", prefixErr)
	ownerErr := s3io.ValidateAccount(c.ExpectedBucketOwner)
	check(ownerErr == nil, "expected_bucket_owner", "%w", ownerErr)
	check(slices.Contains(layouts, c.Layout), "layout", "is %q: it must be auto, simple, partitioned or any", c.Layout)
	check(c.PollInterval >= time.Second, "poll_interval", "is %v: it must be at least 1s", c.PollInterval)
	check(c.DiscoverInterval >= 0, "discover_interval", "is %v: it must not be negative", c.DiscoverInterval)
	pattern, patternErr := compilePattern(c.KeyPattern)
	check(patternErr == nil, "key_pattern", "is %q: %w", c.KeyPattern, patternErr)
	check(patternErr != nil || pattern.canFit(c.Prefix), "key_pattern",
		"is %q: no key that begins with prefix %q fits it; the pattern is on the whole key", c.KeyPattern, c.Prefix)
	untilErr := c.checkUntil()
	check(untilErr == nil, "until", "is %w", untilErr)
	check(err == nil, "start_from", "is %w", err)
	check(c.Lookback >= 0, "lookback", "is %v: it must not be negative", c.Lookback)
	shardErr := c.Shard.check()
	check(shardErr == nil, "shard", "is %w", shardErr)
	_, sinceErr := parseUntil(c.Shard.Since)
	check(sinceErr == nil, "shard::since", "is %w", sinceErr)
	if was := c.Shard.Was; was != nil {
		wasErr := was.check()
		check(wasErr == nil, "shard::was", "is %w", wasErr)
		check(c.Shard.Since != "", "shard::was", "is set without `since`: the time from which on the new share is read")
	}
	return errors.Join(errs...)
}

// Deps are what a Source works with besides its settings. Bucket and Progress are
// required. The functions are called by the goroutine of Next; nil disables one.
type Deps struct {
	Bucket Bucket
	// Progress is queried once for each object that would be handed out, by the
	// goroutine of Next, and by that of Backlog. It must report acknowledged objects as done.
	Progress source.Progress
	Clock    source.Clock // nil means the system clock

	// Begin says where a bucket begins of which nothing is stored yet; the zero value
	// means as Config.StartFrom says, now.
	Begin Begin
	// OneOfMany lets an idle bucket be looked at ever more rarely, as idle folders are.
	OneOfMany bool
	// Woken is called, also by other goroutines, when Poll is to be called before the
	// time that it returned. It must not block.
	Woken func()
	// MayFetchAhead reports whether the next page may be requested while one is handed out,
	// which takes more memory. nil means that it always may.
	MayFetchAhead func() bool

	// Place returns what is known of where the bucket is, see source.Placed. It is called by
	// several goroutines; nil means that nothing is.
	Place func() (accountID, region string)
	// IsLog reports whether an object begins with a record. It decides about folders of
	// days whose objects have other names than S3's. nil means that none are read.
	IsLog func(ctx context.Context, o source.Object) (bool, error)
	// Skipped is called once for each key below Prefix that is not a log object's, and
	// for each folder of days of something else. In other folders than Prefix only the
	// first key counts.
	Skipped func(key string)
	// Archived is called once for each log object that is archived: it is done unread.
	Archived func()
	// Readable is called when so many objects wait to be tried again that no others are
	// handed out, and another one could be opened: those are not denied like all others.
	Readable func()
	// Notice is called with what an operator should know, once each. warn says that there
	// is something to do.
	Notice func(warn bool, text string)
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
	if d.MayFetchAhead == nil {
		d.MayFetchAhead = func() bool { return true }
	}
	if d.Place == nil {
		d.Place = func() (accountID, region string) { return "", "" }
	}
	if d.Archived == nil {
		d.Archived = func() {}
	}
	if d.Readable == nil {
		d.Readable = func() {}
	}
	if d.Notice == nil {
		d.Notice = func(bool, string) {}
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
