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
)

// Defaults of the settings.
const (
	DefaultRefresh     = 15 * time.Minute
	DefaultConfidence  = 50        // of a feed's entries that state none
	DefaultMaxFeedSize = 256 << 20 // bytes, unpacked
	defaultTimeout     = 5 * time.Minute
	minRefresh         = 10 * time.Second
)

// Settings say which feeds there are. Feeds is required.
type Settings struct {
	Refresh     time.Duration // between two looks at a feed; 0: DefaultRefresh
	Feeds       []Feed
	MaxFeedSize int64         // bytes of one feed, unpacked; 0: DefaultMaxFeedSize
	Timeout     time.Duration // of one look at a feed; 0: 5 minutes
	Keeper      Keeper        // nil: after a restart there is what can be fetched
	Clock       Clock         // nil: the machine's

	// Reloaded is told of every look at a feed. Problem is told when a feed gets
	// into trouble, when its trouble changes, and with a nil error when it is
	// over. Skipped is told what could not be used of a feed when that changes.
	// They are called one at a time. nil: nobody wants to know.
	Reloaded func(feed string, outcome Outcome)
	Problem  func(feed string, err error)
	Skipped  func(feed string, stats Stats)
}

// Feed is one source of indicators: a file, a URL or a TAXII collection.
type Feed struct {
	Name       string // unique: letters, digits, ".", "_" and "-"
	Path       string
	Endpoint   string // http or https URL
	TAXII      TAXII
	Format     string // one of Formats; "" is Auto
	Confidence int    // 0 to 100, of entries that state none
	CSV        Columns

	// Client does the requests of Endpoint and TAXII and brings what
	// authenticates them. nil: http.DefaultClient. StayOnHost refuses redirects
	// to other hosts, for clients that would authenticate themselves there too; they
	// are refused anyway when the address has a query.
	Client     *http.Client
	StayOnHost bool

	maxSize int64 // of Settings
}

// TAXII is a collection on a TAXII 2.1 server.
type TAXII struct {
	Collection string // URL of the collection: .../collections/ID/
	AddedAfter string // RFC 3339: older objects are left out; "": all
}

// Keeper keeps the last good copy of every feed over restarts, by names that
// consist of a feed's name and a suffix. It is called from several goroutines.
type Keeper interface {
	// Get returns nil when there is nothing of this name.
	Get(ctx context.Context, name string) ([]byte, error)
	Put(ctx context.Context, name string, value []byte) error
}

// Clock is where time comes from.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

type systemClock struct{}

func (systemClock) Now() time.Time                         { return time.Now() }
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Outcome is how a look at a feed ended.
type Outcome string

// The outcomes there are. After Kept and Refused what was there before stays in
// use, if need be from the copy of an earlier life.
const (
	Loaded    Outcome = "loaded"    // new content is in use
	Unchanged Outcome = "unchanged" // there is no new content
	Kept      Outcome = "kept"      // it could not be reached
	Refused   Outcome = "refused"   // it was read, and cannot be used
)

// Validate returns an error that names the setting and says what is right,
// written below threat_intel.
func (s *Settings) Validate() error {
	var errs []error
	if s.Refresh != 0 && s.Refresh < minRefresh {
		errs = append(errs, fmt.Errorf("refresh_interval: %v is too short: at least %v", s.Refresh, minRefresh))
	}
	if s.MaxFeedSize < 0 {
		errs = append(errs, errors.New("max_feed_size: must be above 0"))
	}
	names := map[string]int{}
	for i := range s.Feeds {
		f := &s.Feeds[i]
		if err := f.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("feeds::%d::%w", i, err))
		}
		if first, taken := names[f.Name]; taken {
			errs = append(errs, fmt.Errorf("feeds::%d::name: %q is the name of feed %d too: each needs its own", i, f.Name, first))
		}
		names[f.Name] = i
	}
	return errors.Join(errs...)
}

// Validate is Settings.Validate for one feed; its messages begin with the key
// below the feed.
func (f *Feed) Validate() error {
	sources := 0
	for _, source := range []string{f.Path, f.Endpoint, f.TAXII.Collection} {
		if source != "" {
			sources++
		}
	}
	switch {
	case f.Name == "":
		return errors.New("name: is missing: it becomes threat.feed.name")
	case len(f.Name) > 64 || strings.ContainsFunc(f.Name, notInName):
		return fmt.Errorf("name: %q: use up to 64 letters, digits, '.', '_' and '-'", f.Name)
	case sources != 1:
		return fmt.Errorf("path: of path, http::endpoint and taxii::collection exactly one has to be set, not %d", sources)
	case f.Confidence < 0 || f.Confidence > 100:
		return fmt.Errorf("confidence: %d is not between 0 and 100", f.Confidence)
	case f.Format != "" && !slices.Contains(Formats(), f.Format):
		return fmt.Errorf("format: there is no format %q: use one of %s", f.Format, strings.Join(Formats(), ", "))
	case f.CSV != (Columns{}) && f.Format != csvFormat.name:
		return errors.New(`csv: needs "format: csv"`)
	case f.TAXII.Collection != "" && cmp.Or(f.Format, Auto) != Auto && f.Format != stixFormat.name:
		return fmt.Errorf("format: a TAXII collection holds STIX: leave it out, or use %q", stixFormat.name)
	}
	return errors.Join(
		checkURL("http::endpoint", f.Endpoint),
		checkURL("taxii::collection", f.TAXII.Collection),
		checkAddedAfter(f.TAXII.AddedAfter),
	)
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
}

// checkURL does not repeat the URL: it may hold a key.
func checkURL(key, s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("%s: is not a URL such as https://feeds.example.com/ips.txt", key)
	}
	if u.User != nil {
		return fmt.Errorf("%s: has a user or a password: use http::auth, or http::headers, whose values are shown nowhere", key)
	}
	return nil
}

func checkAddedAfter(s string) error {
	if s == "" {
		return nil
	}
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		return fmt.Errorf("taxii::added_after: %q is not an RFC 3339 time such as 2026-01-31T00:00:00Z", s)
	}
	return nil
}

// withDefaults returns settings in which nothing is left out.
func (s Settings) withDefaults() Settings {
	s.Refresh = cmp.Or(s.Refresh, DefaultRefresh)
	s.MaxFeedSize = cmp.Or(s.MaxFeedSize, DefaultMaxFeedSize)
	s.Timeout = cmp.Or(s.Timeout, defaultTimeout)
	if s.Clock == nil {
		s.Clock = systemClock{}
	}
	if s.Reloaded == nil {
		s.Reloaded = func(string, Outcome) {}
	}
	if s.Problem == nil {
		s.Problem = func(string, error) {}
	}
	if s.Skipped == nil {
		s.Skipped = func(string, Stats) {}
	}
	s.Feeds = slices.Clone(s.Feeds)
	for i := range s.Feeds {
		s.Feeds[i].maxSize = s.MaxFeedSize
	}
	return s
}
