package s3accesslogsreceiver

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// fakeEnder is an extension that notes what is registered with it.
type fakeEnder struct {
	component.StartFunc
	component.ShutdownFunc

	registered []string
	ends       bool
	waits      func() string
	counts     atomic.Pointer[map[string]int64] // of done; nil before
}

func (e *fakeEnder) RegisterSource(receiver string, ends bool, waits func() string) func(map[string]int64) {
	e.registered, e.ends, e.waits = append(e.registered, receiver), ends, waits
	return func(counts map[string]int64) { e.counts.Store(&counts) }
}

func (e *fakeEnder) done() bool { return e.counts.Load() != nil }

// endingHost has enders and an extension that is none.
func endingHost(enders ...*fakeEnder) component.Host {
	extensions := map[component.ID]component.Component{component.MustNewID("other"): newMemoryStorage()}
	for i, e := range enders {
		extensions[component.MustNewIDWithName("ender", string(rune('a'+i)))] = e
	}
	return &storageHost{componenttest.NewNopHost(), extensions}
}

func TestDirectoryIsDoneWithWhatItCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "a"), strings.Join(samplelogs.Records(1, 20), "\n")+"\nnot a record\n")
		writeFile(t, filepath.Join(dir, "b"), "\x1f\x8b\x08 is no gzip")
		registry := newRegistry(systemClock{})
		l, err := registry.factory().CreateLogs(t.Context(), settings("x"), directoryConfig(dir), consumertest.NewNop())
		require.NoError(t, err)
		m, err := registry.factory().CreateMetrics(t.Context(), settings("x"), directoryConfig(dir), consumertest.NewNop())
		require.NoError(t, err)
		first, second := &fakeEnder{}, &fakeEnder{}
		require.NoError(t, l.Start(t.Context(), endingHost(first, second)))
		require.NoError(t, m.Start(t.Context(), endingHost(first, second)))
		<-sharedOf(l).run.done
		for _, e := range []*fakeEnder{first, second} {
			assert.Equal(t, []string{settings("x").ID.String()}, e.registered, "once for both signals")
			assert.True(t, e.ends)
			require.True(t, e.done())
			counts := maps.Clone(*e.counts.Load())
			assert.Positive(t, counts["bytes"])
			delete(counts, "bytes")
			assert.Equal(t, map[string]int64{"objects": 2, "records": 20, "malformed": 1, "given_up": 1, "refused": 0}, counts)
		}
		require.NoError(t, l.Shutdown(t.Context()))
		require.NoError(t, m.Shutdown(t.Context()))
	})
}

func TestFolderThatCannotBeLookedAtCountsAsGivenUp(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "closed"), 0o000))
	e := &fakeEnder{}
	l, err := NewFactory().CreateLogs(t.Context(), settings(t.Name()), directoryConfig(dir), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, l.Start(t.Context(), endingHost(e)))
	<-sharedOf(l).run.done
	require.True(t, e.done())
	assert.EqualValues(t, 1, (*e.counts.Load())["given_up"])
	require.NoError(t, l.Shutdown(t.Context()))
}

func TestOtherSourcesNeverEnd(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-1")
	for name, set := range map[string]func(*Config){
		"a followed directory": func(c *Config) {
			c.Directory = configoptional.Some(directory.Config{Path: t.TempDir(), Follow: true})
		},
		"a bucket": func(c *Config) {
			b := fleet.DefaultConfig()
			b.Name = "logs"
			c.Bucket = configoptional.Some(b)
		},
		"a queue": func(c *Config) {
			q := queue.DefaultConfig()
			q.URL = "http://127.0.0.1:1/111122223333/logs"
			c.Queue = configoptional.Some(q)
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			cfg.AWS.Endpoint = "http://127.0.0.1:1"
			set(cfg)
			r, err := fast.factory().CreateLogs(t.Context(), settings(t.Name()), cfg, consumertest.NewNop())
			require.NoError(t, err)
			e := &fakeEnder{}
			require.NoError(t, r.Start(t.Context(), endingHost(e)))
			assert.Len(t, e.registered, 1)
			assert.False(t, e.ends)
			require.NoError(t, r.Shutdown(t.Context()))
			assert.False(t, e.done())
		})
	}
}

func TestDirectoryIsNotDoneBeforeItsLogsAreAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := metricsConfig(t, samplelogs.Records(1, 20))
		var back atomic.Bool
		next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
			if back.Load() {
				return nil
			}
			return errors.New("the back end is away")
		})
		require.NoError(t, err)
		l, err := newRegistry(systemClock{}).factory().CreateLogs(t.Context(), settings("x"), cfg, next)
		require.NoError(t, err)
		e := &fakeEnder{}
		require.NoError(t, l.Start(t.Context(), endingHost(e)))
		time.Sleep(time.Hour)
		assert.False(t, e.done())
		assert.Equal(t, "delivering logs: the pipeline refuses: the back end is away", e.waits())
		back.Store(true)
		time.Sleep(time.Minute)
		assert.True(t, e.done())
		assert.Empty(t, e.waits())
		require.NoError(t, l.Shutdown(t.Context()))
	})
}

func TestDirectoryIsNotDoneBeforeItsLastEmissionIsAccepted(t *testing.T) {
	for _, temporality := range []string{rollup.TemporalityCumulative, rollup.TemporalityDelta} {
		synctest.Test(t, func(t *testing.T) {
			cfg := metricsConfig(t, samplelogs.Records(1, 20))
			cfg.Metrics.Temporality = temporality
			next := &refusing{}
			for range 40 { // 30 s each, nearly all
				next.answers = append(next.answers, errors.New("later"))
			}
			m, err := newRegistry(systemClock{}).factory().CreateMetrics(t.Context(), settings("x"), cfg, next)
			require.NoError(t, err)
			e := &fakeEnder{}
			require.NoError(t, m.Start(t.Context(), endingHost(e)))
			time.Sleep(5 * time.Minute)
			assert.False(t, e.done())
			assert.Equal(t, "delivering metrics: the pipeline refuses: later", e.waits())
			time.Sleep(time.Hour)
			assert.True(t, e.done())
			total, _ := requests(next.AllMetrics(), temporality == rollup.TemporalityCumulative)
			assert.EqualValues(t, 20, total)
			require.NoError(t, m.Shutdown(t.Context()))
		})
	}
}

func TestLastEmissionThatIsRefusedPermanentlyIsSettled(t *testing.T) {
	cfg := metricsConfig(t, samplelogs.Records(1, 20))
	no := consumererror.NewPermanent(errors.New("never"))
	m, err := NewFactory().CreateMetrics(t.Context(), settings(t.Name()), cfg, &refusing{answers: []error{no, no, no, no}})
	require.NoError(t, err)
	e := &fakeEnder{}
	require.NoError(t, m.Start(t.Context(), endingHost(e)))
	<-sharedOf(m).run.done
	assert.True(t, e.done())
	assert.True(t, sharedOf(m).run.engine.Totals().EmissionRefused)
	require.NoError(t, m.Shutdown(t.Context()))
}

func TestEmissionThatIsRefusedOnceIsWaitedFor(t *testing.T) {
	e := newTestEmission(t, &refusing{answers: []error{errors.New("later")}}, refusalDrop)
	e.Emit(t.Context(), testMetrics(1), false)
	assert.Equal(t, "the pipeline refuses: later", e.refusals.offers.waits(time.Now()))
	e.Emit(t.Context(), testMetrics(1), false)
	assert.Empty(t, e.refusals.offers.waits(time.Now()))
}

// Here the source has ended, and what it gave is not accepted.
func TestDirectoryThatIsStoppedInItsLastEmissionIsNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := metricsConfig(t, samplelogs.Records(1, 20))
		next := &refusing{}
		for range 1000 {
			next.answers = append(next.answers, errors.New("later"))
		}
		m, err := newRegistry(systemClock{}).factory().CreateMetrics(t.Context(), settings("x"), cfg, next)
		require.NoError(t, err)
		e := &fakeEnder{}
		require.NoError(t, m.Start(t.Context(), endingHost(e)))
		time.Sleep(time.Minute)
		require.NoError(t, m.Shutdown(t.Context()))
		assert.False(t, e.done())
	})
}

func TestDirectoryThatIsNotThereIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "later")
		l, err := newRegistry(systemClock{}).factory().CreateLogs(t.Context(), settings("x"), directoryConfig(dir), consumertest.NewNop())
		require.NoError(t, err)
		e := &fakeEnder{}
		require.NoError(t, l.Start(t.Context(), endingHost(e)))
		time.Sleep(time.Hour)
		assert.False(t, e.done())
		assert.Contains(t, e.waits(), "finding objects: directory.path: there is no "+dir)
		require.NoError(t, os.Mkdir(dir, 0o755))
		time.Sleep(time.Minute)
		assert.True(t, e.done())
		assert.Empty(t, e.waits())
		require.NoError(t, l.Shutdown(t.Context()))
	})
}

func TestPipelineThatDoesNotAnswerIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o offers
		assert.Empty(t, o.waits(time.Now()))
		time.Sleep(time.Hour)
		o.begin()
		time.Sleep(9 * time.Second)
		o.begin()
		assert.Empty(t, o.waits(time.Now()))
		time.Sleep(2 * time.Second)
		assert.Equal(t, "the pipeline has not answered for 11s", o.waits(time.Now()))
		o.end(errors.New("no"))
		assert.Equal(t, "the pipeline refuses: no", o.waits(time.Now()))
		o.end(nil)
		time.Sleep(time.Hour)
		assert.Empty(t, o.waits(time.Now()))
	})
}
