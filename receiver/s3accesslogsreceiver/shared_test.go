package s3accesslogsreceiver

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// both makes a receiver in a logs and a metrics pipeline.
func both(t *testing.T, set receiver.Settings, cfg *Config, logs *consumertest.LogsSink, metrics *consumertest.MetricsSink) (l receiver.Logs, m receiver.Metrics) {
	t.Helper()
	l, err := NewFactory().CreateLogs(t.Context(), set, cfg, logs)
	require.NoError(t, err)
	again := *cfg // a pipeline reloaded alone brings an equal configuration
	m, err = NewFactory().CreateMetrics(t.Context(), set, &again, metrics)
	require.NoError(t, err)
	return l, m
}

func settings(name string) receiver.Settings {
	set := receivertest.NewNopSettings(metadata.Type)
	set.ID = component.NewIDWithName(metadata.Type, name)
	return set
}

func sharedOf(c component.Component) *shared { return c.(*handle).shared }

func TestPipelinesShareOneReceiver(t *testing.T) {
	records := samplelogs.Records(1, 100)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a"), strings.Join(records, "\n")+"\n")
	cfg := directoryConfig(dir)
	cfg.Directory.Get().Follow = true
	for name, logsFirst := range map[string]bool{"logs": true, "metrics": false} {
		t.Run(name+" shut down first", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logs, metrics := new(consumertest.LogsSink), new(consumertest.MetricsSink)
				l, m := both(t, settings(name), cfg, logs, metrics)
				require.Same(t, sharedOf(l), sharedOf(m))
				host := componenttest.NewNopHost()
				require.NoError(t, l.Start(t.Context(), host))
				first := sharedOf(l).run
				require.NoError(t, m.Start(t.Context(), host))
				require.Same(t, first, sharedOf(l).run, "read once")
				require.Eventually(t, func() bool { return logs.LogRecordCount() == len(records) }, waitLimit, 10*time.Millisecond)

				order := []component.Component{l, m}
				if !logsFirst {
					order = []component.Component{m, l}
				}
				require.NoError(t, order[0].Shutdown(t.Context()))
				assert.NotZero(t, metrics.DataPointCount(), "the last emission comes with the first shutdown")
				require.NoError(t, order[0].Shutdown(t.Context()), "twice")
				require.NoError(t, order[1].Shutdown(t.Context()))
				assert.Equal(t, len(records), logs.LogRecordCount())
				assert.Empty(t, receivers.byKey)
			})
		})
	}
}

func TestAPipelineThatIsReloadedAloneIsServedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cfg := directoryConfig(dir)
		cfg.Directory.Get().Follow = true
		logs, metrics := new(consumertest.LogsSink), new(consumertest.MetricsSink)
		set, host := settings("reloaded"), componenttest.NewNopHost()
		l, m := both(t, set, cfg, logs, metrics)
		require.NoError(t, l.Start(t.Context(), host))
		require.NoError(t, m.Start(t.Context(), host))

		require.NoError(t, m.Shutdown(t.Context()))
		require.Nil(t, sharedOf(l).run, "what would be read now has no metrics")
		m, err := NewFactory().CreateMetrics(t.Context(), set, cfg, metrics)
		require.NoError(t, err)
		require.Same(t, sharedOf(l), sharedOf(m))
		require.NoError(t, m.Start(t.Context(), host))

		records := samplelogs.Records(1, 100)
		writeFile(t, filepath.Join(dir, "a"), strings.Join(records, "\n")+"\n")
		require.Eventually(t, func() bool { return logs.LogRecordCount() == len(records) }, waitLimit, 10*time.Millisecond)
		require.NoError(t, m.Shutdown(t.Context()))
		assert.NotZero(t, metrics.DataPointCount())

		time.Sleep(reloadTime)
		more := samplelogs.Records(2, 100)
		writeFile(t, filepath.Join(dir, "b"), strings.Join(more, "\n")+"\n")
		require.Eventually(t, func() bool { return len(uids(logs.AllLogs())) == len(records)+len(more) }, waitLimit, 10*time.Millisecond)
		require.NoError(t, l.Shutdown(t.Context()))
	})
}

// The logs pipeline is left; its own host gets the status, not that of the metrics.
func TestAReceiverThatCannotResumeForThePipelineLeftIsUnhealthyUntilItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		extensions, storage := newStorageHost(t)
		cfg := directoryConfig(t.TempDir())
		cfg.Directory.Get().Follow = true
		cfg.Storage = &storage
		host := func() (*statusHost, component.Host) {
			s := newStatusHost()
			return s, struct {
				*storageHost
				*statusHost
			}{extensions, s}
		}
		logsStatus, logsHost := host()
		metricsStatus, metricsHost := host()
		set := settings("not resumed")
		l, m := both(t, set, cfg, new(consumertest.LogsSink), new(consumertest.MetricsSink))
		require.NoError(t, l.Start(t.Context(), logsHost))
		require.NoError(t, m.Start(t.Context(), metricsHost))
		there := extensions.extensions
		extensions.extensions = nil
		require.NoError(t, m.Shutdown(t.Context()))
		time.Sleep(reloadTime - time.Nanosecond)
		require.Nil(t, logsStatus.next(), "the pipeline may come again")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		e := logsStatus.next()
		require.NotNil(t, e)
		assert.Equal(t, componentstatus.StatusRecoverableError, e.Status())
		require.ErrorContains(t, e.Err(), "cannot resume for the remaining pipelines: `storage` is \"memory_storage\": there is no such extension")
		assert.Nil(t, metricsStatus.next())

		extensions.extensions = there
		m, err := NewFactory().CreateMetrics(t.Context(), set, cfg, new(consumertest.MetricsSink))
		require.NoError(t, err)
		require.NoError(t, m.Start(t.Context(), metricsHost))
		e = logsStatus.next()
		require.NotNil(t, e, "it runs again")
		assert.Equal(t, componentstatus.StatusOK, e.Status())
		require.NoError(t, m.Shutdown(t.Context()))
		require.NoError(t, l.Shutdown(t.Context()))
	})
}

func TestAnotherConfigurationIsAnotherReceiver(t *testing.T) {
	cfg := directoryConfig(t.TempDir())
	one, err := NewFactory().CreateLogs(t.Context(), settings("prod"), cfg, consumertest.NewNop())
	require.NoError(t, err)
	changed := *cfg
	changed.Concurrency++
	other, err := NewFactory().CreateLogs(t.Context(), settings("prod"), &changed, consumertest.NewNop())
	require.NoError(t, err)
	assert.NotSame(t, sharedOf(one), sharedOf(other))
	require.NoError(t, one.Shutdown(t.Context()), "without Start")
	require.NoError(t, other.Shutdown(t.Context()))
}
