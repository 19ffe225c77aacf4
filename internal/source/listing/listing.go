// Package listing finds log objects by polling a bucket's list. A Source asks
// for one page of up to 1,000 keys at a time and hands it out before the next,
// so its memory does not grow with a list, only by about 40 bytes for each
// object that is within reach of the next poll (see known).
//
// A poll is a stack of tasks, each a run of pages:
//
//	names   the simple layout's names, from 15 minutes before the newest one on
//	find    accounts, then their regions, then their source buckets
//	days    of a source bucket: all from start_from on when it is found, in one
//	        run; then each one within lookback, a task of its own, each poll
//
// Known limits: progress is in memory only; a name of the simple layout that
// appears more than 15 minutes behind newer ones is not seen.
package listing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/later"
)

// Layout says where keys carry their time.
type Layout string

// The layouts of S3, and both.
const (
	Auto        Layout = "auto"
	Simple      Layout = "simple"
	Partitioned Layout = "partitioned"
)

const (
	// maxRetry and pollInterval bound how soon handed back work is offered again.
	maxRetry = 30 * time.Second
	// retryLimit bounds the handed back objects that are kept besides those that
	// were out when it was reached.
	retryLimit = 1024
)

// Bucket is what a Source needs of S3; *s3io.Client has it.
type Bucket interface {
	List(ctx context.Context, in s3io.ListInput) (s3io.Page, error)
	Open(ctx context.Context, bucket, key, etag string, offset int64) (io.ReadCloser, error)
}

// Progress knows which objects were finished before. It is asked once for each
// object that would be handed out, by the goroutine of Next.
type Progress interface {
	Done(id ID) bool
}

// Shard is the share of the objects that one of several collectors reads.
type Shard struct {
	Index, Count int // 0 <= Index < Count; Count 0 and 1: all
}

// Settings say what to list. Bucket and PollInterval are required.
type Settings struct {
	Bucket       string
	Prefix       string // as configured in S3: no "/" is added
	Layout       Layout // "": Auto
	PollInterval time.Duration
	Start        Start // the zero value: from now on
	Lookback     time.Duration
	Shard        Shard

	Progress Progress     // nil: nothing was finished before
	Clock    source.Clock // nil: the machine's
	// Skipped is told, once, of each key below Prefix that is not a log object's,
	// and of each folder that holds none by its name. It is called by the
	// goroutine of Next. nil: nobody wants to know.
	Skipped func(key string)
	// Listed is told of each page that could be listed. It is called by the
	// goroutine of Next. nil: nobody wants to know.
	Listed func()
}

// Source implements source.Source.
type Source struct {
	set   Settings
	s3    Bucket
	clock source.Clock
	later *later.Queue[*item]

	from     begin
	known    known
	parts    map[string]*partition // by prefix
	newest   time.Time             // of the simple layout's names
	tasks    []*task               // of this poll; the last one is at work
	page     page
	polls    int
	nextPoll time.Time
}

// Validate tells what is wrong with the settings, by the names that a user
// knows them by.
func (set *Settings) Validate() error {
	switch {
	case set.Bucket == "":
		return errors.New("`name` is missing: the bucket that holds the log objects")
	case set.Layout != "" && set.Layout != Auto && set.Layout != Simple && set.Layout != Partitioned:
		return fmt.Errorf("`layout` is %q: it must be auto, simple or partitioned", set.Layout)
	case set.PollInterval < time.Second:
		return fmt.Errorf("`poll_interval` is %v: it must be at least 1s", set.PollInterval)
	case set.Lookback < 0:
		return fmt.Errorf("`lookback` is %v: it must not be negative", set.Lookback)
	case set.Shard.Count < 0 || set.Shard.Index < 0 || set.Shard.Index >= max(set.Shard.Count, 1):
		return fmt.Errorf("`shard` is index %d of count %d: index must be from 0 to count - 1", set.Shard.Index, set.Shard.Count)
	}
	return nil
}

// New prepares a source. Start counts from now. The error is that of Validate.
func New(s3 Bucket, set Settings) (*Source, error) {
	if err := set.Validate(); err != nil {
		return nil, err
	}
	if set.Layout == "" {
		set.Layout = Auto
	}
	if set.Shard.Count == 0 {
		set.Shard.Count = 1
	}
	if set.Clock == nil {
		set.Clock = source.SystemClock{}
	}
	if set.Skipped == nil {
		set.Skipped = func(string) {}
	}
	if set.Listed == nil {
		set.Listed = func() {}
	}
	now := set.Clock.Now()
	return &Source{
		set: set, s3: s3, clock: set.Clock,
		later:    later.New[*item](min(set.PollInterval, maxRetry), retryLimit),
		from:     set.Start.resolve(now, set.Lookback),
		known:    newKnown(),
		parts:    map[string]*partition{},
		nextPoll: now,
	}, nil
}

// Next implements source.Source. An error of the list is returned as it is; the
// next call goes on with the page that failed.
func (s *Source) Next(ctx context.Context) (*source.Work, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := s.clock.Now()
		if it, ok := s.later.Pop(now); ok {
			return &it.Work, nil
		}
		full := s.later.Full()
		if !full {
			if it := s.fromPage(); it != nil {
				return &it.Work, nil
			}
			if len(s.tasks) > 0 {
				if err := s.list(ctx); err != nil {
					return nil, err
				}
				continue
			}
			if !now.Before(s.nextPoll) {
				s.beginPoll(now)
				continue
			}
		}
		if err := s.wait(ctx, now, full); err != nil {
			return nil, err
		}
	}
}

// wait returns when there may be something to do.
func (s *Source) wait(ctx context.Context, now time.Time, full bool) error {
	until := s.nextPoll
	if due, ok := s.later.Due(); ok && (full || due.Before(until)) {
		until = due
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.clock.After(until.Sub(now)):
	case <-s.later.Woken():
	}
	return nil
}

// Close implements source.Source. There is nothing to free.
func (s *Source) Close() error { return nil }

// item is an object that was handed out: its work, its content, its receipt.
type item struct {
	source.Work
	from *Source
}

// OpenAt implements source.Content.
func (it *item) OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error) {
	o := &it.Object
	return it.from.s3.Open(ctx, o.Bucket, o.Key, o.ETag, offset)
}

// Ack implements source.Receipt. The object is known since it was handed out.
func (it *item) Ack() {}

// Nack implements source.Receipt.
func (it *item) Nack(offset int64, charge bool) {
	again := it.from.newItem(it.Object) // who had the old one may still look at it
	again.Offset, again.Attempt = offset, it.Attempt
	if charge {
		again.Attempt++
	}
	it.from.later.Push(again, it.from.clock.Now())
}

func (s *Source) newItem(o source.Object) *item {
	it := &item{Work: source.Work{Object: o}, from: s}
	it.Content, it.Receipt = it, it
	return it
}
