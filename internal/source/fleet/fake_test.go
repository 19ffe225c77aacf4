package fleet

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// world is S3 with many buckets, in many accounts.
type world struct {
	mu         sync.Mutex
	buckets    map[string][]s3io.Object // in the order of their keys
	accounts   []string                 // names of identities
	owners     map[string]int           // of buckets, by identity
	denied     map[int]error            // identities whose list fails
	fail       map[string]error         // buckets whose lists fail
	failPrefix map[string]error         // prefixes whose lists fail
	hang       map[string]time.Duration // buckets whose requests take this long
	broken     map[string]error         // buckets whose GETs fail
	lists      map[string]int
	asked      int // lists of buckets
	pageSize   int // 0 means 100
	used       map[string]string
	located    map[string]string
}

func newWorld(identities ...string) *world {
	return &world{
		buckets: map[string][]s3io.Object{}, accounts: identities, owners: map[string]int{}, denied: map[int]error{},
		fail: map[string]error{}, hang: map[string]time.Duration{}, broken: map[string]error{}, lists: map[string]int{}, used: map[string]string{}, located: map[string]string{},
	}
}

// put puts a log object of now into a bucket, which it makes.
func (w *world) put(bucket, prefix string, number int) (uri string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now().UTC().Truncate(time.Second)
	key := prefix + now.Format(source.StampLayout) + fmt.Sprintf("-%016X", number)
	o := s3io.Object{Key: key, ETag: "e", Size: 1, LastModified: now}
	i, _ := slices.BinarySearchFunc(w.buckets[bucket], key, func(o s3io.Object, key string) int { return strings.Compare(o.Key, key) })
	w.buckets[bucket] = slices.Insert(w.buckets[bucket], i, o)
	return "s3://" + bucket + "/" + key
}

func (w *world) make(bucket string, owner int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buckets[bucket], w.owners[bucket] = nil, owner
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *world) wait(ctx context.Context, bucket string) error {
	w.mu.Lock()
	hang := w.hang[bucket]
	w.mu.Unlock()
	return sleep(ctx, hang)
}

// sleep is source.Sleep without a timer's channel: several goroutines that use these in one
// bubble of synctest at a time crash the race detector of Go 1.26.
func sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		timed, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		<-timed.Done()
	}
	return ctx.Err()
}

// List implements listing.Bucket.
func (w *world) List(ctx context.Context, in s3io.ListInput) (p s3io.Page, err error) {
	if err := w.wait(ctx, in.Bucket); err != nil {
		return p, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lists[in.Bucket]++
	if err := cmp.Or(w.fail[in.Bucket], w.failPrefix[in.Prefix]); err != nil {
		return p, err
	}
	p.Date = time.Now()
	size := cmp.Or(w.pageSize, 100)
	for _, o := range w.buckets[in.Bucket] {
		after := max(in.StartAfter, in.Token)
		if !strings.HasPrefix(o.Key, in.Prefix) || o.Key <= after {
			continue
		}
		if head, _, ok := strings.Cut(o.Key[len(in.Prefix):], "/"); ok && in.Delimiter != "" {
			if folder := in.Prefix + head + "/"; !slices.Contains(p.Prefixes, folder) {
				p.Prefixes = append(p.Prefixes, folder)
			}
			continue
		}
		if len(p.Objects) == size {
			p.Token = p.Objects[size-1].Key
			break
		}
		p.Objects = append(p.Objects, o)
	}
	return p, nil
}

// Open implements listing.Bucket.
func (w *world) Open(ctx context.Context, o source.Object, _ int64) (io.ReadCloser, error) {
	if err := w.wait(ctx, o.Bucket); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.broken[o.Bucket]; err != nil {
		return nil, err
	}
	return io.NopCloser(strings.NewReader("")), nil
}

// Identities implements Accounts.
func (w *world) Identities() []string { return w.accounts }

// Buckets implements Accounts.
func (w *world) Buckets(_ context.Context, n int) (all s3io.Buckets, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	if err := w.denied[n]; err != nil {
		return all, err
	}
	all.Date, all.Account = time.Now(), w.accounts[n]
	for bucket, owner := range w.owners {
		if owner == n || owner < 0 {
			all.List = append(all.List, s3io.FoundBucket{Name: bucket})
		}
	}
	return all, nil
}

// Locate implements Accounts.
func (w *world) Locate(n int, b s3io.FoundBucket, _ string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.located[b.Name] = w.accounts[n]
}

// Use implements Accounts.
func (w *world) Use(n int, b s3io.FoundBucket, _ string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used[b.Name] = w.accounts[n]
}
