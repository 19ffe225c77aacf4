package queue

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Limits of SQS, and how they are kept.
const (
	// maxWait is how long SQS waits for a message at most.
	maxWait = 20 * time.Second
	// minVisibility leaves time to retry a failed renewal at half-time.
	minVisibility = 10 * time.Second
	// maxHeld is how long a message is kept. SQS allows 12 hours.
	maxHeld = 11 * time.Hour
)

// Config says from which queue to take messages, and which objects to read.
type Config struct {
	URL                 string        `mapstructure:"url"`
	VisibilityTimeout   time.Duration `mapstructure:"visibility_timeout"`    // whole seconds, 10 s to 11 h; extended while anything of a message is unfinished
	WaitTime            time.Duration `mapstructure:"wait_time"`             // of a receive for the first message, whole seconds up to 20 s
	KeyPattern          string        `mapstructure:"key_pattern"`           // regular expression on the decoded key; "" means any
	Buckets             []string      `mapstructure:"buckets"`               // names, or patterns with * and ?: only these are read; none means any
	ExpectedBucketOwner string        `mapstructure:"expected_bucket_owner"` // an account id for the client of Deps; "" means any
	Remember            time.Duration `mapstructure:"remember"`              // how long finished objects are known, for redeliveries
}

// DefaultConfig returns the defaults. URL has none.
func DefaultConfig() Config {
	return Config{
		VisibilityTimeout: 5 * time.Minute,
		WaitTime:          20 * time.Second,
		Remember:          48 * time.Hour,
	}
}

// Validate reports the settings that are wrong.
func (c *Config) Validate(path string) error {
	var errs []error
	if err := s3io.ValidateQueueURL(c.URL); err != nil {
		errs = append(errs, fmt.Errorf("`%s::url` %w", path, err))
	}
	if _, err := c.pattern(); err != nil {
		errs = append(errs, fmt.Errorf("`%s::key_pattern` is %q: %w", path, c.KeyPattern, err))
	}
	if v := c.VisibilityTimeout; v < minVisibility || v > maxHeld || v%time.Second != 0 {
		errs = append(errs, fmt.Errorf("`%s::visibility_timeout` is %v: it must be in whole seconds between %v and %v", path, v, minVisibility, maxHeld))
	}
	if w := c.WaitTime; w < 0 || w > maxWait || w%time.Second != 0 {
		errs = append(errs, fmt.Errorf("`%s::wait_time` is %v: it must be in whole seconds between 0 and %v", path, w, maxWait))
	}
	for i, name := range c.Buckets {
		if err := s3io.ValidateBucketName(name); err != nil {
			errs = append(errs, fmt.Errorf("`%s::buckets::%d` %w", path, i, err))
		}
	}
	if err := s3io.ValidateAccount(c.ExpectedBucketOwner); err != nil {
		errs = append(errs, fmt.Errorf("`%s::expected_bucket_owner` %w", path, err))
	}
	if c.Remember < 0 {
		errs = append(errs, fmt.Errorf("`%s::remember` is %v: it must not be negative", path, c.Remember))
	}
	return errors.Join(errs...)
}

// FIFO reports whether the queue is one that keeps the order of its messages: there, one
// that waits holds up all others of its message group.
func (c *Config) FIFO() bool { return strings.HasSuffix(strings.TrimRight(c.URL, "/"), ".fifo") }

// Quota returns how many messages SQS keeps in flight.
func (c *Config) Quota() int {
	if c.FIFO() {
		return quotaFIFO
	}
	return quota
}

// pattern returns KeyPattern, nil for any key.
func (c *Config) pattern() (*regexp.Regexp, error) {
	if c.KeyPattern == "" {
		return nil, nil
	}
	return regexp.Compile(c.KeyPattern)
}

// Deps are what a Source works with besides its settings. SQS, Bucket and
// Progress are required.
type Deps struct {
	SQS    SQS
	Bucket Bucket
	// Hint is called with the Region that a notification says a bucket is in. nil disables it.
	Hint func(bucket, region string)
	// Place returns what is known of where a bucket is, see source.Placed; nil means that
	// nothing is.
	Place    func(bucket string) (accountID, region string)
	Progress source.Progress // keeps finished objects for Remember
	// Room returns how many objects could be taken now, including the one Next is
	// being called for. Only so many messages are received. nil means one.
	Room func() int
	// Downloads is how many objects are read at a time. Those of buckets in trouble share
	// a quarter of them. 0 means that buckets are not told apart.
	Downloads int
	// Depth returns how many messages the queue has; it is asked once a minute. nil means
	// that it is not known.
	Depth func(ctx context.Context) (s3io.Depth, error)
	Hooks Hooks
	Clock source.Clock // nil means the system clock
}

// Hooks are callbacks for telemetry and logs. They must return soon and not call the
// Source; they are called from several goroutines. nil disables one.
type Hooks struct {
	Message     func(MessageOutcome) // the outcome of a message
	Received    func()               // a receive succeeded
	Skipped     func()               // an object is done unread, since KeyPattern or Buckets leave it out
	Archived    func(uri string)     // an object is done unread, since it has to be restored before
	AlreadyDone func()               // an object is done unread, since Progress knows it
	// Unknown is called with the reason why messages are no notifications, or parts of
	// them: at its first message, and then once a minute with how many there were.
	Unknown func(UnknownMessages)
	// Waiting is called about once a minute while many messages wait for another try, with
	// how many.
	Waiting func(messages int)
	// Lost is called with the id of a message that is returned unread although its redrive
	// policy allows no further receive, as at a shutdown.
	Lost func(id string)
	// NoDepth is called once, when the queue may not be asked how many messages it has.
	NoDepth func(error)
	// Trouble is called about once a second with why a message could not be deleted,
	// renewed or returned although the call succeeded, nil when there is none. Calls
	// that fail as a whole are errors of Next.
	Trouble func(error)
}

func (d *Deps) defaults() {
	if d.Hint == nil {
		d.Hint = func(string, string) {}
	}
	if d.Place == nil {
		d.Place = func(string) (accountID, region string) { return "", "" }
	}
	if d.Room == nil {
		d.Room = func() int { return 1 }
	}
	if d.Clock == nil {
		d.Clock = source.SystemClock{}
	}
	h := &d.Hooks
	if h.Message == nil {
		h.Message = func(MessageOutcome) {}
	}
	if h.NoDepth == nil {
		h.NoDepth = func(error) {}
	}
	if h.Received == nil {
		h.Received = func() {}
	}
	if h.Skipped == nil {
		h.Skipped = func() {}
	}
	if h.Archived == nil {
		h.Archived = func(string) {}
	}
	if h.AlreadyDone == nil {
		h.AlreadyDone = func() {}
	}
	if h.Unknown == nil {
		h.Unknown = func(UnknownMessages) {}
	}
	if h.Waiting == nil {
		h.Waiting = func(int) {}
	}
	if h.Lost == nil {
		h.Lost = func(string) {}
	}
	if h.Trouble == nil {
		h.Trouble = func(error) {}
	}
}
