package ingest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// damaging is a storage whose writes damage the change that is about to be applied.
type damaging struct {
	*fakeStorage
	state *rollup.State
}

func (d *damaging) Batch(ctx context.Context, ops ...*storage.Operation) error {
	d.damage()
	return d.fakeStorage.Batch(ctx, ops...)
}

func (d *damaging) Set(ctx context.Context, key string, value []byte) error {
	d.damage()
	return d.fakeStorage.Set(ctx, key, value)
}

func (d *damaging) damage() {
	if d.state == nil {
		return
	}
	change := d.state.Change(time.Now())
	for i := range change {
		change[i] = 0xff
	}
}

func TestCountersThatCannotBeAppliedSayWhatToDo(t *testing.T) {
	r := newRig(testConfig(), newFakeSource(textObject(samplelogs.Records(35, 3)...)), &fakeSink{})
	client := &damaging{fakeStorage: emptyStorage()}
	r.count(t, client, countingSettings(false), &fakeEmitter{})
	client.state = r.parts.Metrics
	require.NoError(t, r.Run(t.Context()))
	err := r.concerns.latest[ConcernMetrics]
	require.Error(t, err)
	text := string(ConcernMetrics) + ": " + err.Error()
	require.Contains(t, text, "counting: cannot apply committed counters: ")
	require.Contains(t, text, "; restart the collector, which reads them again")
}
