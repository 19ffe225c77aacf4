package threat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/bytesize"
)

// Defaults of the settings.
const (
	DefaultRefresh     = 15 * time.Minute
	DefaultConfidence  = 50        // of a feed's entries that state none
	DefaultMaxFeedSize = 256 << 20 // bytes, unpacked
	defaultTimeout     = 5 * time.Minute
	minRefresh         = 10 * time.Second
)

// Config is what is set for all feeds.
type Config struct {
	RefreshInterval time.Duration `mapstructure:"refresh_interval"` // between two checks of a feed; 0 means DefaultRefresh
	MaxFeedSize     bytesize.Size `mapstructure:"max_feed_size"`    // of one feed, after decompression; 0 means DefaultMaxFeedSize
}

// FeedConfig is what is set for one feed. It comes from a file, from a TAXII
// collection, or from Feed.Endpoint.
type FeedConfig struct {
	Name       string  `mapstructure:"name"` // threat.feed.name, unique: letters, digits, ".", "_" and "-"
	Path       string  `mapstructure:"path"`
	Format     string  `mapstructure:"format"`     // one of Formats; "" means Auto
	Confidence int     `mapstructure:"confidence"` // 0 to 100, of entries that state none
	CSV        Columns `mapstructure:"csv"`
	TAXII      TAXII   `mapstructure:"taxii"`
}

// TAXII is a collection on a TAXII 2.1 server.
type TAXII struct {
	Collection string `mapstructure:"collection"`  // URL of the collection: .../collections/ID/
	AddedAfter string `mapstructure:"added_after"` // RFC 3339: older objects are left out; "" means none
}

// Feed is a feed and what fetches it.
type Feed struct {
	FeedConfig

	// Endpoint is an http or https URL, or "". It is set beside what the HTTP
	// client needs, which this package does not know.
	Endpoint string
	// Client makes the requests of Endpoint and TAXII, with what authenticates
	// them; nil means http.DefaultClient. StayOnHost refuses redirects to other
	// hosts, for clients that would authenticate themselves there too; they are
	// refused anyway when the address has a query.
	Client     *http.Client
	StayOnHost bool

	maxSize int64 // bytes, Config.MaxFeedSize
}

// Deps are what Indicators need besides their settings.
type Deps struct {
	Copies  CopyStore     // nil disables copies: after a restart only what can be fetched is in use
	Clock   Clock         // nil means the system clock
	Timeout time.Duration // of one round of checks; 0 means 5 minutes

	// Reloaded is called with the outcome of every check of a feed. Problem is
	// called when a feed fails, when it fails in another way, and with a nil error
	// when it has recovered. Skipped is called when other entries of a feed than
	// before cannot be used, and when texts of a feed begin to be left out. They are called
	// one at a time; nil disables each.
	Reloaded func(feed string, outcome FeedOutcome)
	Problem  func(feed string, err error)
	Skipped  func(feed string, stats Stats)
}

// CopyStore stores the last good copy of every feed, under names that consist of
// the feed's name and a suffix. It must be safe for concurrent use.
type CopyStore interface {
	// Get returns nil when there is nothing of this name.
	Get(ctx context.Context, name string) ([]byte, error)
	Put(ctx context.Context, name string, value []byte) error
}

// Clock gives the time.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

type systemClock struct{}

func (systemClock) Now() time.Time                         { return time.Now() }
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// FeedOutcome is how the check of a feed ended.
type FeedOutcome string

// The outcomes. After Unreachable and Refused the previous content stays in use, if
// necessary from the copy.
const (
	Loaded      FeedOutcome = "loaded"    // new content is in use
	Unchanged   FeedOutcome = "unchanged" // there is no new content
	Unreachable FeedOutcome = "kept"      // it could not be reached
	Refused     FeedOutcome = "refused"   // it was read, and cannot be used
)

// Validate reports the wrong settings of all feeds and of each feed. Errors name a
// setting by path, such as "threat_intel", and its key.
func (c *Config) Validate(path string, feeds []Feed) error {
	var errs []error
	if c.RefreshInterval != 0 && c.RefreshInterval < minRefresh {
		errs = append(errs, fmt.Errorf("`%s::refresh_interval` is %v: it must be at least %v", path, c.RefreshInterval, minRefresh))
	}
	if c.MaxFeedSize < 0 {
		errs = append(errs, fmt.Errorf("`%s::max_feed_size` must be more than 0", path))
	}
	names := map[string]int{}
	for i := range feeds {
		f := &feeds[i]
		feed := fmt.Sprintf("%s::feeds::%d", path, i)
		errs = append(errs, f.validate(feed))
		if first, taken := names[f.Name]; taken && f.Name != "" {
			errs = append(errs, fmt.Errorf("`%s::name` is %q, as that of feed %d: each needs its own", feed, f.Name, first))
		}
		names[f.Name] = i
	}
	return errors.Join(errs...)
}

// validate is Config.Validate for one feed: it returns all that is wrong.
func (f *Feed) validate(path string) error {
	sources := 0
	for _, source := range []string{f.Path, f.Endpoint, f.TAXII.Collection} {
		if source != "" {
			sources++
		}
	}
	var errs []error
	wrong := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("`%s%s` "+format, append([]any{path, key}, args...)...))
	}
	switch {
	case f.Name == "":
		wrong("::name", "is missing: it becomes threat.feed.name")
	case len(f.Name) > 64 || strings.ContainsFunc(f.Name, notInName):
		wrong("::name", "is %q: use up to 64 letters, digits, '.', '_' and '-'", f.Name)
	}
	if sources != 1 {
		wrong("", "has %d of `path`, `http::endpoint` and `taxii::collection`: set exactly one", sources)
	}
	if f.Confidence < 0 || f.Confidence > 100 {
		wrong("::confidence", "is %d: it must be from 0 to 100", f.Confidence)
	}
	switch {
	case f.Format != "" && !slices.Contains(Formats(), f.Format):
		wrong("::format", "is %q: it must be one of %s", f.Format, strings.Join(Formats(), ", "))
	case f.CSV != (Columns{}) && f.Format != csvFormat.name:
		wrong("::csv", "needs `format: csv`")
	case f.TAXII.Collection != "" && cmp.Or(f.Format, Auto) != Auto && f.Format != stixFormat.name:
		wrong("::format", "is %q: a TAXII collection holds STIX, leave it out or set %q", f.Format, stixFormat.name)
	}
	return errors.Join(append(errs,
		checkURL(path+"::http::endpoint", f.Endpoint),
		checkURL(path+"::taxii::collection", f.TAXII.Collection),
		checkAddedAfter(path+"::taxii::added_after", f.TAXII.AddedAfter),
	)...)
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
}

// checkURL does not repeat the URL: it may hold a key.
func checkURL(path, s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("`%s` is not a URL such as https://feeds.example.com/ips.txt", path)
	}
	if u.User != nil {
		return fmt.Errorf("`%s` has a user or a password: use http::auth, or http::headers, whose values are shown nowhere", path)
	}
	return nil
}

func checkAddedAfter(path, s string) error {
	if s == "" {
		return nil
	}
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		return fmt.Errorf("`%s` is %q: it must be an RFC 3339 time such as 2026-01-31T00:00:00Z", path, s)
	}
	return nil
}

// withDefaults returns the settings with their defaults filled in.
func (c Config) withDefaults() Config {
	c.RefreshInterval = cmp.Or(c.RefreshInterval, DefaultRefresh)
	c.MaxFeedSize = cmp.Or(c.MaxFeedSize, DefaultMaxFeedSize)
	return c
}

func (d Deps) withDefaults() Deps {
	d.Timeout = cmp.Or(d.Timeout, defaultTimeout)
	if d.Clock == nil {
		d.Clock = systemClock{}
	}
	if d.Reloaded == nil {
		d.Reloaded = func(string, FeedOutcome) {}
	}
	if d.Problem == nil {
		d.Problem = func(string, error) {}
	}
	if d.Skipped == nil {
		d.Skipped = func(string, Stats) {}
	}
	return d
}
