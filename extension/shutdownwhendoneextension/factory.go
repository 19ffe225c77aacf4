package shutdownwhendoneextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-s3audit/otelcol-s3audit/extension/shutdownwhendoneextension/internal/metadata"
)

// Config is empty: there are no settings.
type Config struct{}

// NewFactory returns the factory of the shutdown_when_done extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config { return &Config{} }

func create(_ context.Context, set extension.Settings, _ component.Config) (extension.Extension, error) {
	return newEnder(set.Logger, thisProcess()), nil
}
