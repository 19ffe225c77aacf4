package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

// Config says which buckets to poll, and how.
type Config struct {
	listing.Config `mapstructure:",squash"`

	Names    []string `mapstructure:"names"`    // instead of Name: buckets, or patterns with * and ?
	Prefixes []string `mapstructure:"prefixes"` // instead of Prefix
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config { return Config{Config: listing.DefaultConfig()} }

// Validate reports the settings that are wrong.
func (c *Config) Validate(path string) error {
	var errs []error
	fail := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("`%s::%s` %w", path, key, fmt.Errorf(format, args...)))
	}
	one := c.Config
	switch {
	case c.Name != "" && len(c.Names) > 0:
		fail("names", "is set beside `name`: set one of them")
	case len(c.Names) > 0:
		one.Name = "names" // these are checked here
	}
	for i, name := range c.Names {
		if name == "" {
			fail("names", "has an empty name")
		}
		if err := s3io.ValidateBucketName(name); err != nil && !s3io.IsAccessPoint(name) {
			fail(fmt.Sprintf("names::%d", i), "%w", err)
		}
	}
	if s3io.IsPattern(c.Name) {
		fail("name", "is %q: a pattern stands for several buckets and belongs into `names`", c.Name)
	}
	if len(c.Prefixes) > 0 && c.Prefix != "" {
		fail("prefixes", "is set beside `prefix`: set one of them")
	}
	for i, prefix := range c.Prefixes {
		for _, other := range c.Prefixes[:i] {
			if listing.Overlap(prefix, other) {
				fail("prefixes", "has %q and %q: one begins with the other, so objects would be read twice; leave out the longer one", other, prefix)
			}
		}
	}
	checked := false
	for i, prefix := range c.AllPrefixes() {
		if err := s3io.ValidatePrefix(prefix); err != nil && len(c.Prefixes) > 0 {
			fail(fmt.Sprintf("prefixes::%d", i), "%w", err)
			continue
		}
		one.Prefix = prefix
		if err := one.Validate(path); err != nil && (!checked || one.KeyPattern != "") {
			errs = append(errs, err)
			break
		}
		checked = true
	}
	return errors.Join(errs...)
}

// AllNames returns the buckets and patterns, from whichever setting has them.
func (c *Config) AllNames() []string {
	if len(c.Names) > 0 {
		return c.Names
	}
	return []string{c.Name}
}

// AllPrefixes returns the prefixes likewise.
func (c *Config) AllPrefixes() []string {
	if len(c.Prefixes) > 0 {
		return c.Prefixes
	}
	return []string{c.Prefix}
}

// Places returns each name, or pattern, with each prefix.
func (c *Config) Places() (all []listing.Place) {
	for _, name := range c.AllNames() {
		for _, prefix := range c.AllPrefixes() {
			all = append(all, listing.Place{Bucket: name, Prefix: prefix})
		}
	}
	return all
}

// patterns returns the names that stand for several buckets.
func (c *Config) patterns() []string {
	return slices.DeleteFunc(slices.Clone(c.AllNames()), func(name string) bool { return !s3io.IsPattern(name) })
}

// IsOne reports whether there is one bucket with one prefix, which needs no Source of
// this package.
func (c *Config) IsOne() bool {
	return len(c.AllNames()) == 1 && len(c.AllPrefixes()) == 1 && len(c.patterns()) == 0
}

// One returns the settings of that bucket.
func (c *Config) One() listing.Config { return c.Of(c.AllNames()[0], c.AllPrefixes()[0]) }

// Of returns the settings of a bucket and a prefix.
func (c *Config) Of(bucket, prefix string) listing.Config {
	one := c.Config
	one.Name, one.Prefix = bucket, prefix
	return one
}

// Has reports whether an object is in one of the buckets, under one of the prefixes.
func (c *Config) Has(bucket, key string) bool {
	return s3io.Fits(c.AllNames(), bucket) &&
		slices.ContainsFunc(c.AllPrefixes(), func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}
