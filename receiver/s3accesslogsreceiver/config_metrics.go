package s3accesslogsreceiver

import (
	"errors"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// MetricsConfig says what is counted and how it is emitted.
type MetricsConfig struct {
	Interval          time.Duration `mapstructure:"interval"`    // between two emissions
	Temporality       string        `mapstructure:"temporality"` // cumulative or delta
	Timestamps        string        `mapstructure:"timestamps"`  // arrival or event
	CardinalityLimit  int           `mapstructure:"cardinality_limit"`
	SeriesIdleTimeout time.Duration `mapstructure:"series_idle_timeout"`
	Histogram         string        `mapstructure:"histogram"`   // explicit or exponential
	InstanceID        string        `mapstructure:"instance_id"` // service.instance.id

	Requests           MetricConfig `mapstructure:"aws.s3.server.requests"`
	IO                 MetricConfig `mapstructure:"aws.s3.server.io"`
	ObjectAdded        MetricConfig `mapstructure:"aws.s3.server.object.added"`
	RequestDuration    MetricConfig `mapstructure:"aws.s3.server.request.duration"`
	TurnAroundDuration MetricConfig `mapstructure:"aws.s3.server.turn_around.duration"`
	ClientRequests     MetricConfig `mapstructure:"aws.s3.server.client.requests"`
	ThreatRequests     MetricConfig `mapstructure:"aws.s3.server.threat.requests"`
}

// MetricConfig chooses a metric and what it is told apart by.
type MetricConfig struct {
	Enabled    bool     `mapstructure:"enabled"`
	Attributes []string `mapstructure:"attributes"`
}

const (
	temporalityCumulative = "cumulative"
	temporalityDelta      = "delta"
	timestampsArrival     = "arrival"
	timestampsEvent       = "event"
	histogramExplicit     = "explicit"
	histogramExponential  = "exponential"
)

func defaultMetricsConfig() MetricsConfig {
	m := MetricsConfig{
		Interval:          time.Minute,
		Temporality:       temporalityCumulative,
		Timestamps:        timestampsArrival,
		CardinalityLimit:  10000,
		SeriesIdleTimeout: 24 * time.Hour,
		Histogram:         histogramExplicit,
	}
	settings := m.byName()
	for _, metric := range rollup.Metrics() {
		*settings[metric.Name] = MetricConfig{Enabled: true, Attributes: metric.Attributes}
	}
	return m
}

// byName returns the settings of each metric.
func (c *MetricsConfig) byName() map[string]*MetricConfig {
	return map[string]*MetricConfig{
		"aws.s3.server.requests":             &c.Requests,
		"aws.s3.server.io":                   &c.IO,
		"aws.s3.server.object.added":         &c.ObjectAdded,
		"aws.s3.server.request.duration":     &c.RequestDuration,
		"aws.s3.server.turn_around.duration": &c.TurnAroundDuration,
		"aws.s3.server.client.requests":      &c.ClientRequests,
		"aws.s3.server.threat.requests":      &c.ThreatRequests,
	}
}

// Validate reports values out of range, and attributes that no metric has.
func (c *MetricsConfig) Validate() error {
	settings := c.settings()
	return errors.Join(
		oneOf("temporality", c.Temporality, temporalityCumulative, temporalityDelta),
		oneOf("timestamps", c.Timestamps, timestampsArrival, timestampsEvent),
		oneOf("histogram", c.Histogram, histogramExplicit, histogramExponential),
		settings.Validate(),
	)
}

// settings are the metrics', as rollup takes them.
func (c *MetricsConfig) settings() rollup.Settings {
	s := rollup.Settings{
		Interval:    c.Interval,
		Delta:       c.Temporality == temporalityDelta,
		EventTime:   c.Timestamps == timestampsEvent,
		Limit:       c.CardinalityLimit,
		IdleTimeout: c.SeriesIdleTimeout,
		Exponential: c.Histogram == histogramExponential,
		InstanceID:  c.InstanceID,
		Metrics:     make(map[string][]string),
	}
	for name, metric := range c.byName() {
		if metric.Enabled {
			s.Metrics[name] = metric.Attributes
		}
	}
	return s
}
