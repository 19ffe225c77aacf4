package ingest

import (
	"sync"
	"time"
)

const (
	// maxBuckets bounds the buckets that are told apart: messages may name any. Others
	// count as one.
	maxBuckets = 20_000
	// maxFailing bounds those that a status tells apart.
	maxFailing = 1000
	// staleAfter is how long a bucket counts as failing after its last failure, while
	// others can be read: a message may have gone to another collector.
	staleAfter = 30 * time.Minute
)

// openings counts the objects that were opened, by bucket: what can be read in one says
// nothing of another, which has its own policy, key and role. It is safe for concurrent
// use.
type openings struct {
	mu sync.Mutex // guards everything below
	of map[string]int64
}

func (o *openings) add(bucket string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = map[string]int64{}
	}
	o.of[o.key(bucket)]++
}

func (o *openings) count(bucket string) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.of[o.key(bucket)]
}

// key is what a bucket is counted as. mu is held.
func (o *openings) key(bucket string) string {
	if _, known := o.of[bucket]; !known && len(o.of) >= maxBuckets {
		return "" // a file's
	}
	return bucket
}

// failing has the buckets whose storage fails, and when it did last.
type failing map[string]time.Time

// key is what a bucket is reported as: "", of all, when there are too many.
func (f failing) key(bucket string) string {
	if _, known := f[bucket]; !known && len(f) >= maxFailing {
		return ""
	}
	return bucket
}

// fail notes that the storage of a bucket fails, and returns what it is reported as.
func (f failing) fail(bucket string, now time.Time) string {
	bucket = f.key(bucket)
	f[bucket] = now
	return bucket
}

// recover notes that a bucket can be read, and returns what recovered.
func (f failing) recover(bucket string, now time.Time) (recovered []string) {
	bucket = f.key(bucket)
	delete(f, bucket)
	recovered = append(recovered, bucket)
	for other, at := range f {
		if now.Sub(at) > staleAfter {
			delete(f, other)
			recovered = append(recovered, other)
		}
	}
	return recovered
}
