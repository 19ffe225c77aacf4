package s3accesslogsreceiver

import (
	"context"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
)

// openedSource is a source with the clients that it uses.
type openedSource struct {
	source  source.Source
	ends    bool         // Next returns io.EOF some day
	unread  atomic.Int64 // folders and files that could not be looked at
	clients []func()     // closed after the source, in this order
	// content returns the content of an object that was given up, nil when it is not of the
	// source any more; nil for a queue, whose redrive policy keeps these.
	content func(*source.Work) source.Content
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
func (r *s3Receiver) openSource(ctx context.Context, p *position, progress *checkpoint.Store, report ingest.Status) (*openedSource, error) {
	switch {
	case r.cfg.Bucket.HasValue():
		return r.openBucket(ctx, r.cfg.Bucket.Get(), p, progress, report)
	case r.cfg.Queue.HasValue():
		return r.openQueue(ctx, r.cfg.Queue.Get(), p, progress, report)
	default:
		return r.openDirectory(r.cfg.Directory.Get(), p, progress)
	}
}

func (r *s3Receiver) openDirectory(cfg *directory.Config, p *position, progress *checkpoint.Store) (*openedSource, error) {
	opened := &openedSource{ends: !cfg.Follow}
	src, err := directory.New(*cfg, directory.Deps{
		Progress: progress,
		Listed:   func() { p.answered(""); r.engine.Load().SourceHealthy() },
		Skipped:  func(string) { r.countObject(objectSkipped) },
		LeftOut:  func(path string, why error) { r.log.Warn("a file is left out: "+path, zap.Error(why)) },
		Problem: func(path string, err error) {
			opened.unread.Add(1)
			r.log.Warn("a folder or file cannot be looked at, the rest goes on: "+path, zap.Error(err))
		},
	})
	if err != nil {
		return nil, err
	}
	opened.source, opened.content = src, src.Content
	return opened, nil
}

// concernMessages means that single messages of a queue cannot be settled.
const concernMessages ingest.Concern = "deleting and renewing messages"

func (r *s3Receiver) openQueue(ctx context.Context, cfg *queue.Config, p *position, progress *checkpoint.Store, report ingest.Status) (*openedSource, error) {
	// A bucket and the queue of its events are in one Region, unless EventBridge brought
	// them together.
	clients, err := r.openS3(ctx, cfg.ExpectedBucketOwner, s3io.RegionOfQueue(cfg.URL))
	if err != nil {
		return nil, err
	}
	q, err := s3io.NewQueue(ctx, cfg.URL, r.cfg.AWS)
	if err != nil {
		clients.Close()
		return nil, err
	}
	if len(r.cfg.AWS.Roles) > 0 && len(cfg.Buckets) == 0 {
		r.log.Warn("`queue::buckets` is empty beside aws.roles: whoever can send messages to the queue chooses what is read with the roles; set the buckets, or patterns of their names")
	}
	if cfg.FIFO() {
		r.log.Warn("`queue::url` is that of a FIFO queue: an object that cannot be read holds up all others whose messages are in its message group; take a standard queue")
	}
	calls := r.apiCalls()
	src, err := queue.New(ctx, *cfg, queue.Deps{
		SQS:       observedSQS{q, calls},
		Bucket:    observedS3{clients, calls},
		Hint:      clients.Hint,
		Place:     clients.Place,
		Progress:  progress,
		Room:      func() int { return r.engine.Load().Room() },
		Downloads: r.cfg.Concurrency,
		Depth:     observedSQS{q, calls}.Depth,
		Hooks: queue.Hooks{
			Message:  r.countMessage,
			Received: func() { p.answered(""); r.engine.Load().SourceHealthy() },
			Skipped:  func() { r.countObject(objectSkipped) },
			Archived: func(uri string) {
				r.sampledLog.Warn("archived log objects are left out: restore them, then read them by a `bucket` once, with its own storage", zap.String("object", uri))
			},
			AlreadyDone: func() { r.countObject(objectAlreadyDone) },
			Unknown:     r.warnUnknown,
			Waiting: func(messages int) {
				r.log.Warn("messages of the queue wait for another try, since their objects cannot be read now; SQS gives out nothing more once so many wait",
					zap.Int("messages", messages), zap.Int("limit", cfg.Quota()))
			},
			Lost: func(id string) {
				r.log.Warn("a message is handed back unread at the last receive that the queue's redrive policy allows, which now takes it away: "+id+
					"; a larger maxReceiveCount leaves room for restarts", zap.String("message", id))
			},
			Trouble: func(err error) { report(concernMessages, err) },
			NoDepth: func(err error) {
				r.log.Info("how many messages the queue has is not known, so that progress has no total", zap.Error(err))
			},
		},
	})
	if err != nil {
		q.Close()
		clients.Close()
		return nil, err
	}
	r.queue.Store(src)
	return &openedSource{source: src, clients: []func(){q.Close, clients.Close}}, nil
}

// warnUnknown logs messages that are no notifications; the reason is part of the text
// since the collector's log drops messages that are equal.
func (r *s3Receiver) warnUnknown(u queue.UnknownMessages) {
	r.log.Warn("messages are no S3 event notifications, or not as a whole; they are left to the queue's redrive policy: "+u.Why.Error(),
		zap.Int("receives", u.Count), zap.String("message", u.ID))
}

// notALogHint says what to set where an object holds no access log.
func (c *Config) notALogHint() string {
	const format = ", or `format` if the server is not AWS's"
	switch {
	case c.Queue.HasValue():
		return "set the notification's prefix or key_pattern" + format
	case c.Bucket.HasValue():
		return "set bucket.prefix to where only access logs are" + format
	default:
		return "set directory.path to a folder of access logs only" + format
	}
}

func (r *s3Receiver) openS3(ctx context.Context, owner, region string) (*s3io.Clients, error) {
	return s3io.NewClients(ctx, r.cfg.AWS, s3io.Deps{
		DefaultRegion:       region,
		ExpectedBucketOwner: owner,
		MaxConnections:      r.cfg.Concurrency,
		ExtraRequest:        r.apiCalls().done,
	})
}
