package rollup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/nearest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// Config holds the settings of metrics.
type Config struct {
	Interval          time.Duration `mapstructure:"interval"`    // between two emissions
	Temporality       string        `mapstructure:"temporality"` // cumulative or delta
	Timestamps        string        `mapstructure:"timestamps"`  // arrival or event
	CardinalityLimit  int           `mapstructure:"cardinality_limit"`
	SeriesIdleTimeout time.Duration `mapstructure:"series_idle_timeout"` // drops a series after this long without an update
	Histogram         string        `mapstructure:"histogram"`           // explicit or exponential
	KeyPrefixDepth    int           `mapstructure:"key_prefix_depth"`    // folders in aws.s3.key.prefix; 0: there is none
	InstanceID        string        `mapstructure:"instance_id"`         // service.instance.id; "": see State.Identify

	Metrics map[string]MetricConfig `mapstructure:",remain"` // by name
}

// MetricConfig enables a metric and chooses its attributes.
type MetricConfig struct {
	Enabled    bool     `mapstructure:"enabled"`
	Attributes []string `mapstructure:"attributes"`
}

// The values of settings.
const (
	TemporalityCumulative = "cumulative"
	TemporalityDelta      = "delta"
	TimestampsArrival     = "arrival"
	TimestampsEvent       = "event" // points have the interval in which the requests happened
	HistogramExplicit     = "explicit"
	HistogramExponential  = "exponential"
)

// Deps is what a State needs besides its settings.
type Deps struct {
	Geo     bool // there are geolocation databases
	Threats bool // there are threat feeds

	// Clean redacts credentials in a client's text; nil leaves it as it is. It is
	// called from several goroutines.
	Clean func(string, redact.Rule) string
	// Overflow is called with the number of records whose series is beyond the limit of
	// a metric, by the State's goroutine and before they are committed. nil disables it.
	Overflow func(metric string, records int64)
	// Parameters are those that may be attributes.
	Parameters Parameters
	// TraceParameter is the query parameter with a trace context, "" for none.
	TraceParameter string

	ServiceName  string
	ScopeName    string
	ScopeVersion string
}

// DefaultConfig counts all metrics, with their default attributes.
func DefaultConfig() Config {
	c := Config{
		Interval:          time.Minute,
		Temporality:       TemporalityCumulative,
		Timestamps:        TimestampsArrival,
		CardinalityLimit:  10000,
		SeriesIdleTimeout: 24 * time.Hour,
		Histogram:         HistogramExplicit,
		Metrics:           make(map[string]MetricConfig),
	}
	for _, m := range Metrics() {
		c.Metrics[m.Name] = MetricConfig{Enabled: true, Attributes: m.Attributes}
	}
	return c
}

// Validate reports values out of range, and attributes that no metric has. path is
// that of the settings, for messages, p what else may be an attribute. It does not implement confmap.Validator, which
// prefixes the path to only the first of several errors.
func (c *Config) Validate(path string, p Parameters) error {
	var errs []error
	wrong := func(setting, format string, arguments ...any) {
		errs = append(errs, fmt.Errorf("`%s::%s` %s", path, setting, fmt.Sprintf(format, arguments...)))
	}
	oneOf := func(setting, value string, choices ...string) {
		if !slices.Contains(choices, value) {
			wrong(setting, "is %q: it must be one of %q", value, choices)
		}
	}
	oneOf("temporality", c.Temporality, TemporalityCumulative, TemporalityDelta)
	oneOf("timestamps", c.Timestamps, TimestampsArrival, TimestampsEvent)
	oneOf("histogram", c.Histogram, HistogramExplicit, HistogramExponential)
	if c.Interval < time.Second {
		wrong("interval", "is %v: it must be at least 1s", c.Interval)
	}
	if c.Timestamps == TimestampsEvent && c.Temporality != TemporalityDelta {
		wrong("timestamps", "is event: this needs `temporality: delta`, since a cumulative counter has one time only")
	}
	if c.Timestamps == TimestampsEvent && c.Interval%time.Second != 0 {
		wrong("interval", "is %v: with `timestamps: event` it must be whole seconds, the log's resolution", c.Interval)
	}
	if c.CardinalityLimit < 1 {
		wrong("cardinality_limit", "is %d: it must be at least 1", c.CardinalityLimit)
	}
	if c.SeriesIdleTimeout < 2*c.Interval {
		wrong("series_idle_timeout", "is %v: it must be at least two intervals", c.SeriesIdleTimeout)
	}
	if c.KeyPrefixDepth < 0 || c.KeyPrefixDepth > maxDepth {
		wrong("key_prefix_depth", "is %d: it must be 0 to %d", c.KeyPrefixDepth, maxDepth)
	}
	attributes := configured(c.KeyPrefixDepth, p)
	for _, m := range Metrics() {
		chosen := c.Metrics[m.Name]
		if !chosen.Enabled {
			continue
		}
		for _, name := range chosen.Attributes {
			if why := m.rejects(name, attributes); why != "" {
				wrong(m.Name+"::attributes", "has %q: %s", name, why)
			}
		}
	}
	return errors.Join(errs...)
}

// rejects returns why the metric cannot have an attribute, "" if it can.
func (m *Metric) rejects(name string, attributes []Attribute) string {
	switch {
	case name == direction && m.directed == nil:
		return "only aws.s3.server.io has a direction"
	case name == direction || slices.ContainsFunc(attributes, func(a Attribute) bool { return a.Name == name }):
		return ""
	case name == keyPrefix:
		return "it needs `key_prefix_depth`, which must be 1 to 4"
	case strings.HasPrefix(name, requestParameter):
		return "`logs::custom_parameters` must have this parameter"
	case strings.HasPrefix(name, refererParameter):
		return "`logs::referer_parameters` must have this parameter"
	}
	names := []string{direction}
	for i := range attributes {
		names = append(names, attributes[i].Name)
	}
	return fmt.Sprintf("metrics have no such attribute; the nearest is %q", nearest.Of(name, names))
}
