package s3accesslogsreceiver

import (
	"fmt"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// MetricsConfig says what is counted and how it is emitted.
type MetricsConfig struct {
	rollup.Config `mapstructure:",squash"`
}

// Unmarshal implements confmap.Unmarshaler: settings of a metric that are not given keep
// their value in c, which has all metrics. That other keys are settings, Config checked.
func (c *MetricsConfig) Unmarshal(conf *confmap.Conf) error {
	for _, m := range rollup.Metrics() {
		if !conf.IsSet(m.Name) {
			continue
		}
		set, err := conf.Sub(m.Name)
		if err != nil {
			return err
		}
		metric := c.Metrics[m.Name]
		if err := set.Unmarshal(&metric); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		c.Metrics[m.Name] = metric
		conf.Delete(m.Name)
	}
	return conf.Unmarshal(&c.Config)
}
