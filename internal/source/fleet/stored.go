package fleet

import (
	"slices"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

const cursorName = "fleet"

// Stored reports whether progress is of a Source of this package.
func Stored(progress source.Progress) bool {
	_, is := progress.Cursors()[cursorName]
	return is
}

// stored is the cursor of the fleet. Times are S3's.
type stored struct {
	// Seen is when each pattern was first seen.
	Seen map[string]time.Time `json:"seen,omitempty"`
	// Listed is when the last complete list of buckets for a pattern, by an identity, began.
	Listed map[string]time.Time `json:"looks,omitempty"`
	// New has the buckets that were found and have not begun, and a time at which each was
	// not there; zero means there is none.
	New map[string]time.Time `json:"new,omitempty"`
	// Plain has the members with plain groups, see scope: what their cursors' names begin with.
	Plain []string `json:"plain,omitempty"`
}

// byBucket returns the cursors of package listing, by bucket.
func byBucket(cursors map[string][]byte) map[string]map[string][]byte {
	of := map[string]map[string][]byte{}
	for name, value := range cursors {
		bucket, ok := listing.BucketOf(name)
		if !ok {
			continue
		}
		if of[bucket] == nil {
			of[bucket] = map[string][]byte{}
		}
		of[bucket][name] = value
	}
	return of
}

// restore reads the cursor. Without one, all that is there is of receivers of one bucket.
func restore(cursors map[string][]byte) (s stored, err error) {
	s = stored{Seen: map[string]time.Time{}, Listed: map[string]time.Time{}, New: map[string]time.Time{}} // JSON without a map leaves it
	value, ok := cursors[cursorName]
	if !ok {
		for name := range cursors {
			if at, ok := listing.PlaceOf(name); ok {
				s.Plain = append(s.Plain, at.Cursors())
			}
		}
		slices.Sort(s.Plain)
		return s, nil
	}
	err = source.DecodeCursor(cursorName, value, &s)
	return s, err
}

func (s *stored) isPlain(at listing.Place) bool { return slices.Contains(s.Plain, at.Cursors()) }
