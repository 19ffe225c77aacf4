package checkpoint

import (
	"math/rand/v2"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// fileStorage returns a function that gives clients of one file, one at a time.
func fileStorage(tb testing.TB) func() storage.Client {
	tb.Helper()
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config)
	config.Directory = tb.TempDir()
	host := componenttest.NewNopHost()
	settings := extension.Settings{
		ID:                component.NewID(factory.Type()),
		TelemetrySettings: componenttest.NewNopTelemetrySettings(),
	}
	ext, err := factory.Create(tb.Context(), settings, config)
	require.NoError(tb, err)
	require.NoError(tb, ext.Start(tb.Context(), host))
	tb.Cleanup(func() { require.NoError(tb, ext.Shutdown(tb.Context())) })
	id := component.MustNewIDWithName("s3_access_logs", "test")
	return func() storage.Client {
		client, err := ext.(storage.Extension).GetClient(tb.Context(), component.KindReceiver, id, "")
		require.NoError(tb, err)
		return client
	}
}

// The same as TestFaultsAndRestarts, without faults, over the storage that users
// have.
func TestFileStorageKeepsAllOverRestarts(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 32))
	client := fileStorage(t)
	m := newModel()
	instance := ""
	for round := range 12 {
		l := &ledger{}
		s, err := open(t.Context(), client(), map[string]Section{"ledger": l}, small)
		require.NoError(t, err)
		requireModel(t, m, s, l)
		require.Equal(t, round == 0, s.Fresh())
		if round == 0 {
			instance = s.InstanceID()
		}
		require.Equal(t, instance, s.InstanceID())
		for range 40 + random.IntN(20) {
			c := randomChange(random)
			require.NoError(t, s.Commit(t.Context(), c))
			for _, d := range c.deltas {
				l.add(d.payload)
			}
			m.apply(c)
			require.NoError(t, s.Tidy(t.Context()))
		}
		requireModel(t, m, s, l)
		require.NoError(t, s.Close(t.Context()))
		require.NoError(t, s.Close(t.Context()))
	}
}
