package s3accesslogsreceiver

import (
	"context"
	"errors"
	"io"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// apiCalls counts and times the requests to AWS, which is what they charge for.
type apiCalls struct {
	telemetry   *metadata.TelemetryBuilder
	instruments *ingest.Instruments
}

func (r *s3Receiver) apiCalls() apiCalls { return apiCalls{r.telemetry, r.instruments} }

func (a apiCalls) done(api string, begin time.Time, err error) {
	set := a.instruments.With(attribute.String("api", api), attribute.String("outcome", apiOutcome(err)))
	ctx := context.Background()
	a.telemetry.APIRequests.Add(ctx, 1, set)
	a.telemetry.APIDuration.Record(ctx, time.Since(begin).Seconds(), set)
}

// apiOutcome returns the outcome attribute of a request.
func apiOutcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, source.ErrGone):
		return "gone"
	case errors.Is(err, source.ErrDenied), errors.Is(err, source.ErrArchived):
		return "denied"
	case errors.Is(err, source.ErrUnreachable):
		return "unreachable"
	}
	return "error"
}

// observedS3 is a client of S3 whose requests are counted.
type observedS3 struct {
	client *s3io.Clients
	calls  apiCalls
}

// List implements listing.Bucket.
func (o observedS3) List(ctx context.Context, in s3io.ListInput) (s3io.Page, error) {
	begin := time.Now()
	page, err := o.client.List(ctx, in)
	o.calls.done("s3.list", begin, err)
	return page, err
}

// Open implements listing.Bucket and queue.Bucket. Its time is that to the first byte,
// including second looks, which are also counted as requests of their own; so are the
// GETs by which the stream resumes.
func (o observedS3) Open(ctx context.Context, object source.Object, offset int64) (io.ReadCloser, error) {
	begin := time.Now()
	body, err := o.client.Open(ctx, object, offset)
	o.calls.done("s3.get", begin, err)
	return body, err
}

// observedSQS is a queue whose requests are counted.
type observedSQS struct {
	*s3io.Queue
	calls apiCalls
}

// Receive implements queue.Queue. Its time includes the wait for messages.
func (o observedSQS) Receive(ctx context.Context, in s3io.Receive) ([]s3io.Message, error) {
	begin := time.Now()
	messages, err := o.Queue.Receive(ctx, in)
	o.calls.done("sqs.receive", begin, err)
	return messages, err
}

// Delete implements queue.Queue.
func (o observedSQS) Delete(ctx context.Context, receipts []string) ([]error, error) {
	begin := time.Now()
	each, err := o.Queue.Delete(ctx, receipts)
	o.calls.done("sqs.delete", begin, err)
	return each, err
}

// SetVisibility implements queue.Queue.
func (o observedSQS) SetVisibility(ctx context.Context, of []s3io.Visibility) ([]error, error) {
	begin := time.Now()
	each, err := o.Queue.SetVisibility(ctx, of)
	o.calls.done("sqs.extend", begin, err)
	return each, err
}

// Depth returns how many messages the queue has.
func (o observedSQS) Depth(ctx context.Context) (s3io.Depth, error) {
	begin := time.Now()
	d, err := o.Queue.Depth(ctx)
	o.calls.done("sqs.attributes", begin, err)
	return d, err
}

// MaxReceives implements queue.SQS.
func (o observedSQS) MaxReceives(ctx context.Context) (int, error) {
	begin := time.Now()
	n, err := o.Queue.MaxReceives(ctx)
	o.calls.done("sqs.attributes", begin, err)
	return n, err
}
