package s3accesslogsreceiver

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

// openBucket opens one bucket and prefix, or several.
func (r *s3Receiver) openBucket(ctx context.Context, cfg *fleet.Config, p *position, progress *checkpoint.Store, report ingest.Status) (*openedSource, error) {
	clients, err := r.openS3(ctx, cfg.ExpectedBucketOwner, "")
	if err != nil {
		return nil, err
	}
	opened := &openedSource{ends: cfg.Until != "", clients: []func(){clients.Close}}
	opened.content = func(w *source.Work) source.Content {
		if !cfg.Has(w.Object.Bucket, w.Object.Key) {
			return nil
		}
		return givenUpContent{objectContent{observedS3{clients, r.apiCalls()}, w.Object}, clients}
	}
	if cfg.IsOne() && !fleet.Stored(progress) {
		one := cfg.One()
		deps := r.bucketDeps(clients, one, p, func(why error) { report(concernEmpty, why) })
		deps.Progress = progress
		opened.source, err = listing.New(one, deps)
	} else {
		opened.source, err = fleet.New(*cfg, r.fleetDeps(clients, cfg, p, progress, report))
	}
	if err != nil {
		clients.Close()
		return nil, err
	}
	return opened, nil
}

// fleetDeps are what several buckets work with.
func (r *s3Receiver) fleetDeps(clients *s3io.Clients, cfg *fleet.Config, p *position, progress *checkpoint.Store, report ingest.Status) fleet.Deps {
	empty := emptyPrefixes{report: report, of: map[string]map[string]bool{}, prefixes: len(cfg.AllPrefixes())}
	few := fewLines{log: r.log, clock: r.clock}
	return fleet.Deps{
		Accounts: clients, Progress: progress, Downloads: r.cfg.Concurrency,
		Member: func(bucket, prefix string) listing.Deps {
			deps := r.bucketDeps(clients, cfg.Of(bucket, prefix), p, func(why error) {
				switch {
				case slices.Contains(cfg.AllNames(), bucket):
					empty.note(bucket, prefix, why)
				case why != nil: // a pattern fits buckets without logs, too
					few.notice(false, "no log object yet: "+why.Error())
				}
			})
			deps.Notice = few.notice
			return deps
		},
		Failed: func(bucket, identity string, err error) {
			switch {
			case bucket != "":
				report(ingest.ConcernSource.Of(bucket), err)
			case identity == "":
				report(ingest.ConcernSource.Of("the buckets of the collector's account"), err)
			default:
				report(ingest.ConcernSource.Of("the buckets of "+identity), err)
			}
			if err == nil {
				r.engine.Load().SourceHealthy()
			}
		},
		Found: func(bucket string, is bool) {
			if is {
				few.notice(false, "bucket found: "+bucket)
			} else {
				few.notice(true, "bucket is not listed any more, it is not read until it is again: "+bucket)
			}
		},
		Notice: r.notice,
	}
}

func (r *s3Receiver) notice(warn bool, text string) {
	if warn {
		r.log.Warn(text)
	} else {
		r.log.Info(text)
	}
}

// bucketDeps are what a bucket and prefix work with, but for the progress.
func (r *s3Receiver) bucketDeps(clients *s3io.Clients, cfg listing.Config, p *position, empty func(why error)) listing.Deps {
	other := "" // a key that is not a log object's
	bucket := observedS3{clients, r.apiCalls()}
	return listing.Deps{
		Bucket: bucket,
		Place:  func() (accountID, region string) { return clients.Place(cfg.Name) },
		IsLog: func(ctx context.Context, o source.Object) (bool, error) {
			return r.engine.Load().IsLog(ctx, objectContent{bucket, o})
		},
		Listed: func() {
			p.answered(cfg.Name)
			r.engine.Load().SourceHealthy()
		},
		Readable: func() { r.engine.Load().Readable(cfg.Name) },
		Archived: func() { r.countObject(string(ingest.OutcomeArchived)) },
		Notice:   r.notice,
		Skipped: func(key string) {
			other = key
			r.countObject(objectSkipped)
		},
		Empty: func(isEmpty bool) {
			if isEmpty {
				empty(emptyError(&cfg, other))
			} else {
				empty(nil)
			}
		},
		Problem: func(err error) { r.sampledLog.Warn("a list is not as S3 gives it, reading goes on", zap.Error(err)) },
	}
}

// emptyPrefixes reports buckets in which every prefix is empty: one alone need not have
// log objects.
type emptyPrefixes struct {
	report   ingest.Status
	prefixes int

	mu sync.Mutex // guards of
	of map[string]map[string]bool
}

// note notes why a prefix is empty, nil once it is not.
func (e *emptyPrefixes) note(bucket, prefix string, why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.of[bucket] == nil {
		e.of[bucket] = map[string]bool{}
	}
	e.of[bucket][prefix] = why != nil
	empty := 0
	for _, is := range e.of[bucket] {
		if is {
			empty++
		}
	}
	if empty < e.prefixes {
		why = nil
	}
	e.report(concernEmpty.Of(bucket), why)
}

// objectContent is the content of an object that is not handed out.
type objectContent struct {
	bucket listing.Bucket
	object source.Object
}

// OpenAt implements source.Content.
func (c objectContent) OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error) {
	return c.bucket.Open(ctx, c.object, offset)
}

// concernEmpty means that a bucket has no log objects yet.
const concernEmpty ingest.Concern = "waiting for the first log object"

// emptyError says why no log objects may be under the prefix. other is another key
// there, or "".
func emptyError(cfg *listing.Config, other string) error {
	where := "s3://" + cfg.Name + "/" + cfg.Prefix
	if cfg.KeyPattern != "" {
		return fmt.Errorf("nothing under %s that bucket.key_pattern fits is a log object: the pattern %q is on the whole key, with the prefix; "+
			"see that bucket.layout is right too", where, cfg.KeyPattern)
	}
	if other != "" {
		return fmt.Errorf("none is under %s, but other keys are, such as %q: set bucket.prefix to the prefix in S3's logging settings, "+
			"with its \"/\" if it has one, and see that bucket.layout is right", where, other)
	}
	return fmt.Errorf("nothing is under %s yet: S3 delivers the first ones some hours after logging was turned on"+
		"; if that is longer ago, check that bucket.name and bucket.prefix are those in S3's logging settings"+
		", and that the bucket's policy allows logging.s3.amazonaws.com s3:PutObject", where)
}
