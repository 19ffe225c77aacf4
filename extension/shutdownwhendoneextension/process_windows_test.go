package shutdownwhendoneextension

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
)

func TestStartIsAnErrorOnWindows(t *testing.T) {
	factory := NewFactory()
	e, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig())
	require.NoError(t, err)
	require.ErrorIs(t, e.Start(t.Context(), componenttest.NewNopHost()), errWindows)
}
