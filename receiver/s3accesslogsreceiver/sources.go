package s3accesslogsreceiver

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
)

// openedSource is a source with the clients that it uses.
type openedSource struct {
	source  source.Source
	clients []func() // closed after the source, in this order
}

func (o *openedSource) close() error {
	err := o.source.Close()
	for _, c := range o.clients {
		c()
	}
	return err
}

// openSource opens the configured source. It reads only local files; unreachable
// services are reported later, as status. ctx is done when reading stops.
func (r *s3Receiver) openSource(ctx context.Context, progress *checkpoint.Store, report ingest.Status) (*openedSource, error) {
	switch {
	case r.cfg.Bucket.HasValue():
		return r.openBucket(ctx, r.cfg.Bucket.Get(), progress, report)
	case r.cfg.Queue.HasValue():
		return r.openQueue(ctx, r.cfg.Queue.Get(), progress, report)
	default:
		return r.openDirectory(r.cfg.Directory.Get(), progress)
	}
}

func (r *s3Receiver) openDirectory(cfg *directory.Config, progress *checkpoint.Store) (*openedSource, error) {
	src, err := directory.New(*cfg, directory.Deps{
		Progress: progress,
		Listed:   func() { r.engine.Load().SourceHealthy() },
		Skipped:  func(string) { r.countObject(objectSkipped) },
		LeftOut:  func(path string, why error) { r.log.Warn("a file is left out: "+path, zap.Error(why)) },
		Problem: func(path string, err error) {
			r.log.Warn("a folder or file cannot be looked at, the rest goes on: "+path, zap.Error(err))
		},
	})
	return &openedSource{source: src}, err
}

func (r *s3Receiver) openBucket(ctx context.Context, cfg *listing.Config, progress *checkpoint.Store, report ingest.Status) (*openedSource, error) {
	client, err := r.openS3(ctx, cfg.ExpectedBucketOwner, "")
	if err != nil {
		return nil, err
	}
	other := "" // a key that is not a log object's
	src, err := listing.New(*cfg, listing.Deps{
		Bucket:   observedS3{client, r.apiCalls()},
		Progress: progress,
		Skipped: func(key string) {
			other = key
			r.countObject(objectSkipped)
		},
		Empty: func(empty bool) {
			if empty {
				report(concernEmpty, emptyError(cfg, other))
			} else {
				report(concernEmpty, nil)
			}
		},
		Listed:  func() { r.engine.Load().SourceHealthy() },
		Problem: func(err error) { r.sampledLog.Warn("a list is not as S3 gives it, reading goes on", zap.Error(err)) },
	})
	if err != nil {
		client.Close()
		return nil, err
	}
	return &openedSource{source: src, clients: []func(){client.Close}}, nil
}

// concernEmpty means that a bucket has no log objects yet.
const concernEmpty ingest.Concern = "waiting for the first log object"

// emptyError says why no log objects may be under the prefix. other is another key
// there, or "".
func emptyError(cfg *listing.Config, other string) error {
	where := "s3://" + cfg.Name + "/" + cfg.Prefix
	if other != "" {
		return fmt.Errorf("none is under %s, but other keys are, such as %q: set bucket.prefix to the prefix in S3's logging settings, "+
			"with its \"/\" if it has one, and see that bucket.layout is right", where, other)
	}
	return fmt.Errorf("nothing is under %s yet: S3 delivers the first ones some hours after logging was turned on"+
		"; if that is longer ago, check that bucket.name and bucket.prefix are those in S3's logging settings"+
		", and that the bucket's policy allows logging.s3.amazonaws.com s3:PutObject", where)
}

// concernMessages means that single messages of a queue cannot be settled.
const concernMessages ingest.Concern = "deleting and renewing messages"

func (r *s3Receiver) openQueue(ctx context.Context, cfg *queue.Config, progress *checkpoint.Store, report ingest.Status) (*openedSource, error) {
	// A bucket and the queue of its events are in one region.
	client, err := r.openS3(ctx, cfg.ExpectedBucketOwner, s3io.RegionOfQueue(cfg.URL))
	if err != nil {
		return nil, err
	}
	q, err := s3io.NewQueue(ctx, cfg.URL, r.cfg.AWS)
	if err != nil {
		client.Close()
		return nil, err
	}
	calls := r.apiCalls()
	src, err := queue.New(ctx, *cfg, queue.Deps{
		SQS:      observedSQS{q, calls},
		Bucket:   observedS3{client, calls},
		Progress: progress,
		Room:     func() int { return r.engine.Load().Room() },
		Hooks: queue.Hooks{
			Message:     r.countMessage,
			Received:    func() { r.engine.Load().SourceHealthy() },
			Skipped:     func() { r.countObject(objectSkipped) },
			AlreadyDone: func() { r.countObject(objectAlreadyDone) },
			Unknown: func(id string, why error) {
				r.sampledLog.Warn("a message is no S3 event notification; it is left to the queue's redrive policy", zap.String("message", id), zap.Error(why))
			},
			Trouble: func(err error) { report(concernMessages, err) },
		},
	})
	if err != nil {
		q.Close()
		client.Close()
		return nil, err
	}
	return &openedSource{source: src, clients: []func(){q.Close, client.Close}}, nil
}

func (r *s3Receiver) openS3(ctx context.Context, owner, region string) (*s3io.Client, error) {
	return s3io.New(ctx, r.cfg.AWS, s3io.Deps{
		DefaultRegion:       region,
		ExpectedBucketOwner: owner,
		MaxConnections:      r.cfg.Concurrency,
		ExtraRequest:        r.apiCalls().done,
	})
}
