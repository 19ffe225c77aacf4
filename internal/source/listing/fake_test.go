package listing

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// fakeBucket lists like S3: by bytes, by pages, with prefixes rolled up. Objects
// of the future are not there yet.
type fakeBucket struct {
	mu      sync.Mutex    // a page ahead is listed by a goroutine of its own
	objects []s3io.Object // in order of their keys
	size    int           // of a page; 0: 1000
	fail    []error       // of the next lists; nil entries pass
	asked   []s3io.ListInput
	lists   int  // how often it was asked
	busy    bool // asked so often that asked would be too long
	opened  []string

	date      func() time.Time       // of an answer; nil gives none
	openError func(key string) error // nil opens all
}

func (f *fakeBucket) put(key string, modified time.Time) { f.putTag(key, "etag", modified) }

func (f *fakeBucket) putTag(key, etag string, modified time.Time) {
	o := s3io.Object{Key: key, ETag: etag, Size: 1, LastModified: modified.UTC().Truncate(time.Second)}
	f.mu.Lock()
	defer f.mu.Unlock()
	i, found := slices.BinarySearchFunc(f.objects, key, byKey)
	if found {
		f.objects[i] = o
		return
	}
	f.objects = slices.Insert(f.objects, i, o)
}

func byKey(o s3io.Object, key string) int { return strings.Compare(o.Key, key) }

func (f *fakeBucket) List(ctx context.Context, in s3io.ListInput) (p s3io.Page, err error) {
	if err := ctx.Err(); err != nil {
		return p, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists++
	if !f.busy {
		f.asked = append(f.asked, in)
	}
	now := time.Now()
	if f.date != nil {
		p.Date = f.date()
	}
	if len(f.fail) > 0 {
		err, f.fail = f.fail[0], f.fail[1:]
		if err != nil {
			return p, err
		}
	}
	size := f.size
	if size == 0 {
		size = 1000
	}
	// The token is the last key, or prefix, of the page before.
	after := max(in.StartAfter, in.Prefix)
	i, _ := slices.BinarySearchFunc(f.objects, after, byKey)
	if in.Token != "" {
		i = f.behind(in.Token, in.Delimiter)
	}
	last := "" // of this page
	for ; i < len(f.objects) && strings.HasPrefix(f.objects[i].Key, in.Prefix); i++ {
		o := f.objects[i]
		if in.Token == "" && o.Key <= in.StartAfter || o.LastModified.After(now) {
			continue
		}
		if len(p.Objects)+len(p.Prefixes) == size {
			p.Token = last
			break
		}
		if in.Delimiter != "" {
			if head, _, ok := strings.Cut(o.Key[len(in.Prefix):], in.Delimiter); ok {
				last = in.Prefix + head + in.Delimiter
				i = f.behind(last, in.Delimiter) - 1
				p.Prefixes = append(p.Prefixes, last)
				continue
			}
		}
		p.Objects = append(p.Objects, o)
		last = o.Key
	}
	return p, nil
}

// behind returns where the objects behind a key, or behind all of a folder, begin.
func (f *fakeBucket) behind(last, delimiter string) int {
	if delimiter != "" && strings.HasSuffix(last, delimiter) {
		last = last[:len(last)-1] + "0" // by bytes, "0" comes after "/"
	} else {
		last += "\x00"
	}
	i, _ := slices.BinarySearchFunc(f.objects, last, byKey)
	return i
}

// requests is asked, while a page ahead may be under way.
func (f *fakeBucket) requests() []s3io.ListInput {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

func (f *fakeBucket) Open(_ context.Context, o source.Object, offset int64) (io.ReadCloser, error) {
	f.opened = append(f.opened, strings.Join([]string{o.Bucket, o.Key, o.ETag, strconv.FormatInt(offset, 10)}, " "))
	if f.openError != nil {
		if err := f.openError(o.Key); err != nil {
			return nil, err
		}
	}
	return io.NopCloser(strings.NewReader("")), nil
}
