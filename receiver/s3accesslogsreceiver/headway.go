package s3accesslogsreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/headway"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// position is how far a run is. It is safe for concurrent use.
type position struct {
	meter *headway.Meter
	known func() []source.Backlog // what the source knows
}

func newPosition() *position {
	return &position{headway.NewMeter(time.Now()), func() []source.Backlog { return nil }}
}

// of makes the position that of a source.
func (p *position) of(s source.Source) {
	if b, knows := s.(source.Backlogged); knows {
		p.known = b.Backlog
	}
}

// answered notes that the source could look for objects in a bucket; "" means in its queue
// or directory.
func (p *position) answered(bucket string) { p.meter.Answered(bucket, time.Now()) }

// observePosition registers the gauges of the last run's position.
func (r *s3Receiver) observePosition() []error {
	each := func(use func(headway.Standing, metric.MeasurementOption)) {
		p := r.position.Load()
		if p == nil {
			return
		}
		for _, s := range p.meter.Standings(p.known()) {
			use(s, r.instruments.With(attribute.String("bucket", s.Bucket)))
		}
	}
	return []error{
		r.telemetry.RegisterSourceBacklogCallback(func(_ context.Context, o metric.Int64Observer) error {
			each(func(s headway.Standing, set metric.MeasurementOption) { o.Observe(s.Backlog, set) })
			return nil
		}),
		r.telemetry.RegisterSourcePositionAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			each(func(s headway.Standing, set metric.MeasurementOption) {
				if !s.Newest.IsZero() {
					o.Observe(age(s.Newest), set)
				}
			})
			return nil
		}),
		r.telemetry.RegisterSourceLookAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			each(func(s headway.Standing, set metric.MeasurementOption) {
				if !s.Answered.IsZero() {
					o.Observe(age(s.Answered), set)
				}
			})
			return nil
		}),
	}
}

// age is 0 for a time of the future: that of a server may be.
func age(at time.Time) float64 { return max(time.Since(at).Seconds(), 0) }
