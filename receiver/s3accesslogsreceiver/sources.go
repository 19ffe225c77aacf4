package s3accesslogsreceiver

import (
	"context"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

var objectSkipped = outcome("skipped")

// openSource makes the source that is configured. It reads no more than local
// files; what is out of reach shows later, as status.
func (r *logsReceiver) openSource(ctx context.Context, status *status) (source.Source, error) {
	if dir := r.cfg.Directory.Get(); dir != nil {
		return r.openDirectory(dir)
	}
	return r.openBucket(ctx, r.cfg.Bucket.Get(), status)
}

func (r *logsReceiver) openDirectory(dir *DirectoryConfig) (source.Source, error) {
	return directory.New(directory.Settings{
		Path:    dir.Path,
		Follow:  dir.Follow,
		Skipped: func(string) { r.skipped() },
		Problem: func(path string, err error) {
			r.log.Warn("a folder cannot be read, the rest goes on", zap.String("path", path), zap.Error(err))
		},
	})
}

// bucketSource is a listing and the client it owns.
type bucketSource struct {
	*listing.Source
	client *s3io.Client
}

// Close implements source.Source.
func (s bucketSource) Close() error {
	s.client.Close()
	return s.Source.Close()
}

func (r *logsReceiver) openBucket(ctx context.Context, bucket *BucketConfig, status *status) (source.Source, error) {
	aws := r.cfg.AWS.client()
	aws.ExpectedBucketOwner = bucket.ExpectedBucketOwner
	aws.MaxConnections = r.cfg.Concurrency
	client, err := s3io.New(ctx, aws)
	if err != nil {
		return nil, err
	}
	set, err := bucket.settings()
	if err != nil {
		return nil, err
	}
	set.Skipped = func(string) { r.skipped() }
	set.Listed = func() { status.report(ingest.ConcernSource, nil) }
	list, err := listing.New(client, set)
	if err != nil {
		return nil, err
	}
	return bucketSource{list, client}, nil
}

func (r *logsReceiver) skipped() {
	r.telemetry.Objects.Add(context.Background(), 1, objectSkipped)
}
