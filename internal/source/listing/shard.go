package listing

import (
	"fmt"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Share is one of Count equal shares of the objects.
type Share struct {
	Index int `mapstructure:"index" json:"index"` // 0 to Count-1
	Count int `mapstructure:"count" json:"count"` // 0 means 1
}

// Shard is the share of the objects that one of several collectors reads, and the one
// that it had before the number of collectors was changed. Who reads an object follows
// from its key and its time alone, that in its name or else LastModified, so the
// collectors need not agree on anything else.
type Shard struct {
	Share `mapstructure:",squash"`
	Since string `mapstructure:"since"` // RFC 3339: objects delivered before are of Was; "" means all are of this share
	Was   *Share `mapstructure:"was"`   // nil means none
}

func (s Share) check() error {
	if s.Count < 0 || s.Index < 0 || s.Index >= max(s.Count, 1) {
		return fmt.Errorf("index %d of count %d: index must be from 0 to count - 1", s.Index, s.Count)
	}
	return nil
}

func (s Share) normal() Share { return Share{s.Index, max(s.Count, 1)} }

func (s Share) has(key string) bool {
	return s.Count <= 1 || xxh3.HashString(key)%uint64(s.Count) == uint64(s.Index)
}

// sharing are the shares that a collector has had, as they are stored, the latest first:
// objects of before the last change may still come.
type sharing struct {
	Eras []era `json:"eras"`
}

// era is a time with one share. It ends where the next one begins.
type era struct {
	Since time.Time `json:"since,omitzero"`
	Share *Share    `json:"share,omitempty"` // nil means none
}

const (
	shardName = "shard"
	// maxEras bounds what is kept.
	maxEras = 16
)

// has reports whether an object is of this collector's share. at is when it was
// delivered.
func (s *sharing) has(key string, at time.Time) bool {
	for _, e := range s.Eras {
		if !at.Before(e.Since) {
			return e.Share != nil && e.Share.has(key)
		}
	}
	return false
}

// hasNow is has for keys of which only the number is counted.
func (s *sharing) hasNow(key string) bool { return s.Eras[0].Share.has(key) }

// restoreShard takes the setting, or returns why it does not fit what is stored.
func (s *Source) restoreShard(cursors map[string][]byte, date time.Time) error {
	name := s.cursors() + shardName
	set := s.cfg.Shard
	share := set.normal()
	since, _ := parseUntil(set.Since) // which Validate parsed
	var stored sharing
	if value, ok := cursors[name]; ok {
		if err := source.DecodeCursor(name, value, &stored); err != nil {
			return err
		}
	}
	if len(stored.Eras) > 0 {
		last := stored.Eras[0]
		if last.Share != nil && *last.Share == share && (since.IsZero() || since.Equal(last.Since)) {
			s.sharing = stored // its time may have passed, and its settings may be gone
			return nil
		}
		if last.Since.After(date) {
			stored.Eras = stored.Eras[1:] // it has not begun, and another one takes its place
		}
	}
	if err := set.fits(share, since, stored.Eras, date); err != nil {
		return err
	}
	was := []era{{Share: set.Was}}
	if len(stored.Eras) > 0 {
		was = stored.Eras
	}
	s.since = since
	s.sharing.Eras = []era{{Since: since, Share: &share}}
	if !since.IsZero() {
		s.sharing.Eras = append(s.sharing.Eras, was[:min(len(was), maxEras-1)]...)
	}
	s.notes.cursor(name, source.EncodeCursor(s.sharing))
	return nil
}

// checkSince returns an error when the time of a new share has passed by S3's clock.
func (s *Source) checkSince() error {
	if s.since.IsZero() || s.since.After(s.date.Time) {
		return nil
	}
	return errSincePassed(s.since)
}

func errSincePassed(since time.Time) error {
	return fmt.Errorf("`bucket::shard::since` is %s, which has passed: set a time that lies ahead, in all collectors before that time",
		since.Format(time.RFC3339))
}

// fits returns why a share cannot follow those that are stored.
func (c *Shard) fits(share Share, since time.Time, stored []era, date time.Time) error {
	var last *Share
	if len(stored) > 0 {
		last = stored[0].Share
	}
	switch {
	case last != nil && since.IsZero():
		return fmt.Errorf("`bucket::shard` is %d of %d, but the stored progress is of %d of %d: objects would be read twice or never; "+
			"set shard.since to a time that lies ahead and shard.was to {index: %d, count: %d}, in all collectors before that time",
			share.Index, share.Count, last.Index, last.Count, last.Index, last.Count)
	case !since.IsZero() && date.Sub(since) > warnSkew:
		return errSincePassed(since)
	case last != nil && (c.Was == nil || c.Was.normal() != *last):
		return fmt.Errorf("`bucket::shard::was` is not what the stored progress is of: set it to {index: %d, count: %d}", last.Index, last.Count)
	}
	return nil
}
