package rollup

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Settings choose what is counted and how it is emitted.
type Settings struct {
	Interval    time.Duration // between two emissions
	Delta       bool          // temporality
	EventTime   bool          // points have the interval in which the requests happened; needs Delta, and whole seconds
	Limit       int           // series per metric
	IdleTimeout time.Duration // after which a series is dropped that nothing was added to
	Exponential bool          // histograms, instead of explicit bounds
	Geo         bool          // there are geolocation databases
	Threats     bool          // there are threat feeds

	// Metrics are those that are counted, with their attributes.
	Metrics map[string][]string

	// Clean takes credentials out of a client's text; nil leaves it as it is. It is
	// called from several goroutines.
	Clean func(string) string
	// Overflow, unless nil, is told of records whose series is beyond the limit of a
	// metric, by the State's goroutine and before they are committed.
	Overflow func(metric string, records int64)
	// TraceParameter is the query parameter with a trace context, "" for none.
	TraceParameter string

	ServiceName  string
	InstanceID   string // as configured; "": see State.Identify
	ScopeName    string
	ScopeVersion string
}

// Validate reports what is wrong with the settings, by the names that the
// receiver's configuration has for them.
func (s *Settings) Validate() error {
	var errs []error
	if s.Interval < time.Second {
		errs = append(errs, fmt.Errorf("`interval` is %v: it must be at least 1s", s.Interval))
	}
	if s.EventTime && !s.Delta {
		errs = append(errs, errors.New("`timestamps` is event: this needs `temporality: delta`, since a cumulative counter has one time only"))
	}
	if s.EventTime && s.Interval%time.Second != 0 {
		errs = append(errs, fmt.Errorf("`interval` is %v: with `timestamps: event` it must be whole seconds, the log's resolution", s.Interval))
	}
	if s.Limit < 1 {
		errs = append(errs, fmt.Errorf("`cardinality_limit` is %d: it must be at least 1", s.Limit))
	}
	if s.IdleTimeout < 2*s.Interval {
		errs = append(errs, fmt.Errorf("`series_idle_timeout` is %v: it must be at least two intervals", s.IdleTimeout))
	}
	for _, m := range Metrics() {
		for _, name := range s.Metrics[m.Name] {
			if err := m.accepts(name); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// accepts reports an attribute that the metric cannot have.
func (m *Metric) accepts(name string) error {
	if name == direction {
		if m.directed == nil {
			return fmt.Errorf("`%s::attributes` has %q: only aws.s3.server.io has a direction", m.Name, name)
		}
		return nil
	}
	if !slices.ContainsFunc(Attributes(), func(a Attribute) bool { return a.Name == name }) {
		return fmt.Errorf("`%s::attributes` has %q: metrics have no such attribute, README.md lists those there are", m.Name, name)
	}
	return nil
}
