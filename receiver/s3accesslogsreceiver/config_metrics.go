package s3accesslogsreceiver

import (
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// MetricsConfig says what is counted and how it is emitted.
type MetricsConfig struct {
	rollup.Config `mapstructure:",squash"`
}

// Unmarshal implements confmap.Unmarshaler: settings of a metric that are not given keep
// their value in c, which has all metrics.
func (c *MetricsConfig) Unmarshal(conf *confmap.Conf) error {
	if err := c.checkKeys(conf); err != nil {
		return err
	}
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

// checkKeys reports keys that are neither a setting nor a metric. Without it they
// would be decoded as metrics.
func (c *MetricsConfig) checkKeys(conf *confmap.Conf) error {
	known := confmap.New()
	if err := known.Marshal(c.Config); err != nil {
		return err
	}
	var unknown []string
	for key := range conf.ToStringMap() {
		if !known.IsSet(key) {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("has invalid keys: %s", strings.Join(unknown, ", "))
}
