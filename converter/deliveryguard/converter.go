package deliveryguard

import (
	"context"
	"os"
	"strings"

	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
)

// Silence is the environment variable with the names of what is not warned of: pipelines
// and components as the warnings name them, separated by commas, or "all".
const Silence = "OTELCOL_DELIVERY_GUARD_SILENCE"

// NewFactory returns the converter's factory, for a manifest of the collector's builder.
func NewFactory() confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(set confmap.ConverterSettings) confmap.Converter {
		log := set.Logger
		if log == nil {
			log = zap.NewNop()
		}
		return &guard{log: log, getenv: os.Getenv}
	})
}

type guard struct {
	log    *zap.Logger
	getenv func(string) string
}

// Convert logs the warnings. It leaves the configuration as it is, and returns no error.
func (g *guard) Convert(_ context.Context, conf *confmap.Conf) error {
	if conf == nil {
		return nil
	}
	silent := map[string]bool{}
	for name := range strings.SplitSeq(g.getenv(Silence), ",") {
		silent[strings.TrimSpace(name)] = true
	}
	for _, w := range check(conf.ToStringMap()) {
		if silent["all"] || silent[w.pipeline] || silent[w.component] {
			continue
		}
		g.log.Warn("delivery guard: pipeline "+w.pipeline+": "+w.component+" "+w.text,
			zap.String("silence", Silence+"="+w.component))
	}
	return nil
}
