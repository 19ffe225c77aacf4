package ingest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/headway"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// gated is a sink whose deliveries wait.
type gated struct {
	reached chan struct{}
	open    chan struct{}
}

func (g *gated) Deliver(context.Context, plog.Logs, Locate) (int, error) {
	g.reached <- struct{}{}
	<-g.open
	return 0, nil
}

func TestTheBatchThatWaitsIsKnownByItsObjectAndByte(t *testing.T) {
	cfg := testConfig()
	cfg.Deliveries, cfg.BatchRecords = 1, 5
	records := samplelogs.Records(35, 12)
	object := textObject(records...)
	r := newRig(cfg, newFakeSource(object), &fakeSink{})
	sink := &gated{make(chan struct{}), make(chan struct{})}
	r.parts.Sink, r.parts.Meter = sink, headway.NewMeter(time.Now())
	engine := New(cfg, r.parts)
	_, waits := engine.Waiting()
	assert.False(t, waits)

	ended := make(chan error)
	go func() { ended <- engine.Run(t.Context(), t.Context()) }()
	begin := int64(0)
	for n := 0; n < 12; n += 5 {
		<-sink.reached
		got, waits := engine.Waiting()
		require.True(t, waits)
		assert.Equal(t, begin, got.Offset)
		assert.Equal(t, "s3://logs/"+object.key, got.Object)
		assert.WithinDuration(t, time.Now(), got.Since, time.Minute)
		for _, record := range records[n:min(n+5, 12)] {
			begin += int64(len(record)) + 1
		}
		standing := r.parts.Meter.Standings(nil)[0]
		assert.EqualValues(t, 1, standing.Backlog, "it is not done")
		sink.open <- struct{}{}
	}
	require.NoError(t, <-ended)
	_, waits = engine.Waiting()
	assert.False(t, waits)

	var last accesslog.Record
	require.NoError(t, accesslog.FormatAWS.Parse(records[11], &last))
	standing := r.parts.Meter.Standings(nil)[0]
	assert.Zero(t, standing.Backlog)
	assert.Equal(t, last.Time, standing.Newest.Unix())
}
