package headway

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// maxBuckets bounds the buckets that are kept apart: messages may name any.
	maxBuckets = 20_000
	// MaxShown is how many buckets Standings returns by name.
	MaxShown = 100
	// Other is the name of the others.
	Other = "_other"
)

// Meter has how far reading has come. It is safe for concurrent use.
type Meter struct {
	began          time.Time
	mu             sync.Mutex // guards everything below
	buckets        map[string]*bucket
	order          []string // names of buckets as they were first seen
	taken, settled int64    // objects
	newest         time.Time
}

type bucket struct {
	open     int64     // objects that were taken and are not settled
	newest   time.Time // request that was delivered
	answered time.Time
}

// NewMeter makes a Meter; began is when reading begins.
func NewMeter(began time.Time) *Meter { return &Meter{began: began, buckets: map[string]*bucket{}} }

// of returns a bucket. mu is held.
func (m *Meter) of(name string) *bucket {
	b := m.buckets[name]
	if b == nil {
		if len(m.buckets) >= maxBuckets {
			name = Other
		}
		if b = m.buckets[name]; b == nil {
			b = &bucket{}
			m.buckets[name] = b
			m.order = append(m.order, name)
		}
	}
	return b
}

// Taken notes that an object was taken from the source.
func (m *Meter) Taken(bucket string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken++
	m.of(bucket).open++
}

// Settled notes that an object was given back to the source, done or not.
func (m *Meter) Settled(bucket string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled++
	m.of(bucket).open--
}

// Delivered notes the time of a request, in seconds since the Unix epoch, whose record was
// delivered; 0 means none. It counts when it is the newest.
func (m *Meter) Delivered(bucket string, request int64) {
	if request == 0 {
		return
	}
	at := time.Unix(request, 0).UTC()
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.of(bucket); at.After(b.newest) {
		b.newest = at
	}
	if at.After(m.newest) {
		m.newest = at
	}
}

// Answered notes that the source could look for objects.
func (m *Meter) Answered(bucket string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.of(bucket); now.After(b.answered) {
		b.answered = now
	}
}

// Standing is how far reading has come in a bucket.
type Standing struct {
	Bucket  string
	Backlog int64     // objects known and not done
	Newest  time.Time // request that was delivered; the zero value means none yet
	// Answered is when a search last worked, or when reading began; the zero value means
	// that the source does not look there, but for example into a queue that names the bucket.
	Answered time.Time
}

// Standings returns that of each bucket, where known is what the source knows. From the
// bucket MaxShown+1 on they are one with the name Other: its sum, and the worst of each.
func (m *Meter) Standings(known []source.Backlog) []Standing {
	m.mu.Lock()
	defer m.mu.Unlock()
	left, looked := map[string]int64{}, map[*bucket]bool{}
	for i := range known {
		looked[m.of(known[i].Bucket)] = true // also one that gave no object yet
		left[known[i].Bucket] += known[i].Objects
	}
	var all []Standing
	other := Standing{Bucket: Other}
	for _, name := range m.order {
		b := m.buckets[name]
		one := Standing{Bucket: name, Backlog: left[name] + b.open, Newest: b.newest}
		if looked[b] {
			one.Answered = newer(b.answered, m.began)
		}
		if len(all) < MaxShown && name != Other {
			all = append(all, one)
			continue
		}
		other.Backlog += one.Backlog
		other.Newest = older(other.Newest, one.Newest)
		other.Answered = older(other.Answered, one.Answered)
	}
	if len(m.order) > len(all) {
		all = append(all, other)
	}
	return all
}

// older returns the earlier one of two times that are not zero.
func older(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func newer(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// counts returns the objects taken and settled so far, and the newest request that was
// delivered.
func (m *Meter) counts() (taken, settled int64, newest time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.taken, m.settled, m.newest
}

// merge returns one Backlog for each bucket: its sum, and the least of the others, of the
// shares that are known.
func merge(known []source.Backlog) []source.Backlog {
	of := map[string]source.Backlog{}
	for _, next := range known {
		b, is := of[next.Bucket]
		if is {
			next.Objects += b.Objects
			next.Total = next.Total && b.Total
			if next.Share == 0 || b.Share > 0 && b.Share < next.Share {
				next.Share = b.Share
			}
			if b.Idle.Before(next.Idle) {
				next.Idle = b.Idle
			}
		}
		of[next.Bucket] = next
	}
	return slices.SortedFunc(maps.Values(of), func(a, b source.Backlog) int { return cmp.Compare(a.Bucket, b.Bucket) })
}
